import {
  issuedKey,
  type Rotator,
  type SecretsManagerApi,
  stringField,
  type Verdict,
} from '../../src/index.js';
import { serviceError } from '../support/faulty-client.js';
import type { ProviderKey } from '../support/key-provider.js';
import type { KeySecret } from '../support/key-rig.js';

/** The requests of a rotator to the provider. */
interface KeyApi {
  issue(name: string): Promise<KeySecret>;
  list(): Promise<readonly ProviderKey[]>;
  revoke(id: string): Promise<void>;
  probe(key: string): Promise<Verdict>;
}

type KeyRotator = Rotator<KeySecret, 'id' | 'key'>;

/** A way to rotate issued keys, to be searched for what breaks it. */
export interface KeyRotation {
  rotator(api: KeyApi, provider: ProviderKind): KeyRotator;
  /** Where the fault is not in the rotator, but in what the engine is told. */
  client?(client: SecretsManagerApi): SecretsManagerApi;
}

/** What a provider is like. */
export interface ProviderKind {
  readonly hasNames: boolean;
  readonly limit: number;
}

const parse = (json: Readonly<Record<string, unknown>>): KeySecret => ({
  id: stringField(json, 'id'),
  key: stringField(json, 'key'),
});

const right: KeyRotation = {
  rotator: (api, { hasNames, limit }) =>
    issuedKey({
      name: 'right',
      rotates: ['id', 'key'],
      shows: [],
      parse,
      id: 'id',
      issue: (name) => api.issue(name),
      list: () => api.list(),
      revoke: (id) => api.revoke(id),
      probe: ({ key }) => api.probe(key),
      ownsEveryKey: !hasNames,
      ...(limit < Number.POSITIVE_INFINITY && { maxKeys: limit }),
    }),
};

/** Issues, and retires what is old. */
function naive(api: KeyApi): KeyRotator {
  return {
    name: 'naive',
    rotates: ['id', 'key'],
    shows: ['id'],
    parse,
    createSecret: (_, { token }) => api.issue(token),
    setSecret: () => {},
    testSecret: ({ key }) => api.probe(key),
    async finishSecret({ previous }) {
      const old = await previous();
      if (old) await api.revoke(old.id);
    },
  };
}

/** Cleans up after earlier attempts before it issues: another attempt may be about to store what it finds. */
function cleansUpFirst(api: KeyApi): KeyRotator {
  return {
    ...naive(api),
    async createSecret(_, { token }) {
      for (const { id, name } of await api.list()) if (name === token) await api.revoke(id);
      return api.issue(token);
    },
  };
}

/** Takes every failure of PutSecretValue for a refusal, so that what was made is discarded after a lost answer too. */
function takesLossForRefusal(client: SecretsManagerApi): SecretsManagerApi {
  return {
    describeSecret: (input) => client.describeSecret(input),
    getSecretValue: (input) => client.getSecretValue(input),
    updateSecretVersionStage: (input) => client.updateSecretVersionStage(input),
    putSecretValue: (input) =>
      client.putSecretValue(input).catch((error: Error) => {
        throw serviceError(error.name === 'ResourceExistsException' ? error.name : 'AccessDeniedException');
      }),
  };
}

export const KEY_ROTATIONS = {
  right,
  'naive order': { rotator: naive },
  'cleans up before issuing': { rotator: cleansUpFirst },
  'discards after a lost answer': { rotator: right.rotator, client: takesLossForRefusal },
} as const satisfies Readonly<Record<string, KeyRotation>>;
