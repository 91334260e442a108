import { isError } from '../errors.js';
import { SecretError } from './secret-error.js';

/** AWS's refusals, with their hints. They may be a mistake, so the value in memory stays in use. */
const DENIED: Readonly<Record<string, string>> = {
  AccessDeniedException: 'allow secretsmanager:GetSecretValue on this secret and kms:Decrypt on its key',
  DecryptionFailure: 'allow kms:Decrypt on the secret’s key, and check that the key is enabled',
  ResourceNotFoundException: 'check the secret’s id, account and Region, and that the secret has a value',
  InvalidRequestException: 'the secret may be marked for deletion: RestoreSecret restores it',
  ExpiredTokenException: 'renew this process’s AWS credentials: they have expired',
  ExpiredToken: 'renew this process’s AWS credentials: they have expired',
  UnrecognizedClientException: 'replace this process’s AWS credentials: they are invalid',
  InvalidSignatureException: 'check this process’s AWS credentials and its clock: one of them is wrong',
  CredentialsProviderError: 'give this process AWS credentials: it has none',
  TokenProviderError: 'sign in again: this process has no valid AWS credentials',
};

/** A failed read of Secrets Manager. */
export interface ReadFailure {
  readonly error: SecretError;
  readonly isDenied: boolean;
  /** Name of AWS's error; undefined if AWS did not answer. */
  readonly reason: string | undefined;
}

/** Translates the SDK's error, which is never passed on: it may carry an answer with the value. */
export function readFailure(secretId: string, stage: string, error: unknown): ReadFailure {
  if (error instanceof SecretError) return { error, isDenied: false, reason: undefined };
  if (isError(error) && error.message === 'Region is missing') {
    const text = `could not read ${stage} of ${secretId}: no Region is set`;
    const hint = 'set AWS_REGION, or use the ARN as the secret’s id';
    return {
      error: new SecretError('ERR_SECRET_UNAVAILABLE', secretId, text, hint),
      isDenied: false,
      reason: undefined,
    };
  }
  const name = isError(error) ? error.name : '';
  const shown = /^[A-Za-z]{1,60}$/.test(name) ? name : 'an error without a name';
  const code =
    isError(error) && typeof error.code === 'string' && /^[A-Z_]{1,40}$/.test(error.code)
      ? ` (${error.code})`
      : '';
  const what = `GetSecretValue of ${stage} of ${secretId}`;
  const hint = Object.hasOwn(DENIED, name) ? DENIED[name] : undefined;
  return {
    error: hint
      ? new SecretError('ERR_SECRET_DENIED', secretId, `${what} failed with ${shown}`, hint)
      : new SecretError(
          'ERR_SECRET_UNAVAILABLE',
          secretId,
          `${what} failed with ${shown}${code}`,
          'check the route to Secrets Manager: interface endpoint or NAT gateway, port 443, AWS_REGION',
        ),
    isDenied: hint !== undefined,
    reason: isError(error) && '$fault' in error ? shown : undefined,
  };
}

/**
 * Returns whether an error means that a service refused a credential.
 *
 * True for PostgreSQL's 28P01 at login, MySQL's ER_ACCESS_DENIED_ERROR and HTTP status 401, also inside `cause` and
 * AggregateError. False for 28000, a locked account, a timeout or a full server: a different password would not help.
 */
export function isLoginRefused(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { code, status, statusCode, severity, routine, cause, errors }: MaybeRefusal = error;
  // A function in the database may raise 28P01 too, but then the login has succeeded.
  if (code === '28P01') return severity !== 'ERROR' && routine !== 'exec_stmt_raise';
  if (code === 'ER_ACCESS_DENIED_ERROR' || status === 401 || statusCode === 401) return true;
  const inner: readonly unknown[] = Array.isArray(errors) ? [...errors, cause] : [cause];
  return inner.some((one) => isLoginRefused(one, depth + 1));
}

interface MaybeRefusal {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly severity?: unknown;
  readonly routine?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}
