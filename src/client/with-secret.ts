import type { LogInOptions } from './login/place.js';
import type { RotatingSecret } from './secret.js';
import type { SecretVersion } from './version.js';

/**
 * Logs in with a secret, then uses the session. Only `logIn` is judged, and tried again if the service refuses it; `use` runs
 * once, whatever it throws.
 */
export async function withSecret<T, Session, R>(
  secret: RotatingSecret<T>,
  logIn: (value: T, version: SecretVersion<T>) => Promise<Session>,
  use: (session: Session) => R | Promise<R>,
  options?: LogInOptions,
): Promise<R> {
  return use(await secret.logIn(logIn, options));
}
