import { isRotationError, RotationError } from '../../../src/index.js';
import { placeName } from '../../databases/secret.js';
import { accountFacts, type Session, type Step } from '../account.js';
import type { ServerOptions } from '../options.js';
import type { MysqlSecret } from '../secret.js';
import { inClear, isReadable } from './set-own.js';

/**
 * Checks, for a secret with `"ssl": false`, that testSecret can prove a new password without TLS. After each change MySQL asks
 * for a caching_sha2_password itself, which is not sent in clear text. The check comes before AWSPENDING is stored: after that,
 * a corrected secret would have no effect until AWSPENDING is dropped.
 *
 * @param isSent whether setSecret sends the new password itself to the server
 * @throws RotationError `ERR_TLS_NOT_OFFERED` if testSecret could not prove it
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
    `the connection to ${placeName(place)} is not encrypted, and testSecret would send the new password of "${target.username}" on it`,
    {
      hint:
        'nothing was changed. Remove `"ssl": false` from the secret. Or set the server’s RSA key with the option ' +
        '`serverPublicKey`: after a change MySQL asks for the caching_sha2_password itself',
    },
  );
}
