import { createHash } from 'node:crypto';
import { type RotationHandler, rotationHandler, type SecretsManagerApi } from '../../src/index.js';
import type { StoredSecret } from '../../src/local/secret.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { KeyProvider, type ProviderKey } from '../support/key-provider.js';
import type { Helper, KeyApi, ProviderKind } from './helpers.js';

/** All that lasts beyond a delivery. */
export interface Moment {
  readonly secret: StoredSecret;
  readonly keys: readonly ProviderKey[];
  readonly issued: number;
  readonly now: number;
  readonly tokens: number;
  readonly acts: number;
}

export const NAME = 'app/key';
const SINCE = Date.UTC(2026, 0, 1);
/** The name of a key that no rotator has made. */
export const BY_HAND = 'made by hand';
const SIXTEEN_MINUTES = 960_000;

/** A secret, its provider, and whoever else has rights to both. */
export class World {
  readonly helper: Helper;
  readonly kind: ProviderKind;
  readonly provider: KeyProvider;
  readonly secrets: LocalSecretsManager;
  #secret: StoredSecret | undefined;
  #now = SINCE;
  #tokens = 0;
  /** How often a person has put a value, moved a label or cancelled a rotation: AWSPENDING, if left, is theirs to remove. */
  #acts = 0;

  constructor(helper: Helper, kind: ProviderKind) {
    this.helper = helper;
    this.kind = kind;
    // A second for each key: the order in which they were made is all that tells them apart.
    this.provider = new KeyProvider({ ...kind, now: () => this.#now + this.provider.issued * 1000 });
    const keep = (secret: StoredSecret) => {
      this.#secret = secret;
    };
    this.secrets = new LocalSecretsManager({}, { secrets: [], keep, forget: () => {} });
  }

  get now(): number {
    return this.#now + 120_000;
  }

  get secret(): StoredSecret {
    if (!this.#secret) throw new Error('begin() makes the secret');
    return this.#secret;
  }

  /** A secret that was rotated twice, and whose next rotation has begun. */
  async begin(): Promise<void> {
    const api: KeyApi = {
      issue: async (name) => this.provider.issue(name),
      list: async () => this.provider.list(),
      revoke: async (id) => void this.provider.revoke(id),
      probe: async (key) => (this.provider.accepts(key) ? 'accepted' : 'rejected'),
    };
    const RotationLambdaARN = this.secrets.addFunction('rotate', this.handler(api, this.secrets));
    const SecretString = JSON.stringify(this.provider.issue(BY_HAND));
    await this.secrets.createSecret({ Name: NAME, ClientRequestToken: this.token(), SecretString });
    // Twice: the first key was made by hand, and is for its maker to end if another value made by hand pushes it out.
    for (let rotation = 1; rotation <= 2; rotation++) {
      await this.rotate({ RotationLambdaARN });
      const { outcome, steps } = await this.secrets.rotation(NAME).run();
      if (outcome !== 'succeeded') throw steps.at(-1)?.error;
      this.pass();
    }
    await this.rotate();
  }

  handler(api: KeyApi, client: SecretsManagerApi): RotationHandler {
    const told = this.helper.client?.(client) ?? client;
    return rotationHandler(this.helper.rotator(api, this.kind), { client: told, log: () => {} });
  }

  token(): string {
    return `c0ffee00-0000-4000-8000-${String(++this.#tokens).padStart(12, '0')}`;
  }

  async rotate(more: { readonly RotationLambdaARN?: string } = {}): Promise<void> {
    await this.secrets.rotateSecret({ SecretId: NAME, ClientRequestToken: this.token(), ...more });
  }

  holder(label: string): string | undefined {
    return [...this.secret.versions.values()].find(({ labels }) => labels.has(label))?.id;
  }

  /** The id of the key that a version holds. */
  keyOf(versionId: string | undefined): string | undefined {
    const text = versionId === undefined ? undefined : this.secret.versions.get(versionId)?.secretString;
    return text === undefined ? undefined : JSON.parse(text).id;
  }

  isLive(versionId: string | undefined): boolean {
    return this.provider.keys.has(this.keyOf(versionId) ?? '');
  }

  /**
   * Live keys that no version with a label holds. One that was made by hand is its maker's to end, if he has acted again
   * since, and has pushed it out himself.
   */
  strays(): readonly string[] {
    const labelled = [...this.secret.versions.values()].filter(({ labels }) => labels.size > 0);
    const held = labelled.flatMap(({ secretString }) => (secretString ? [JSON.parse(secretString).id] : []));
    return this.provider
      .list()
      .filter(({ name }) => this.#acts < 2 || name !== BY_HAND)
      .map(({ id }) => id)
      .filter((id) => !held.includes(id));
  }

  save(): Moment {
    return {
      secret: structuredClone(this.secret),
      keys: this.provider.list(),
      issued: this.provider.issued,
      now: this.#now,
      tokens: this.#tokens,
      acts: this.#acts,
    };
  }

  restore({ secret, keys, issued, now, tokens, acts }: Moment): void {
    for (const key of Object.keys(this.secret)) Reflect.deleteProperty(this.secret, key);
    Object.assign(this.secret, structuredClone(secret));
    this.provider.keys.clear();
    for (const key of keys) this.provider.keys.set(key.id, key);
    this.provider.issued = issued;
    this.#now = now;
    this.#tokens = tokens;
    this.#acts = acts;
  }

  /** The same for two moments from which all goes on alike. */
  fingerprint(): string {
    const { versions, rotation, inFlight } = this.secret;
    const labelled = [...versions.values()].map(({ id, labels, secretString }) => [
      id,
      [...labels].sort(),
      secretString,
    ]);
    const keys = this.provider.list().map(({ id, name }) => [id, name?.slice(0, -8)]);
    return digest([
      labelled,
      keys,
      rotation?.enabled,
      inFlight?.token,
      inFlight?.isAbandoned,
      this.#acts,
      this.provider.issued,
    ]);
  }

  act(): void {
    this.#acts += 1;
  }

  get hasActed(): boolean {
    return this.#acts > 0;
  }

  /** Longer than any function runs. */
  pass(): void {
    this.#now += SIXTEEN_MINUTES;
  }
}

export function digest(value: unknown): string {
  return createHash('sha1').update(JSON.stringify(value)).digest('base64');
}
