import { type IssuedKey, issuedKey, stringField } from '../../src/index.js';
import { LocalSecretsManager, type Rig, rig } from '../../src/testing/index.js';
import { FaultyClient } from './faulty-client.js';
import type { KeyProvider } from './key-provider.js';

export interface KeySecret {
  readonly id: string;
  readonly key: string;
}

export type KeyDeclaration = IssuedKey<KeySecret, 'id' | 'key'>;

/** A declaration for the keys of a provider, of which a test may replace parts. */
export function keysOf(provider: KeyProvider, parts: Partial<KeyDeclaration> = {}): KeyDeclaration {
  return {
    name: 'keys',
    rotates: ['id', 'key'],
    shows: [],
    parse: (json) => ({ id: stringField(json, 'id'), key: stringField(json, 'key') }),
    id: 'id',
    issue: (name) => provider.issue(name),
    list: () => provider.list(),
    revoke: (id) => void provider.revoke(id),
    probe: ({ key }) => (provider.accepts(key) ? 'accepted' : 'rejected'),
    ...parts,
  };
}

export interface KeyRig extends Rig<KeySecret> {
  readonly client: FaultyClient;
  /** The id of the key that a version holds. */
  holds(label: string): Promise<string>;
}

/** A secret whose first key was made by hand, in a local Secrets Manager. */
export async function keyRig(
  provider: KeyProvider,
  parts: Partial<KeyDeclaration> = {},
  name = 'app/key',
): Promise<KeyRig> {
  const secrets = new LocalSecretsManager();
  const client = new FaultyClient(secrets);
  const secret = provider.issue('made by hand');
  const rigged = await rig(issuedKey(keysOf(provider, parts)), { name, secret, secrets, client });
  return { ...rigged, client, holds: async (label) => (await rigged.value(label)).id };
}
