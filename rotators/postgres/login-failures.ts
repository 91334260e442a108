import { RotationError } from '../../src/index.js';
import { placeName } from '../databases/secret.js';
import { codeOf } from './failures.js';
import type { PostgresSecret } from './secret.js';

/**
 * Whether a bound login failed because of the binding. At this point of a login servers give these codes only if the certificates
 * differ, or if the server cannot hash its own.
 */
export function isOfBinding(error: unknown): boolean {
  return ['28000', 'XX000'].includes(codeOf(error));
}

/** Returns the error for a login that passed through a proxy that terminates TLS, or through an attacker. */
export function notBound({ username, ...place }: PostgresSecret, cause: unknown): RotationError {
  return new RotationError(
    'ERR_LOGIN_NOT_ALLOWED',
    `${placeName(place)} did not let "${username}" in: the certificate that the function sees is not the server’s own, or the ` +
      `server cannot bind a login to it (channel binding, SQLSTATE ${codeOf(cause)})`,
    {
      hint:
        'look for a proxy that terminates TLS, or an attacker whose certificate the function trusts. Connect past it with the ' +
        'option `connectTo`. Only if it is your own proxy, turn channel binding off with the option ' +
        '`channelBinding: false` or CHANNEL_BINDING=false',
      cause,
    },
  );
}

/** Returns the error for a server that let a user in without asking for the password. */
export function unproven({ username, ...place }: PostgresSecret): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_UNPROVEN',
    `${placeName(place)} let "${username}" in without asking for the password`,
    {
      hint:
        'change pg_hba.conf to scram-sha-256 for this user and address. ' +
        'It says trust, peer, ident or cert: any password would seem to work',
    },
  );
}
