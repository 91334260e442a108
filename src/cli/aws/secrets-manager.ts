import type {
  CancelRotateSecretRequest,
  ListSecretsRequest,
  ListSecretsResponse,
  ListSecretVersionIdsRequest,
  ListSecretVersionIdsResponse,
  RotateSecretRequest,
  RotateSecretResponse,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerApi } from '../../engine/secrets-manager.js';
import { isRotationError } from '../../errors.js';
import { noteThrottles } from '../../network/throttles.js';
import type { Connection } from './connection.js';
import { operatorFailure } from './failures.js';

interface CallOptions {
  readonly abortSignal?: AbortSignal;
}

/** What operators' commands ask of Secrets Manager. Each failure is a RotationError, whose hint is for a person at a terminal. */
export interface OperatorApi extends SecretsManagerApi {
  listSecretVersionIds(
    input: ListSecretVersionIdsRequest,
    options?: CallOptions,
  ): Promise<ListSecretVersionIdsResponse>;
  listSecrets(input: ListSecretsRequest, options?: CallOptions): Promise<ListSecretsResponse>;
  rotateSecret(input: RotateSecretRequest, options?: CallOptions): Promise<RotateSecretResponse>;
  cancelRotateSecret(input: CancelRotateSecretRequest, options?: CallOptions): Promise<unknown>;
  /** The time at AWS, as the last answer told it: this machine's clock may be wrong. */
  now(): Date;
}

/** Makes clients, one a Region. The SDK is loaded when the first is asked for. */
export class Clients {
  readonly #connection: Connection;
  readonly #clients = new Map<string, Promise<OperatorApi>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param region of an ARN; that of the command line or the environment if absent */
  for(region = this.#connection.region): Promise<OperatorApi> {
    const known = this.#clients.get(region ?? '');
    if (known) return known;
    const client = connect({ ...this.#connection, region });
    this.#clients.set(region ?? '', client);
    return client;
  }
}

/** Less is the answer's own time, and matters to nothing here. */
const CLOCKS_DIFFER_MS = 60_000;

const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;

/**
 * Whose credentials are used, as by the AWS CLI: `--profile`, then keys of the environment, then AWS_PROFILE. The SDK by
 * itself lets AWS_PROFILE win, and warns that this may change: a command could reach another account.
 */
function credentialsOf(profile: string | undefined) {
  const [accessKeyId, secretAccessKey, sessionToken] = KEYS.map((key) => process.env[key]);
  if (profile !== undefined) {
    // For other clients of this process, too: those of rotators.
    for (const key of KEYS) delete process.env[key];
    process.env.AWS_PROFILE = profile;
    return { profile };
  }
  if (!accessKeyId || !secretAccessKey) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } };
}

async function connect(connection: Connection): Promise<OperatorApi> {
  const { profile, region, endpoint } = connection;
  // On Node.js 20 the SDK would warn of its next versions in the middle of the answer. This is its own switch.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const sdk = await import('@aws-sdk/client-secrets-manager');
  const client = noteThrottles(
    new sdk.SecretsManagerClient({
      ...credentialsOf(profile),
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
      retryMode: 'standard',
      // `requestTimeout` alone only prints a warning, and without any timeout the SDK waits for ever.
      requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000, throwOnRequestTimeout: true },
    }),
  );
  /** Where it is asked, for errors: what the SDK has found, or what it was given. */
  const regionInUse = () => client.config.region().catch(() => region);
  const call = async <T>(
    operation: string,
    secretId: string | undefined,
    work: () => Promise<T>,
  ): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (isRotationError(error)) throw error;
      throw operatorFailure({ operation, secretId, region: await regionInUse(), connection }, error);
    }
  };
  return {
    now() {
      const { systemClockOffset: offset } = client.config;
      // An answer tells it to the second, and took its time.
      return new Date(Date.now() + (Math.abs(offset) < CLOCKS_DIFFER_MS ? 0 : offset));
    },
    describeSecret: (input, options) =>
      call('DescribeSecret', input.SecretId, () =>
        client.send(new sdk.DescribeSecretCommand(input), options),
      ),
    // An answer is passed on, and nobody looks at it here: the gate of engine/secret-values.ts calls it.
    getSecretValue: (input, options) =>
      call('GetSecretValue', input.SecretId, () =>
        client.send(new sdk.GetSecretValueCommand(input), options),
      ),
    putSecretValue: (input, options) =>
      call('PutSecretValue', input.SecretId, () =>
        client.send(new sdk.PutSecretValueCommand(input), options),
      ),
    updateSecretVersionStage: (input, options) =>
      call('UpdateSecretVersionStage', input.SecretId, () =>
        client.send(new sdk.UpdateSecretVersionStageCommand(input), options),
      ),
    listSecretVersionIds: (input, options) =>
      call('ListSecretVersionIds', input.SecretId, () =>
        client.send(new sdk.ListSecretVersionIdsCommand(input), options),
      ),
    listSecrets: (input, options) =>
      call('ListSecrets', undefined, () => client.send(new sdk.ListSecretsCommand(input), options)),
    rotateSecret: (input, options) =>
      call('RotateSecret', input.SecretId, () => client.send(new sdk.RotateSecretCommand(input), options)),
    cancelRotateSecret: (input, options) =>
      call('CancelRotateSecret', input.SecretId, () =>
        client.send(new sdk.CancelRotateSecretCommand(input), options),
      ),
  };
}
