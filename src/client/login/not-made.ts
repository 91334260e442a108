const CODE = 'ERR_LOGIN_NOT_MADE';

/** What a pool rejects with where it has begun a login, and then needs none: it says nothing of the credential. */
export const LOGIN_NOT_MADE: Error = Object.assign(new Error('no login was needed'), { code: CODE });

/** By its code: an entry point may have this module a second time. */
export function isNotMade(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === CODE;
}
