import type { RotateSecretRequest } from '@aws-sdk/client-secrets-manager';
import {
  type IssuedKey,
  issuedKey,
  type LogEntry,
  rotationHandler,
  type Step,
  stringField,
} from '../../src/index.js';
import { LocalSecretsManager, type RotationReport } from '../../src/testing/index.js';
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

type RotationOptions = Pick<RotateSecretRequest, 'RotationRules'>;

export interface KeyRig {
  readonly secrets: LocalSecretsManager;
  readonly client: FaultyClient;
  readonly log: LogEntry[];
  begin(options?: RotationOptions): Promise<string>;
  deliver(step: Step): Promise<void>;
  run(): Promise<RotationReport>;
  reattempt(): Promise<RotationReport>;
  rotate(options?: RotationOptions): Promise<RotationReport>;
  /** The id of the key that a version holds. */
  holds(label: string): Promise<string>;
  warnings(): readonly string[];
}

/** A secret whose first key was made by hand, in a local Secrets Manager. */
export async function keyRig(
  provider: KeyProvider,
  parts: Partial<KeyDeclaration> = {},
  Name = 'app/key',
): Promise<KeyRig> {
  const secrets = new LocalSecretsManager();
  const client = new FaultyClient(secrets);
  const log: LogEntry[] = [];
  const handler = rotationHandler(issuedKey(keysOf(provider, parts)), {
    client,
    log: (entry) => log.push(entry),
  });
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  await secrets.createSecret({ Name, SecretString: JSON.stringify(provider.issue('made by hand')) });
  const rotation = () => secrets.rotation(Name);
  const begin = async (options: RotationOptions = {}) =>
    (await secrets.rotateSecret({ SecretId: Name, RotationLambdaARN, ...options })).VersionId ?? '';
  return {
    secrets,
    client,
    log,
    begin,
    deliver: (step) => rotation().deliver(step),
    run: () => rotation().run(),
    reattempt: () => rotation().reattempt(),
    async rotate(options) {
      await begin(options);
      return rotation().run();
    },
    async holds(label) {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: Name, VersionStage: label });
      return JSON.parse(SecretString).id;
    },
    warnings: () => log.flatMap(({ warnings = [] }) => warnings),
  };
}
