import type { RotatingSecret } from '../secret.js';

export interface TokenGuardOptions {
  /** How often at most an unknown token causes a look at the secret. @default 5000 */
  readonly paceMs?: number;
}

/** How long an unknown token waits for the look that it has caused. */
const LONGEST_LOOK_MS = 2000;

/**
 * Returns what checks the Authorization header of a request against a secret of tokens or public keys. While Secrets Manager
 * is away it goes by what it holds; an unknown token makes it look again, at a bounded pace, however many come.
 *
 * @param check what a token is worth under a secret: `accepts` or `verified` of `quarterturn/rotators/service-token/verify`
 * @returns what `check` says, of a token that is absent too; rejects with a SecretError if the secret could never be read
 */
export function tokenGuard<T, R>(
  secret: RotatingSecret<T>,
  check: (value: T, token: string) => R | Promise<R>,
  { paceMs = 5000 }: TokenGuardOptions = {},
): (authorization?: string) => Promise<R> {
  return async (authorization) => {
    // Frameworks differ in what they make of a header that came twice.
    const header = typeof authorization === 'string' ? authorization : '';
    const token = /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? '';
    const held = await secret.get();
    const result = await check(held.value, token);
    if (result || token === '') return result;
    const now = await secret
      .get({ maxAgeMs: paceMs, signal: AbortSignal.timeout(LONGEST_LOOK_MS) })
      .catch(() => held);
    return now.versionId === held.versionId ? result : check(now.value, token);
  };
}
