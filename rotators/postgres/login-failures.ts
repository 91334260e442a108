import { RotationError } from '../../src/index.js';
import { placeName } from '../databases/secret.js';
import { codeOf } from './failures.js';
import type { PostgresSecret } from './secret.js';

/**
 * Whether a login that was bound to a certificate failed for that. Between the proof and its answer servers say nothing else
 * so: the certificates differ, or the server knows no hash of its own.
 */
export function isOfBinding(error: unknown): boolean {
  return ['28000', 'XX000'].includes(codeOf(error));
}

/** What a login fails with that a proxy which ends TLS, or somebody in the middle, has passed on. */
export function notBound({ username, ...place }: PostgresSecret, cause: unknown): RotationError {
  return new RotationError(
    'ERR_LOGIN_NOT_ALLOWED',
    `${placeName(place)} did not let "${username}" in: the certificate that the function sees is not the server’s own, or the ` +
      `server cannot bind a login to it (channel binding, SQLSTATE ${codeOf(cause)})`,
    {
      hint:
        'a proxy that ends TLS stands there, or somebody in the middle whose certificate is trusted here. Connect past it with ' +
        'the option `connectTo`. Only if it is a proxy of your own, turn channel binding off, with the option ' +
        '`channelBinding: false` or CHANNEL_BINDING=false',
      cause,
    },
  );
}

/** A server has let a user in without asking for the password. */
export function unproven({ username, ...place }: PostgresSecret): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_UNPROVEN',
    `${placeName(place)} let "${username}" in without asking for the password`,
    {
      hint:
        'pg_hba.conf says trust, peer, ident or cert for this user and address: any password would seem to work; ' +
        'make it scram-sha-256',
    },
  );
}
