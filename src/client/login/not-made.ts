const CODE = 'ERR_LOGIN_NOT_MADE';

/** Rejection of a pool that no longer needs the login it began. It is no verdict on the credential. */
export const LOGIN_NOT_MADE: Error = Object.assign(new Error('no login was needed'), { code: CODE });

/** Compares the code: another entry point may have loaded a second copy of this module. */
export function isNotMade(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === CODE;
}
