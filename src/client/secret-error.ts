/** Every reason that an application does not get a secret for. Codes are API, messages are not. */
export type SecretErrorCode =
  | 'ERR_SECRET_UNAVAILABLE'
  | 'ERR_SECRET_DENIED'
  | 'ERR_SECRET_MALFORMED'
  | 'ERR_SECRET_REFUSED'
  | 'ERR_SECRET_CLOSED';

/**
 * What `quarterturn/client` throws. The message names the secret's id, a label or a field, never a value; there is no
 * `cause`, since the SDK's errors may carry the answer that they could not read.
 */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly code: SecretErrorCode;
  readonly secretId: string;
  /** What the person on call can do about it. */
  declare readonly hint?: string;

  constructor(code: SecretErrorCode, secretId: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.secretId = secretId;
    if (hint !== undefined) this.hint = hint;
  }
}

/** Whether an error is a `SecretError`, from this copy of the package or from another that is loaded too. */
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
