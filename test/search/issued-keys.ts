import { type RotationHandler, rotationHandler, type SecretsManagerApi } from '../../src/index.js';
import { KeyProvider } from '../support/key-provider.js';
import type { KeyRotation, ProviderKind } from './key-rotators.js';
import type { Act, Ask, MakeService, Service, Value } from './service.js';

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

  constructor(rotation: KeyRotation, kind: ProviderKind, clock: () => number) {
    this.#rotation = rotation;
    this.#kind = kind;
    // A second for each key: the order in which they were made is all that tells them apart.
    this.#provider = new KeyProvider({ ...kind, now: () => clock() + this.#provider.issued * 1000 });
  }

  handler(ask: Ask, client: SecretsManagerApi): RotationHandler {
    const provider = this.#provider;
    const rotator = this.#rotation.rotator(
      {
        issue: (name) => ask('issue', () => provider.issue(name)),
        list: () => ask('list', () => provider.list()),
        revoke: (id) => ask('revoke', () => void provider.revoke(id)),
        probe: (key) => ask('probe', () => (provider.accepts(key) ? 'accepted' : 'rejected')),
      },
      this.#kind,
    );
    return rotationHandler(rotator, { client: this.#rotation.client?.(client) ?? client, log: () => {} });
  }

  works({ id }: Value): boolean {
    return this.#provider.keys.has(String(id));
  }

  /** A key that was made by hand is its maker's to end, if he has acted again since, and has pushed it out himself. */
  strays(held: readonly Value[], acts: number): readonly string[] {
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
    return () => {
      provider.keys.clear();
      for (const key of keys) provider.keys.set(key.id, key);
      provider.issued = issued;
    };
  }

  fingerprint(): unknown {
    // The last part of a key's name is chance.
    return [this.#provider.list().map(({ id, name }) => [id, name?.slice(0, -8)]), this.#provider.issued];
  }
}
