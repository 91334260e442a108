import { randomInt } from 'node:crypto';
import type { Version, VersionMap } from './labels.js';
import type { StoredSecret } from './stored-secret.js';

/** The account of every secret and function. */
export const ACCOUNT = '123456789012';

/** Storage of the secrets beyond this process. */
export interface Archive {
  /** The stored secrets. */
  readonly secrets: Iterable<StoredSecret>;
  /** Stores a secret. When it returns, the secret is safe; if it throws, nothing has changed. */
  keep(secret: StoredSecret): void;
  forget(secret: StoredSecret): void;
}

/** All secrets, by name. A change happens completely or not at all. */
export class Store {
  readonly #secrets = new Map<string, StoredSecret>();
  readonly #before = new WeakMap<StoredSecret, VersionMap>();
  readonly #numbers = new WeakMap<StoredSecret, number>();
  #created = 0;
  readonly #archive: Archive | undefined;

  constructor(archive?: Archive) {
    this.#archive = archive;
    for (const secret of archive?.secrets ?? []) this.#put(secret);
  }

  /** All secrets whose recovery window has not passed, oldest first. */
  *all(now: Date): Iterable<StoredSecret> {
    for (const secret of this.#secrets.values()) if (this.#isThere(secret, now)) yield secret;
  }

  /** Whether this secret still exists, and no other secret has replaced it under its name. */
  has(secret: StoredSecret): boolean {
    return this.#secrets.get(secret.name) === secret;
  }

  /** Number of the secret, in order of creation. */
  numberOf(secret: StoredSecret): number {
    return this.#numbers.get(secret) ?? 0;
  }

  named(name: string, now: Date): StoredSecret | undefined {
    const secret = this.#secrets.get(name);
    return secret && this.#isThere(secret, now) ? secret : undefined;
  }

  /**
   * Finds a secret by name, ARN or partial ARN (without the hyphen and the six random characters). As on AWS, a partial
   * ARN finds nothing if the name ends in a hyphen and six characters: it looks like a full ARN.
   */
  find(secretId: string, now: Date): StoredSecret | undefined {
    if (!secretId.startsWith('arn:')) return this.named(secretId, now);
    const found = this.named(nameIn(secretId), now);
    const arn = SUFFIX.test(secretId) ? found?.arn : found?.arn.replace(SUFFIX, '');
    return arn === secretId ? found : undefined;
  }

  add(secret: StoredSecret): void {
    this.#archive?.keep(secret);
    this.#put(secret);
  }

  remove(secret: StoredSecret): void {
    this.#archive?.forget(secret);
    this.#secrets.delete(secret.name);
  }

  /** Changes a secret. If `change` throws or the archive fails, the secret stays as it was. */
  commit<T>(secret: StoredSecret, now: Date, change: () => T): T {
    const before = { ...secret, versions: copyOf(secret.versions) };
    try {
      const result = change();
      secret.lastChangedDate = now;
      this.#archive?.keep(secret);
      this.#before.set(secret, before.versions);
      return result;
    } catch (error) {
      for (const key of Object.keys(secret)) if (!(key in before)) Reflect.deleteProperty(secret, key);
      Object.assign(secret, before);
      throw error;
    }
  }

  /** The versions before the last change, for stale reads. */
  before(secret: StoredSecret): VersionMap {
    return this.#before.get(secret) ?? secret.versions;
  }

  #put(secret: StoredSecret): void {
    this.#created += 1;
    this.#numbers.set(secret, this.#created);
    this.#secrets.set(secret.name, secret);
  }

  #isThere(secret: StoredSecret, now: Date): boolean {
    if (!secret.deletedDate || secret.deletedDate > now) return true;
    // The archive keeps it: its next reader sees the date.
    this.#secrets.delete(secret.name);
    return false;
  }
}

/** Returns a new secret's ARN, with random characters: a policy for an old secret must not match a new one of its name. */
export function newArn(region: string, name: string): string {
  const suffix = Array.from({ length: 6 }, () =>
    SUFFIX_CHARACTERS.charAt(randomInt(SUFFIX_CHARACTERS.length)),
  );
  return `${arnOf('secretsmanager', region)}secret:${name}-${suffix.join('')}`;
}

/** Returns the name in a secret's full or partial ARN. */
export function nameIn(arn: string): string {
  return (arn.split(':')[6] ?? arn).replace(SUFFIX, '');
}

/** Returns the beginning of an ARN of this account. */
export function arnOf(service: 'secretsmanager' | 'lambda', region: string): string {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:${service}:${region}:${ACCOUNT}:`;
}

const SUFFIX = /-[A-Za-z0-9]{6}$/;
const SUFFIX_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function copyOf(versions: VersionMap): Map<string, Version> {
  return new Map([...versions].map(([id, version]) => [id, { ...version, labels: new Set(version.labels) }]));
}
