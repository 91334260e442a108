import type { AuthPlugin } from 'mysql2';
import { sign } from '../crypto/ed25519.js';
import { parsecResponse, parsecSalt } from '../crypto/parsec.js';

/** The server asks for what would give the password to anyone who sits in the way. */
export const NOT_IN_CLEAR = 'ERR_NOT_IN_CLEAR';

/** What a server sends to have caching_sha2_password given the password itself. */
const FULL_AUTHENTICATION = Buffer.from([4]);

type Plugins = Readonly<Record<string, AuthPlugin>>;

/**
 * How the password is proved, by the plugin that a server names. Without TLS the password itself is given to nobody: not
 * under an RSA key that the server sends either, which whoever sits in the way can put in the place of the server's.
 *
 * @param serverPublicKey the server's own, as its owner knows it, PEM
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
    // Of a user that it does not know, MySQL says that it is of any plugin, this one too.
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
  return Object.assign(new Error('the password itself is asked for'), { code: NOT_IN_CLEAR });
}
