import type { Step } from './step.js';

/**
 * Every {@link RotationErrorCode}. Codes are part of the public API, messages are not. docs/errors.md says what each means and
 * what to do.
 */
export const ROTATION_ERROR_CODES = [
  // The event, and the state of the secret.
  'ERR_EVENT_INVALID',
  'ERR_MANAGED_BY_SERVICE',
  'ERR_MANAGED_EXTERNALLY',
  'ERR_REPLICA',
  'ERR_MARKED_FOR_DELETION',
  'ERR_ROTATION_DISABLED',
  'ERR_VERSION_UNKNOWN',
  'ERR_ROTATION_ABANDONED',
  'ERR_ROTATION_UNDONE',
  'ERR_NOT_CONFIRMED',
  'ERR_CURRENT_MISSING',
  // The values of the secret.
  'ERR_PENDING_MISSING',
  'ERR_SECRET_MALFORMED',
  'ERR_DUPLICATE_KEYS',
  'ERR_PENDING_MISMATCH',
  'ERR_STALE_FIELD',
  'ERR_PASSWORD_POLICY',
  'ERR_CURRENT_MOVED',
  // Secrets Manager, and the deadline.
  'ERR_SECRETS_MANAGER_FAILED',
  'ERR_SECRETS_MANAGER_UNREACHABLE',
  'ERR_DEADLINE',
  // The service whose credential is rotated. Most come from rotators.
  'ERR_CREDENTIAL_REJECTED',
  'ERR_CREDENTIAL_UNPROVEN',
  'ERR_VALUE_REFUSED',
  'ERR_OUTCOME_UNKNOWN',
  'ERR_LOGIN_NOT_ALLOWED',
  'ERR_USER_MISSING',
  'ERR_DATABASE_MISSING',
  'ERR_RIGHTS_MISSING',
  'ERR_SERVICE_NOT_FOUND',
  'ERR_SERVICE_REFUSED',
  'ERR_SERVICE_UNREACHABLE',
  'ERR_SERVICE_TIMEOUT',
  'ERR_SERVICE_FULL',
  'ERR_KEY_STILL_WORKS',
  'ERR_POOLER_IN_THE_WAY',
  'ERR_TLS_NOT_OFFERED',
  'ERR_TLS_NOT_TRUSTED',
  'ERR_TLS_WRONG_NAME',
  'ERR_TLS_FAILED',
  'ERR_SERVICE_READ_ONLY',
  'ERR_SERVICE_UNSUPPORTED',
  'ERR_SERVICE_FAILED',
  'ERR_ROTATOR_FAILED',
] as const;

/**
 * Reason why a rotation failed: the `code` of a {@link RotationError}.
 *
 * @useDeclaredType
 */
export type RotationErrorCode = (typeof ROTATION_ERROR_CODES)[number];

/** Optional parts of a {@link RotationError}. */
export interface RotationErrorOptions {
  /** What the person on call should do, and must not do. */
  readonly hint?: string | undefined;
  /** Error that caused this one. Never one that quotes its input, as those of `JSON.parse` and `new URL` do. */
  readonly cause?: unknown;
  /** The engine sets it. */
  readonly step?: Step | undefined;
  /** The engine sets it. */
  readonly secretId?: string | undefined;
}

/**
 * The only error that leaves a rotation function. Its message names labels, fields and ids, never a value.
 *
 * Rotators throw it with a code and, if somebody can do something about it, a hint. The engine redacts whatever a rotator
 * throws, and sets `step` and `secretId`.
 *
 * @example
 * ```ts
 * throw new RotationError('ERR_SERVICE_FAILED', `${url} answered ${status}`, {
 *   hint: 'read the service’s log; the next attempt repeats the request',
 * });
 * ```
 */
export class RotationError extends Error {
  /** `'RotationError'`. */
  override readonly name = 'RotationError';
  /** Reason for the failure. */
  readonly code: RotationErrorCode;
  /** What the person on call should do, and must not do. */
  declare readonly hint?: string;
  /** Step that failed. */
  declare readonly step?: Step;
  /** ARN of the secret. */
  declare readonly secretId?: string;

  constructor(
    code: RotationErrorCode,
    message: string,
    { hint, cause, step, secretId }: RotationErrorOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    if (hint !== undefined) this.hint = hint;
    if (step !== undefined) this.step = step;
    if (secretId !== undefined) this.secretId = secretId;
  }
}

/** Returns whether an error is a {@link RotationError}, from this copy of the package or another loaded copy. */
export function isRotationError(error: unknown): error is RotationError {
  return isError(error) && error.name === 'RotationError' && typeof error.code === 'string';
}

/**
 * Returns whether a thrown value is an error. It goes by the shape, because Node's own errors are not `instanceof Error` in
 * a test runner that loads modules into another realm.
 */
export function isError(
  thrown: unknown,
): thrown is Error & { readonly code?: unknown; readonly errors?: unknown } {
  if (typeof thrown !== 'object' || thrown === null) return false;
  return (
    'name' in thrown &&
    typeof thrown.name === 'string' &&
    'message' in thrown &&
    typeof thrown.message === 'string'
  );
}

/** Around quoted text. Nobody sees them: they are noncharacters, which Unicode reserves for use within a process. */
const [BEGIN, END] = ['\ufdd0', '\ufdd1'];
const MARKS = /[\ufdd0\ufdd1]/g;

/**
 * Returns a service's words (a code, the name of a role), marked as a quotation in a message of a rotator with
 * {@link Rotator.ownWords}. The engine redacts every secret value in a quotation, even one that reads as ordinary words.
 *
 * @example
 * ```ts
 * throw new RotationError('ERR_SERVICE_FAILED', `the service answered ${quoted(code)}`);
 * ```
 */
export function quoted(text: string): string {
  return `${BEGIN}${text.replace(MARKS, '')}${END}`;
}

/** Returns a text without the marks of {@link quoted}, and whether each of its characters was quoted. */
export function withoutMarks(text: string): { readonly plain: string; readonly isQuoted: Uint8Array } {
  let plain = '';
  let isInside = false;
  const isQuoted = new Uint8Array(text.length);
  for (const part of text.split(/([\ufdd0\ufdd1])/)) {
    if (part === BEGIN || part === END) isInside = part === BEGIN;
    else {
      isQuoted.fill(Number(isInside), plain.length, plain.length + part.length);
      plain += part;
    }
  }
  return { plain, isQuoted };
}
