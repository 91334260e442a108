import { RotationError } from '../errors.js';
import { STEPS, type Step } from '../step.js';

/** Event that Secrets Manager sends to a rotation function, once per step. */
export interface RotationEvent {
  /** Step to take. */
  readonly Step: Step;
  /** ARN of the secret. */
  readonly SecretId: string;
  /** VersionId of the new version: 32 to 64 characters, the same for every retry. */
  readonly ClientRequestToken: string;
  /** Proves to PutSecretValue who rotates, across accounts and assumed roles. Sensitive: the engine never logs it. */
  readonly RotationToken?: string;
}

/**
 * Checks an event against the constraints of AWS's API model.
 *
 * @throws {@link RotationError} `ERR_EVENT_INVALID`, which quotes nothing of the event
 */
export function parseEvent(event: unknown): RotationEvent {
  const { Step, SecretId, ClientRequestToken, RotationToken } = fields(event);
  const step = STEPS.find((known) => known === Step);
  if (!step) throw invalid(`Step must be one of ${STEPS.join(', ')}`);
  if (!isText(SecretId, /^[!-~]{1,2048}$/)) throw invalid('SecretId must be a name or an ARN');
  if (!isText(ClientRequestToken, /^[!-~]{32,64}$/)) {
    throw invalid('ClientRequestToken must have 32 to 64 characters');
  }
  if (RotationToken === undefined || RotationToken === null)
    return { Step: step, SecretId, ClientRequestToken };
  if (!isText(RotationToken, /^[a-zA-Z0-9-]{36,256}$/)) {
    throw invalid('RotationToken must have 36 to 256 letters, digits or hyphens');
  }
  return { Step: step, SecretId, ClientRequestToken, RotationToken };
}

function fields(event: unknown): Record<string, unknown> {
  if (typeof event !== 'object' || event === null) throw invalid('the event must be an object');
  try {
    return { ...event };
  } catch {
    throw invalid('the event is not readable'); // No cause: a getter of the event may throw anything.
  }
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function invalid(problem: string): RotationError {
  return new RotationError('ERR_EVENT_INVALID', `not a rotation event: ${problem}`, {
    hint: 'call RotateSecret, so that Secrets Manager invokes the function, or invoke it by hand with such an event',
  });
}
