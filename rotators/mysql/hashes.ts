import { hash, randomBytes } from 'node:crypto';
import { RotationError } from '../../src/index.js';
import { publicKey } from './crypto/ed25519.js';
import { MAX_POWER, parsecPublicKey } from './crypto/parsec.js';
import { fromAlphabet, shaCrypt } from './crypto/sha-crypt.js';

/** A plugin by which servers check passwords, and whose hashes can be made here. */
export type PasswordPlugin = 'caching_sha2_password' | 'mysql_native_password' | 'ed25519' | 'parsec';

/**
 * The rounds of caching_sha2_password. Of a hash with fewer a server says nothing, and then lets nobody in; more than a
 * hundred thousand take half a second at each login.
 */
export const ROUNDS = { least: 5000, most: 100_000 } as const;

/** As long as caching_sha2_password lets a password be. Of a longer one a server takes the hash, but no login. */
const MAX_PASSWORD_BYTES = 256;

interface HashKind {
  make(password: string, rounds: number): string;
  /** As ours are. A server takes others of the right length, too, and then lets nobody in. */
  isOurs(text: string): boolean;
  /** Makes the hash again, as the one that is stored was made; `undefined` if that is none. */
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
 * Returns what a server stores in place of a password. Salted, each call gives another one, but for mysql_native_password
 * and ed25519.
 *
 * @param rounds of caching_sha2_password: `@@caching_sha2_password_digest_rounds`
 * @throws RotationError `ERR_VALUE_REFUSED` for a password that nobody could log in with
 * @throws Error for rounds that cannot be
 */
export function passwordHash(
  plugin: PasswordPlugin,
  password: string,
  rounds: number = ROUNDS.least,
): string {
  if (password === '' || password.includes('\0') || utf8(password).length > MAX_PASSWORD_BYTES) {
    throw new RotationError('ERR_VALUE_REFUSED', 'nobody could log in with the new password', {
      hint: `it must have 1 to ${MAX_PASSWORD_BYTES} bytes, and none that is zero: change the policy of the generated password`,
    });
  }
  if (!(rounds >= ROUNDS.least && rounds <= ROUNDS.most))
    throw new Error(`rounds must be ${ROUNDS.least} to ${ROUNDS.most}`);
  const made = KINDS[plugin].make(password, rounds);
  assertOurs(plugin, made);
  return made;
}

/**
 * Must be asked before a hash is sent: a server takes one that is malformed, and nobody can log in any more.
 *
 * @throws Error for a hash that passwordHash() would not make
 */
export function assertOurs(plugin: PasswordPlugin, text: string): void {
  // Not quoted: a hash of mysql_native_password can be logged in with.
  if (!KINDS[plugin].isOurs(text)) throw new Error(`what was to be sent is no hash of ${plugin}`);
}

/** Whether a stored hash, a server's own too, is of this password. */
export function isHashOf(plugin: PasswordPlugin, stored: string, password: string): boolean {
  return KINDS[plugin].again(stored, password) === stored;
}

/** SHA-256-crypt with a salt of 20 bytes. Ours are printable, so that the hash can be quoted; a server's are not. */
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

/** SHA-1 of SHA-1. Not salted: equal passwords have equal hashes, and weak ones can be looked up. */
export function nativeHash(password: string): string {
  const twice = hash('sha1', hash('sha1', utf8(password), 'buffer'), 'hex');
  return `*${twice.toUpperCase()}`;
}

/** The public key. Not salted either. */
export function ed25519Hash(password: string): string {
  return bare(publicKey(utf8(password)));
}

/** The public key, and how it is derived. */
export function parsecHash(password: string, power = 0, salt: Buffer = randomBytes(18)): string {
  return `P${power}:${bare(salt)}:${bare(parsecPublicKey(password, { power: Math.min(power, MAX_POWER), salt }))}`;
}

/** Of `$A$005$…`, if they are as many as can be computed in time. */
function roundsOf(text: string): number | undefined {
  const rounds = 1000 * Number.parseInt(/^\$A\$([0-9A-F]{3})\$/.exec(text)?.[1] ?? '', 16);
  return rounds >= ROUNDS.least && rounds <= ROUNDS.most && text.length === 70 ? rounds : undefined;
}

function isBare(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && bare(decoded) === text;
}

/** Base64 without `=`. */
function bare(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function utf8(password: string): Buffer {
  return Buffer.from(password, 'utf8');
}
