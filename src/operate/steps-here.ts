import { rotationHandler } from '../engine/handler.js';
import type { LogEntry } from '../engine/log.js';
import type { SecretsManagerApi } from '../engine/secrets-manager.js';
import { isRotationError, RotationError } from '../errors.js';
import type { Rotator } from '../rotator.js';
import { STEPS, type Step } from '../step.js';
import type { Reason } from './label-state.js';

/** A rotation whose steps are taken here, by the engine. */
export interface StepsHere<Secret extends object, Field extends keyof Secret & string> {
  readonly client: SecretsManagerApi;
  readonly rotator: Rotator<Secret, Field>;
  /** The ARN. */
  readonly secretId: string;
  readonly token: string;
  /** @default all four */
  readonly steps?: readonly Step[] | undefined;
  /** Is told of each step, as the engine's log is. */
  readonly onStep?: ((entry: LogEntry) => void) | undefined;
  /** Whether to go on with the next step. */
  readonly goesOn?: (() => boolean) | undefined;
}

/** Takes steps of a rotation one after the other, and stops at the first that fails: why is returned. */
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
 * A client that sees an empty version with AWSPENDING, as RotateSecret would have made it, until a value is stored under the
 * token. So a rotation begins with nothing written before createSecret. If another rotation has begun meanwhile it stores
 * nothing: that would take AWSPENDING off what may be the only value that works.
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
      // Once it was sent, the labels are what they are: somebody may have taken AWSPENDING off.
      if (isStored || input.SecretId !== secretId || Object.hasOwn(labels, token)) return secret;
      assertNoOther(labels);
      return { ...secret, VersionIdsToStages: { ...labels, [token]: ['AWSPENDING'] } };
    },
    // The gate calls it, in the engine: here an answer is passed on, and nobody looks at it.
    getSecretValue: (input, options) => client.getSecretValue(input, options),
    async putSecretValue(input, options) {
      if (!isStored) {
        // To make the value has taken time.
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

/** RotateSecret refuses to begin one, too, while AWSPENDING is on a version that is not AWSCURRENT. */
function assertNoOther(labels: Readonly<Record<string, readonly string[]>>): void {
  const isPending = (each: readonly string[]) => each.includes('AWSPENDING') && !each.includes('AWSCURRENT');
  if (!Object.values(labels).some(isPending)) return;
  throw new RotationError(
    'ERR_SECRETS_MANAGER_FAILED',
    'another rotation of this secret has begun meanwhile: nothing was stored',
    {
      hint: 'wait until it has ended, then look again',
      // What createSecret has made is taken back: it is certain that it was not stored.
      cause: Object.assign(new Error('not sent'), { $fault: 'client' }),
    },
  );
}
