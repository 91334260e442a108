import type { RotatingSecret } from '../secret.js';

/** Options of {@link tokenGuard}. */
export interface TokenGuardOptions {
  /**
   * Shortest time between two reads that unknown tokens cause, in milliseconds.
   *
   * @default 5000
   */
  readonly paceMs?: number;
}

/** How long a request with an unknown token waits for the read. */
const LONGEST_LOOK_MS = 2000;

/**
 * Returns a function that checks a request's Authorization header against a secret of tokens or public keys.
 *
 * An unknown token makes it read the secret again, at most once per `paceMs`. While Secrets Manager does not answer, it uses
 * the set in memory.
 *
 * @param check checks a token: `accepts` or `verified` of `quarterturn/rotators/service-token/verify`. A missing token is `''`
 * @returns a function that resolves to the result of `check`
 * @throws {@link SecretError} (the returned function, by rejecting) if the secret could never be read
 * @example
 * ```ts
 * const isKnown = tokenGuard(rotatingSecret('gate/token'), accepts);
 * if (!(await isKnown(request.headers.authorization))) response.sendStatus(401);
 * ```
 */
export function tokenGuard<T, R>(
  secret: RotatingSecret<T>,
  check: (value: T, token: string) => R | Promise<R>,
  { paceMs = 5000 }: TokenGuardOptions = {},
): (authorization?: string) => Promise<R> {
  return async (authorization) => {
    // For a repeated header, some frameworks pass an array.
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
