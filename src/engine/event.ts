import { RotationError } from '../errors.js';
import { STEPS, type Step } from '../step.js';

/** What Secrets Manager sends to a rotation function, once for each step. */
export interface RotationEvent {
  readonly Step: Step;
  /** The full ARN of the secret. */
  readonly SecretId: string;
  /** The VersionId of the version that is being made: 32 to 64 characters, the same for every retry. */
  readonly ClientRequestToken: string;
  /** Proves to PutSecretValue, across accounts and assumed roles, who rotates. Sensitive: it is never logged. */
  readonly RotationToken?: string;
}

/**
 * Checks the shape of an event, by the constraints of AWS's API model (SecretId 1 to 2048 characters,
 * ClientRequestToken 32 to 64, RotationToken 36 to 256 of `[a-zA-Z0-9-]`).
 *
 * @throws RotationError `ERR_EVENT_INVALID`, which quotes nothing of the event
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
    throw invalid('the event cannot be read'); // No cause: it is whatever a getter of the event throws.
  }
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function invalid(problem: string): RotationError {
  return new RotationError('ERR_EVENT_INVALID', `not a rotation event: ${problem}`, {
    hint: 'the function is to be invoked by Secrets Manager (RotateSecret), or by hand with the same event',
  });
}
