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

/** Secrets Manager for operators' commands. Each failure is a RotationError with a hint for a person at a terminal. */
export interface OperatorApi extends SecretsManagerApi {
  listSecretVersionIds(
    input: ListSecretVersionIdsRequest,
    options?: CallOptions,
  ): Promise<ListSecretVersionIdsResponse>;
  listSecrets(input: ListSecretsRequest, options?: CallOptions): Promise<ListSecretsResponse>;
  rotateSecret(input: RotateSecretRequest, options?: CallOptions): Promise<RotateSecretResponse>;
  cancelRotateSecret(input: CancelRotateSecretRequest, options?: CallOptions): Promise<unknown>;
  /** The time at AWS, from its last answer: this machine's clock may be wrong. */
  now(): Date;
}

/** Makes one client per Region, and loads the SDK with the first. */
export class Clients {
  readonly #connection: Connection;
  readonly #clients = new Map<string, Promise<OperatorApi>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param region the Region of an ARN; by default that of the command line or the environment */
  for(region = this.#connection.region): Promise<OperatorApi> {
    const known = this.#clients.get(region ?? '');
    if (known) return known;
    const client = connect({ ...this.#connection, region });
    this.#clients.set(region ?? '', client);
    return client;
  }
}

/** A smaller difference is the answer's own delay, and does not matter here. */
const CLOCKS_DIFFER_MS = 60_000;

const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;

/**
 * Returns the credentials in the AWS CLI's order: `--profile`, keys of the environment, AWS_PROFILE. The SDK by itself
 * prefers AWS_PROFILE, and warns that this may change: a command could reach another account.
 */
function credentialsOf(profile: string | undefined) {
  const [accessKeyId, secretAccessKey, sessionToken] = KEYS.map((key) => process.env[key]);
  if (profile !== undefined) {
    // Also for other clients in this process: those of rotators.
    for (const key of KEYS) delete process.env[key];
    process.env.AWS_PROFILE = profile;
    return { profile };
  }
  if (!accessKeyId || !secretAccessKey) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } };
}

async function connect(connection: Connection): Promise<OperatorApi> {
  const { profile, region, endpoint } = connection;
  // The SDK's own switch: it would print a warning about old Node.js versions in the middle of the answer.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const sdk = await import('@aws-sdk/client-secrets-manager');
  const client = noteThrottles(
    new sdk.SecretsManagerClient({
      ...credentialsOf(profile),
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
      retryMode: 'standard',
      // `requestTimeout` alone only prints a warning; without a timeout the SDK waits for ever.
      requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000, throwOnRequestTimeout: true },
    }),
  );
  /** The Region for errors: the SDK's, or the one it was given. */
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
      // An answer tells the time to the second, and with a delay.
      return new Date(Date.now() + (Math.abs(offset) < CLOCKS_DIFFER_MS ? 0 : offset));
    },
    describeSecret: (input, options) =>
      call('DescribeSecret', input.SecretId, () =>
        client.send(new sdk.DescribeSecretCommand(input), options),
      ),
    // The gate in engine/secret-values.ts calls it; this passes the answer on, and does not look at it.
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
