/** Code of a {@link SecretError}. Codes are API; messages may change. */
export type SecretErrorCode =
  | 'ERR_SECRET_UNAVAILABLE'
  | 'ERR_SECRET_DENIED'
  | 'ERR_SECRET_MALFORMED'
  | 'ERR_SECRET_REFUSED'
  | 'ERR_SECRET_CLOSED';

/**
 * Error of `quarterturn/client`.
 *
 * The message names the secret's id, a label or a field, and never a value. It has no `cause`, because the SDK's errors may
 * carry the answer with the value.
 */
export class SecretError extends Error {
  /** `'SecretError'`. */
  override readonly name = 'SecretError';
  /** What went wrong. */
  readonly code: SecretErrorCode;
  /** Id of the secret, as given to {@link rotatingSecret}. */
  readonly secretId: string;
  /** What to do about it. */
  declare readonly hint?: string;

  constructor(code: SecretErrorCode, secretId: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.secretId = secretId;
    if (hint !== undefined) this.hint = hint;
  }
}

/** Returns whether an error is a {@link SecretError}, even one from another loaded copy of this package. */
export function isSecretError(error: unknown): error is SecretError {
  return (
    typeof error === 'object' &&
    error !== null &&
    'name' in error &&
    error.name === 'SecretError' &&
    'code' in error &&
    typeof error.code === 'string'
  );
}
