import { type RotationHandler, rotationHandler, type SecretsManagerApi } from '../../src/index.js';
import { KeyProvider } from '../support/key-provider.js';
import type { KeyApi, KeyRotation, ProviderKind } from './key-rotators.js';
import type { Act, Ask, MakeService, Service, Twist, Value } from './service.js';
import { WaywardKeys } from './wayward-keys.js';

/** The name of a key that no rotator has made. */
const BY_HAND = 'made by hand';

/** A provider that chooses the keys. AWSCURRENT's works at any moment. */
export function issuedKeys(rotation: KeyRotation, kind: ProviderKind): MakeService {
  return (clock) => new IssuedKeys(rotation, kind, clock);
}

class IssuedKeys implements Service {
  readonly promised = ['AWSCURRENT'] as const;
  readonly endsByLabels = true;
  readonly healsItself = false;
  readonly #rotation: KeyRotation;
  readonly #kind: ProviderKind;
  readonly #provider: KeyProvider;
  readonly #keys: WaywardKeys;
  /** Whether the rotator declares by now that keys end late. */
  #isDeclared = false;

  constructor(rotation: KeyRotation, kind: ProviderKind, clock: () => number) {
    this.#rotation = rotation;
    this.#kind = kind;
    // A second for each key: the order in which they were made is all that tells them apart.
    this.#provider = new KeyProvider({ ...kind, now: () => clock() + this.#provider.issued * 1000 });
    this.#keys = new WaywardKeys(this.#provider);
  }

  handler(ask: Ask, client: SecretsManagerApi): RotationHandler {
    const keys = this.#keys;
    const twists = (...all: readonly Twist[]) => all.filter((twist) => this.#kind.twists?.includes(twist));
    const api: KeyApi = {
      issue: (name) => ask('issue', (twist) => keys.issue(name, twist), twists('slowly')),
      list: () => ask('list', (twist) => keys.list(twist), twists('cut, newest first', 'cut, oldest first')),
      revoke: (id) => ask('revoke', (twist) => keys.revoke(id, twist), twists('late', 'never')),
      probe: (key) => ask('probe', () => keys.probe(key)),
    };
    const seen = this.#rotation.client?.(client) ?? client;
    const handlerFor = (kind: ProviderKind) =>
      rotationHandler(this.#rotation.rotator(api, kind), { client: seen, log: () => {} });
    const [handler, declared] = [handlerFor(this.#kind), handlerFor({ ...this.#kind, ends: 'late' })];
    return (...given) => (this.#isDeclared ? declared : handler)(...given);
  }

  works({ key }: Value): boolean {
    return this.#keys.works(String(key));
  }

  lingers({ key }: Value): boolean {
    return !this.#isDeclared && this.#keys.lingers(String(key));
  }

  correct(problem: string): boolean {
    if (/does not show .* which works/.test(problem) && this.#keys.isCut) {
      this.#keys.showAll();
      return true;
    }
    if (!/the provider still accepts it/.test(problem) || this.#isDeclared) return false;
    this.#isDeclared = true;
    return true;
  }

  /** A key that was made by hand is its maker's to end, if he has acted again since, and has pushed it out himself. */
  strays(held: readonly Value[], acts: number): readonly string[] {
    // A page that shows what it must hides what a rotation that was given up has left: nobody can know.
    if (this.#keys.isCut && acts > 0) return [];
    return this.#provider
      .list()
      .filter(({ name }) => acts < 2 || name !== BY_HAND)
      .map(({ id }) => id)
      .filter((id) => !held.some((value) => value.id === id));
  }

  byHand({ previous }: { readonly previous?: Value | undefined }): Act<Value> {
    const provider = this.#provider;
    const isFull = provider.keys.size >= this.#kind.limit;
    if (!isFull) return () => provider.issue(BY_HAND);
    if (!previous || !this.works(previous)) return undefined;
    return () => {
      provider.revoke(String(previous.id));
      return provider.issue(BY_HAND);
    };
  }

  /** What has been ended stays so. */
  takeAgain(value: Value): Act<void> {
    return this.works(value) ? () => {} : undefined;
  }

  /** Each request stands for itself. */
  holds(): undefined {}

  save(): () => void {
    const provider = this.#provider;
    const { issued } = provider;
    const keys = provider.list();
    const restore = this.#keys.save();
    const isDeclared = this.#isDeclared;
    return () => {
      restore();
      this.#isDeclared = isDeclared;
      provider.keys.clear();
      for (const key of keys) provider.keys.set(key.id, key);
      provider.issued = issued;
    };
  }

  fingerprint(): unknown {
    // The last part of a key's name is chance.
    const keys = this.#provider.list().map(({ id, name }) => [id, name?.slice(0, -8)]);
    return [keys, this.#provider.issued, this.#keys.fingerprint(), this.#isDeclared];
  }
}
