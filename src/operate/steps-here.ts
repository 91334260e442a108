import { rotationHandler } from '../engine/handler.js';
import type { LogEntry } from '../engine/log.js';
import type { SecretsManagerApi } from '../engine/secrets-manager.js';
import { isRotationError, RotationError } from '../errors.js';
import type { Rotator } from '../rotator.js';
import { STEPS, type Step } from '../step.js';
import type { Reason } from './label-state.js';

/** A rotation whose steps the engine runs in this process. */
export interface StepsHere<Secret extends object, Field extends keyof Secret & string> {
  readonly client: SecretsManagerApi;
  readonly rotator: Rotator<Secret, Field>;
  /** The ARN. */
  readonly secretId: string;
  readonly token: string;
  /** @default all four */
  readonly steps?: readonly Step[] | undefined;
  /** Called with the log entry of each step. */
  readonly onStep?: ((entry: LogEntry) => void) | undefined;
  /** Whether to run the next step. */
  readonly goesOn?: (() => boolean) | undefined;
}

/** Runs steps of a rotation in order, and stops at the first failure, which it returns. */
export async function takeStepsHere<Secret extends object, Field extends keyof Secret & string>({
  client,
  rotator,
  secretId,
  token,
  steps = STEPS,
  onStep = () => {},
  goesOn = () => true,
}: StepsHere<Secret, Field>): Promise<(Reason & { readonly step: Step }) | undefined> {
  const handler = rotationHandler(rotator, { client, log: onStep });
  for (const step of steps) {
    if (!goesOn()) return undefined;
    try {
      await handler({ Step: step, SecretId: secretId, ClientRequestToken: token });
    } catch (error) {
      if (!isRotationError(error)) throw error;
      const { code, message, hint } = error;
      return { step, code, message, ...(hint !== undefined && { hint }) };
    }
  }
  return undefined;
}

/**
 * Returns a client that shows an empty version with AWSPENDING, as RotateSecret would have made it, until a value is stored
 * under the token. So a rotation can begin without a write before createSecret. If another rotation begins meanwhile, the
 * client stores nothing: that would take AWSPENDING off what may be the only value that works.
 */
export function withPlaceholder(
  client: SecretsManagerApi,
  secretId: string,
  token: string,
): SecretsManagerApi {
  let isStored = false;
  return {
    async describeSecret(input, options) {
      const secret = await client.describeSecret(input, options);
      const { VersionIdsToStages: labels = {} } = secret;
      // Once the value was sent, the labels are shown as they are: somebody may have removed AWSPENDING.
      if (isStored || input.SecretId !== secretId || Object.hasOwn(labels, token)) return secret;
      assertNoOther(labels);
      return { ...secret, VersionIdsToStages: { ...labels, [token]: ['AWSPENDING'] } };
    },
    // The engine's gate calls it; this passes the answer on, and does not look at it.
    getSecretValue: (input, options) => client.getSecretValue(input, options),
    async putSecretValue(input, options) {
      if (!isStored) {
        // Making the value took time: look again.
        const { VersionIdsToStages = {} } = await client.describeSecret({ SecretId: secretId }, options);
        assertNoOther(VersionIdsToStages);
      }
      isStored = true;
      return client.putSecretValue(input, options);
    },
    updateSecretVersionStage: (input, options) => client.updateSecretVersionStage(input, options),
    ...(client.listSecretVersionIds && {
      listSecretVersionIds: async (input, options) =>
        (await client.listSecretVersionIds?.(input, options)) ?? {},
    }),
  };
}

/** RotateSecret has the same rule: none begins while AWSPENDING is on a version that is not AWSCURRENT. */
function assertNoOther(labels: Readonly<Record<string, readonly string[]>>): void {
  const isPending = (each: readonly string[]) => each.includes('AWSPENDING') && !each.includes('AWSCURRENT');
  if (!Object.values(labels).some(isPending)) return;
  throw new RotationError(
    'ERR_SECRETS_MANAGER_FAILED',
    'another rotation of this secret began meanwhile: nothing was stored',
    {
      hint: 'wait until it ends, then look again',
      // The engine takes back what createSecret made: it certainly was not stored.
      cause: Object.assign(new Error('not sent'), { $fault: 'client' }),
    },
  );
}
