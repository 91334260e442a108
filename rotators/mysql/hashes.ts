import { hash, randomBytes } from 'node:crypto';
import { RotationError } from '../../src/index.js';
import { publicKey } from './crypto/ed25519.js';
import { MAX_POWER, parsecPublicKey } from './crypto/parsec.js';
import { fromAlphabet, shaCrypt } from './crypto/sha-crypt.js';

/** Plugins that check passwords, and whose hashes Quarterturn can make. */
export type PasswordPlugin = 'caching_sha2_password' | 'mysql_native_password' | 'ed25519' | 'parsec';

/**
 * Limits for the rounds of caching_sha2_password. A server takes a hash with fewer without a word, and then lets nobody in.
 * More than a hundred thousand take half a second at each login.
 */
export const ROUNDS = { least: 5000, most: 100_000 } as const;

/** Longest password of caching_sha2_password. A server stores the hash of a longer one, but then refuses each login with it. */
const MAX_PASSWORD_BYTES = 256;

interface HashKind {
  make(password: string, rounds: number): string;
  /** Whether a hash has our form. A server takes any text of the right length, and then lets nobody in. */
  isOurs(text: string): boolean;
  /** Makes the hash again with the salt of a stored one; `undefined` if that one is not a hash. */
  again(stored: string, password: string): string | undefined;
}

const KINDS: Readonly<Record<PasswordPlugin, HashKind>> = {
  caching_sha2_password: {
    make: (password, rounds) => cachingSha2Hash(password, rounds),
    isOurs: (text) => roundsOf(text) !== undefined && /^.{7}[./0-9A-Za-z]{62}[./0-9A-D]$/.test(text),
    again(stored, password) {
      const rounds = roundsOf(stored);
      return rounds === undefined
        ? undefined
        : cachingSha2Hash(password, rounds, Buffer.from(stored.slice(7, 27), 'latin1'));
    },
  },
  mysql_native_password: {
    make: nativeHash,
    isOurs: (text) => /^\*[0-9A-F]{40}$/.test(text),
    again: (_, password) => nativeHash(password),
  },
  ed25519: {
    make: ed25519Hash,
    isOurs: (text) => isBare(text, 32),
    again: (_, password) => ed25519Hash(password),
  },
  parsec: {
    make: (password) => parsecHash(password),
    isOurs(text) {
      const [power = '', salt = '', key = '', ...rest] = text.split(':');
      return /^P[0-9]$/.test(power) && isBare(salt, 18) && isBare(key, 32) && rest.length === 0;
    },
    again(stored, password) {
      const [power = '', salt = ''] = stored.split(':');
      return /^P[0-9]$/.test(power)
        ? parsecHash(password, Number(power.slice(1)), Buffer.from(salt, 'base64'))
        : undefined;
    },
  },
};

export function isPasswordPlugin(name: string): name is PasswordPlugin {
  return Object.hasOwn(KINDS, name);
}

/**
 * Returns the hash that a server stores for a password. Each call uses a new salt, except for mysql_native_password and
 * ed25519, which have no salt.
 *
 * @param rounds of caching_sha2_password: `@@caching_sha2_password_digest_rounds`
 * @throws RotationError `ERR_VALUE_REFUSED` if nobody could log in with the password
 * @throws Error if the rounds are out of range
 */
export function passwordHash(
  plugin: PasswordPlugin,
  password: string,
  rounds: number = ROUNDS.least,
): string {
  if (password === '' || password.includes('\0') || utf8(password).length > MAX_PASSWORD_BYTES) {
    throw new RotationError('ERR_VALUE_REFUSED', 'nobody could log in with the new password', {
      hint: `change the policy of generated passwords: 1 to ${MAX_PASSWORD_BYTES} bytes, without a zero byte`,
    });
  }
  if (!(rounds >= ROUNDS.least && rounds <= ROUNDS.most))
    throw new Error(`rounds must be ${ROUNDS.least} to ${ROUNDS.most}`);
  const made = KINDS[plugin].make(password, rounds);
  assertOurs(plugin, made);
  return made;
}

/**
 * Checks a hash before it is sent. A server takes a malformed one, and then nobody can log in any more.
 *
 * @throws Error if {@link passwordHash} would not make such a hash
 */
export function assertOurs(plugin: PasswordPlugin, text: string): void {
  // The message omits the hash: one of mysql_native_password works as a credential.
  if (!KINDS[plugin].isOurs(text)) throw new Error(`this is not a hash of ${plugin}`);
}

/** Whether a stored hash belongs to this password. */
export function isHashOf(plugin: PasswordPlugin, stored: string, password: string): boolean {
  return KINDS[plugin].again(stored, password) === stored;
}

/** Returns a SHA-256-crypt hash with a salt of 20 bytes. SQL can quote the hash, since our salts are printable, unlike a server's. */
export function cachingSha2Hash(
  password: string,
  rounds: number,
  salt: Buffer = Buffer.from(fromAlphabet(randomBytes(20)), 'latin1'),
): string {
  const thousands = Math.floor(rounds / 1000)
    .toString(16)
    .toUpperCase()
    .padStart(3, '0');
  return `$A$${thousands}$${salt.toString('latin1')}${shaCrypt(utf8(password), salt, Math.floor(rounds / 1000) * 1000)}`;
}

/** Returns SHA-1 of SHA-1. It has no salt: equal passwords have equal hashes, and tables exist for weak ones. */
export function nativeHash(password: string): string {
  const twice = hash('sha1', hash('sha1', utf8(password), 'buffer'), 'hex');
  return `*${twice.toUpperCase()}`;
}

/** Returns the password's public key. It has no salt either. */
export function ed25519Hash(password: string): string {
  return bare(publicKey(utf8(password)));
}

/** Returns the password's public key, with its salt and its number of iterations. */
export function parsecHash(password: string, power = 0, salt: Buffer = randomBytes(18)): string {
  return `P${power}:${bare(salt)}:${bare(parsecPublicKey(password, { power: Math.min(power, MAX_POWER), salt }))}`;
}

/** Returns the rounds of `$A$005$…`, if they are within {@link ROUNDS}. */
function roundsOf(text: string): number | undefined {
  const rounds = 1000 * Number.parseInt(/^\$A\$([0-9A-F]{3})\$/.exec(text)?.[1] ?? '', 16);
  return rounds >= ROUNDS.least && rounds <= ROUNDS.most && text.length === 70 ? rounds : undefined;
}

function isBare(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && bare(decoded) === text;
}

/** Returns Base64 without `=`. */
function bare(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function utf8(password: string): Buffer {
  return Buffer.from(password, 'utf8');
}
