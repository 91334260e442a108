import { isError, isRotationError, RotationError } from '../errors.js';
import { attribute, isOfOthers } from '../redact/said-by.js';
import { versionSeen } from './checks.js';
import type { RotationEvent } from './event.js';
import type { SecretsManagerApi } from './secrets-manager.js';

/** Limit of a look: meanwhile the service keeps later attempts waiting. */
const LOOK_MS = 2000;

/** The looks at the labels that a rotator takes right before a change, and the result of the last one. */
export interface Confirmation {
  /** `StepContext.confirm`. */
  confirm(): Promise<'pending' | 'current'>;
  /** Sets the version that was AWSCURRENT when the step began. If a look finds another, the rotator must drop the change. */
  expect(currentId: string): void;
  /**
   * Runs a method of the rotator, and fails if it goes on after a look that refused the change.
   *
   * @param lookAgain looks at the labels until the secret lists the version; throws if the version was abandoned
   */
  during<T>(method: () => Promise<T>, lookAgain: () => Promise<unknown>): Promise<T>;
  /** Whether the last look found that the version is AWSCURRENT. */
  readonly isCurrent: boolean;
}

export function confirmation(client: SecretsManagerApi, event: RotationEvent): Confirmation {
  let currentId: string | undefined;
  let last: 'pending' | 'current' | 'unlisted' | undefined;
  let refusal: RotationError | undefined;

  return {
    get isCurrent() {
      return last === 'current';
    },

    expect(id) {
      currentId = id;
    },

    async confirm() {
      [last, refusal] = [undefined, undefined];
      try {
        last = versionSeen(await look(), event, currentId);
        if (last !== 'unlisted') return last;
        refusal = notConfirmed(new Error('DescribeSecret did not list the version'));
      } catch (error) {
        refusal = isVerdict(error) ? error : notConfirmed(error);
      }
      throw refusal;
    },

    async during(method, lookAgain) {
      try {
        const result = await method();
        // The rotator ignored the refusal, which breaks its contract: nobody knows what it did.
        if (refusal) throw refusal;
        return result;
      } catch (error) {
        // Only now: the rotator has dropped the change, and the service keeps nobody waiting.
        if (error === refusal && last === 'unlisted') await lookAgain();
        throw error;
      }
    },
  };

  async function look() {
    const { SecretId } = event;
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`DescribeSecret did not answer within ${LOOK_MS} ms`));
        controller.abort();
      }, LOOK_MS);
    });
    try {
      const answer = client.describeSecret({ SecretId }, { abortSignal: controller.signal });
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Errors that the labels justify. All others mean that the look failed. */
function isVerdict(error: unknown): error is RotationError {
  return (
    isRotationError(error) &&
    ['ERR_ROTATION_ABANDONED', 'ERR_ROTATION_UNDONE', 'ERR_CURRENT_MOVED'].includes(error.code)
  );
}

function notConfirmed(cause: unknown): RotationError {
  const reason = isError(cause) ? ` (${cause.message})` : '';
  const failure = new RotationError(
    'ERR_NOT_CONFIRMED',
    `the labels could not be checked right before the change, so this attempt changed nothing${reason}`,
    {
      hint:
        'leave AWSPENDING where it is: Secrets Manager tries the rotation again. If this repeats, check the VPC endpoint ' +
        'of Secrets Manager, and whether AWS throttles the calls',
      cause,
    },
  );
  if (isOfOthers(Object(cause))) attribute(failure, 'others');
  return failure;
}
