import {
  type IssuedKey,
  issuedKey,
  type KeyEnding,
  type Rotator,
  type SecretsManagerApi,
  type StepContext,
  stringField,
  type Verdict,
} from '../../src/index.js';
import { serviceError } from '../support/faulty-client.js';
import type { ProviderKey } from '../support/key-provider.js';
import type { KeySecret } from '../support/key-rig.js';
import type { Twist } from './service.js';

/** The requests of a rotator to the provider. */
export interface KeyApi {
  issue(name: string): Promise<KeySecret>;
  list(): Promise<readonly ProviderKey[]>;
  revoke(id: string): Promise<void>;
  probe(key: string): Promise<Verdict>;
}

type KeyRotator = Rotator<KeySecret, 'id' | 'key'>;

/** A way to rotate issued keys, to be searched for what breaks it. */
export interface KeyRotation {
  rotator(api: KeyApi, provider: ProviderKind): KeyRotator;
  /** The fault is not in the rotator, but in what it tells the engine. */
  client?(client: SecretsManagerApi): SecretsManagerApi;
}

/** What a provider is like. */
export interface ProviderKind {
  readonly hasNames: boolean;
  readonly limit: number;
  /** In which other ways than one thinks it may do what it is asked for. */
  readonly twists?: readonly Twist[];
  /** What the rotator declares of it. */
  readonly ends?: KeyEnding;
}

const parse = (json: Readonly<Record<string, unknown>>): KeySecret => ({
  id: stringField(json, 'id'),
  key: stringField(json, 'key'),
});

const PROPAGATION_MS = 4000;

const right: KeyRotation = {
  rotator: (api, kind) => issuedKey(rightly(api, kind)),
};

function rightly(api: KeyApi, { hasNames, limit, twists, ends = 'at-once' }: ProviderKind) {
  return {
    name: 'right',
    rotates: ['id', 'key'],
    shows: [],
    parse,
    id: 'id',
    issue: (name: string) => api.issue(name),
    list: () => api.list(),
    revoke: (id: string) => api.revoke(id),
    probe: ({ key }: KeySecret) => api.probe(key),
    ownsEveryKey: !hasNames,
    ends,
    ...(twists?.includes('slowly') && { propagationMs: PROPAGATION_MS }),
    ...(limit < Number.POSITIVE_INFINITY && { maxKeys: limit }),
  } satisfies IssuedKey<KeySecret, 'id' | 'key'>;
}

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

/** Takes one acceptance of a new key for that of all servers. */
function believesOneAcceptance(api: KeyApi, kind: ProviderKind): KeyRotator {
  return issuedKey({ ...rightly(api, kind), settleMs: 0 });
}

/** Takes one refusal of an ended key for that of all servers: in a step it asks no more. */
function believesOneRefusal(api: KeyApi, kind: ProviderKind): KeyRotator {
  const refused = new WeakMap<AbortSignal, string>();
  const probe = async ({ key }: KeySecret, { signal }: StepContext): Promise<Verdict> => {
    const verdict = refused.get(signal) === key ? 'rejected' : await api.probe(key);
    if (verdict === 'rejected') refused.set(signal, key);
    return verdict;
  };
  return issuedKey({ ...rightly(api, kind), probe });
}

/** Does not try what it has ended, as if that were declared. */
function triesNothing(api: KeyApi, kind: ProviderKind): KeyRotator {
  return issuedKey({ ...rightly(api, kind), ends: 'untried' });
}

/** Ends what its list shows, and takes that for all there is. */
function believesOneList(api: KeyApi, kind: ProviderKind): KeyRotator {
  return {
    ...right.rotator(api, kind),
    async finishSecret({ pending }, { readVersions }) {
      const keys = await api.list();
      const versions = await readVersions();
      const held = versions.filter(({ labels }) => !labels.every((label) => label === 'AWSPREVIOUS'));
      const retired = versions.find(({ labels }) => labels.join() === 'AWSPREVIOUS')?.json?.id;
      const made = keys.find(({ id }) => id === pending.id)?.createdAt;
      const left = keys.filter(
        ({ id, createdAt }) => !held.some(({ json }) => json?.id === id) && made && createdAt < made,
      );
      for (const id of new Set([String(retired ?? ''), ...left.map(({ id }) => id)])) await api.revoke(id);
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
  'believes one acceptance': { rotator: believesOneAcceptance },
  'believes one refusal': { rotator: believesOneRefusal },
  'tries nothing that it has ended': { rotator: triesNothing },
  'believes one list': { rotator: believesOneList },
  'discards after a lost answer': { rotator: right.rotator, client: takesLossForRefusal },
} as const satisfies Readonly<Record<string, KeyRotation>>;
