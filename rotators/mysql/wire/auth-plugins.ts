import type { AuthPlugin } from 'mysql2';
import { sign } from '../crypto/ed25519.js';
import { parsecResponse, parsecSalt } from '../crypto/parsec.js';

/** Error code: the server asks for the password on a connection that others can read. */
export const NOT_IN_CLEAR = 'ERR_NOT_IN_CLEAR';

/** The server's request for the password itself, in caching_sha2_password. */
const FULL_AUTHENTICATION = Buffer.from([4]);

type Plugins = Readonly<Record<string, AuthPlugin>>;

/**
 * Returns the proofs of a password, by the names of the server's plugins. Without TLS the password itself is never sent, not
 * even encrypted with an RSA key that the server sends: somebody on the network path could replace that key.
 *
 * @param serverPublicKey the server's key, in PEM, from the owner of the server
 */
export function authPluginsFor(
  password: string,
  {
    isEncrypted,
    serverPublicKey,
  }: { readonly isEncrypted: boolean; readonly serverPublicKey: string | undefined },
  own: Pick<typeof import('mysql2')['authPlugins'], 'caching_sha2_password' | 'sha256_password'>,
): Plugins {
  const bytes = Buffer.from(password, 'utf8');
  return {
    caching_sha2_password(context) {
      const next = own.caching_sha2_password({
        overrideIsSecure: isEncrypted,
        ...(serverPublicKey !== undefined && { serverPublicKey }),
      })(context);
      return (data) => {
        const isSafe = isEncrypted || serverPublicKey !== undefined;
        if (!isSafe && data.equals(FULL_AUTHENTICATION)) throw notInClear();
        return next(data);
      };
    },
    // For an unknown user MySQL names any plugin, also this one.
    sha256_password:
      isEncrypted || serverPublicKey !== undefined
        ? own.sha256_password(!isEncrypted && serverPublicKey !== undefined ? { serverPublicKey } : {})
        : () => () => {
            throw notInClear();
          },
    client_ed25519: () => (nonce) => sign(bytes, nonce.subarray(0, 32)),
    parsec() {
      let scramble: Buffer | undefined;
      return (data) => {
        if (scramble) return parsecResponse(password, parsecSalt(data), scramble);
        scramble = Buffer.from(data.subarray(0, 32));
        // Asks for the salt.
        return Buffer.alloc(0);
      };
    },
  };
}

function notInClear(): Error {
  return Object.assign(new Error('the server asks for the password itself'), { code: NOT_IN_CLEAR });
}
