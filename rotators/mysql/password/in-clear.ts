import { isRotationError, RotationError } from '../../../src/index.js';
import { placeName } from '../../databases/secret.js';
import { accountFacts, type Session, type Step } from '../account.js';
import type { ServerOptions } from '../options.js';
import type { MysqlSecret } from '../secret.js';
import { inClear, isReadable } from './set-own.js';

/**
 * Asks, for a secret that says `"ssl": false`, whether a new password could be proved without TLS: MySQL asks for a
 * caching_sha2_password itself after each change, and it is not given. Once AWSPENDING is stored, the secret could not be
 * corrected any more before that is dropped.
 *
 * @param isSent whether the new password itself is going to be sent to the server, to set it
 * @throws RotationError `ERR_TLS_NOT_OFFERED` if it could not
 */
export async function assertProvable(
  current: MysqlSecret,
  { serverPublicKey, isSent }: Pick<ServerOptions, 'serverPublicKey'> & { readonly isSent: boolean },
  { connections, context }: Step,
): Promise<void> {
  const isSafe = !isSent && serverPublicKey !== undefined;
  if (isSafe || !isReadable({ target: current, place: connections.placeOf(current) })) return;
  const session = await connections.attempt(current, context);
  if (isRotationError(session) && session.code === 'ERR_TLS_NOT_OFFERED') throw session;
  // setSecret has more versions to try.
  if (session === 'rejected' || isRotationError(session)) return;
  try {
    if (session.flavour === 'mariadb') return;
    if (isSent) throw inClear(session);
    const { methods } = await accountFacts(session);
    if (methods.some(({ plugin }) => plugin === 'caching_sha2_password')) throw notProvable(session);
  } finally {
    await session.end();
  }
}

function notProvable({ place, target }: Session): RotationError {
  return new RotationError(
    'ERR_TLS_NOT_OFFERED',
    `the connection to ${placeName(place)} is not encrypted, and the new password of "${target.username}" would have to be sent on it`,
    {
      hint:
        'nothing was changed. Remove `"ssl": false` from the secret; or name the server’s RSA key with the option ' +
        '`serverPublicKey`: MySQL takes no proof of a caching_sha2_password but the password itself, once it has been changed',
    },
  );
}
