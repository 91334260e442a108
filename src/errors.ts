import type { Step } from './step.js';

/**
 * Every reason a rotation can fail for. Codes are part of the public API, messages are not; the README says of
 * each what happened and what to do.
 */
export const ROTATION_ERROR_CODES = [
  // The event and the secret's state: nothing was read or changed.
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
  // Secrets Manager, and time.
  'ERR_SECRETS_MANAGER_FAILED',
  'ERR_SECRETS_MANAGER_UNREACHABLE',
  'ERR_DEADLINE',
  // The service whose credential is rotated. Rotators throw these.
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

export type RotationErrorCode = (typeof ROTATION_ERROR_CODES)[number];

export interface RotationErrorOptions {
  /** What the person on call can do about it. */
  readonly hint?: string | undefined;
  /** Never an error that quotes its input, as those of `JSON.parse` and `new URL` do. */
  readonly cause?: unknown;
  readonly step?: Step | undefined;
  readonly secretId?: string | undefined;
}

/**
 * The one error that leaves a rotation function. The message says what was being done and names labels, fields
 * and ids, never a value. `step` and `secretId` are filled in by the engine; so is the redaction of everything
 * that a rotator throws.
 */
export class RotationError extends Error {
  override readonly name = 'RotationError';
  readonly code: RotationErrorCode;
  declare readonly hint?: string;
  declare readonly step?: Step;
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

/** Whether an error is a `RotationError`, from this copy of the package or from another that is loaded too. */
export function isRotationError(error: unknown): error is RotationError {
  return isError(error) && error.name === 'RotationError' && typeof error.code === 'string';
}

/**
 * Whether something that was thrown is an error. By its shape: Node's own errors are no `instanceof Error` in a test
 * runner that loads its modules into another realm.
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

/** Around what is quoted. Readers never see them: to Unicode they are no characters, and for use within a process. */
const [BEGIN, END] = ['\ufdd0', '\ufdd1'];
const MARKS = /[\ufdd0\ufdd1]/g;

/**
 * Marks what a service has said (a code, the name of a role) in a sentence of a rotator with `ownWords`: a value in it is
 * there on purpose, perhaps, and is taken out although it reads as words.
 */
export function quoted(text: string): string {
  return `${BEGIN}${text.replace(MARKS, '')}${END}`;
}

/** A text without the marks of `quoted`, and whether each of its characters is quoted. */
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
