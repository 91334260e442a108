import type { LogInOptions } from './login/place.js';
import type { RotatingSecret } from './secret.js';
import type { SecretVersion } from './version.js';

/**
 * Logs in with a secret, then uses the session once.
 *
 * After a refusal it calls `logIn` again with another version, as {@link RotatingSecret.logIn} does. It calls `use` once, and
 * never again, whatever it throws.
 *
 * @returns the result of `use`
 * @throws the error of the last login, or that of `use`
 * @example
 * ```ts
 * const name = await withSecret(
 *   secret,
 *   ({ user, password }) => bind(user, password),
 *   (session) => session.whoAmI(),
 * );
 * ```
 */
export async function withSecret<T, Session, R>(
  secret: RotatingSecret<T>,
  logIn: (value: T, version: SecretVersion<T>) => Promise<Session>,
  use: (session: Session) => R | Promise<R>,
  options?: LogInOptions,
): Promise<R> {
  return use(await secret.logIn(logIn, options));
}
