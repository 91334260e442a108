import { accepts } from '../../rotators/service-token/verify/index.js';

/** Checks the Authorization header of a request, against the secret as it was a few minutes ago at most. */
export function tokenGuard(readSecretString: () => Promise<string>, refreshMs = 300_000) {
  let [secret, staleAt] = [{}, 0];
  return async (authorization = ''): Promise<boolean> => {
    if (Date.now() >= staleAt) {
      secret = JSON.parse(await readSecretString());
      staleAt = Date.now() + refreshMs;
    }
    return accepts(secret, authorization.replace(/^Bearer /, ''));
  };
}
