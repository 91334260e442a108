import type { RotateSecretRequest } from '@aws-sdk/client-secrets-manager';
import type { ApiKeySecret } from '../../rotators/api-key/index.js';
import { type LogEntry, type Rotator, rotationHandler, type Step } from '../../src/index.js';
import { LocalSecretsManager, type RotationReport } from '../../src/testing/index.js';
import { FaultyClient } from './faulty-client.js';

type RotationOptions = Pick<RotateSecretRequest, 'RotateImmediately' | 'RotationRules'>;

export interface ApiKeyRig {
  readonly secrets: LocalSecretsManager;
  readonly client: FaultyClient;
  readonly log: LogEntry[];
  begin(options?: RotationOptions): Promise<string>;
  deliver(step: Step): Promise<void>;
  run(): Promise<RotationReport>;
  reattempt(): Promise<RotationReport>;
  rotate(options?: RotationOptions): Promise<RotationReport>;
  /** The fields of a version; of a plain text, the text itself as `text`. */
  value(label: string): Promise<Record<string, string>>;
}

/** A secret and an administrator's, in a local Secrets Manager. */
export async function apiKeyRig(
  rotator: Rotator<ApiKeySecret, string>,
  { secret, admin }: { readonly secret: object | string; readonly admin?: object },
): Promise<ApiKeyRig> {
  const secrets = new LocalSecretsManager();
  const client = new FaultyClient(secrets);
  const log: LogEntry[] = [];
  const handler = rotationHandler(rotator, { client, log: (entry) => log.push(entry) });
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  if (admin) await secrets.createSecret({ Name: 'admin', SecretString: JSON.stringify(admin) });
  const SecretString = typeof secret === 'string' ? secret : JSON.stringify(secret);
  await secrets.createSecret({ Name: 'app/key', SecretString });
  const rotation = () => secrets.rotation('app/key');
  const begin: ApiKeyRig['begin'] = async (options = {}) =>
    (await secrets.rotateSecret({ SecretId: 'app/key', RotationLambdaARN, ...options })).VersionId ?? '';
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
    async value(label) {
      const version = { SecretId: 'app/key', VersionStage: label };
      const { SecretString: stored = '' } = await secrets.getSecretValue(version);
      return stored.startsWith('{') ? JSON.parse(stored) : { text: stored };
    },
  };
}
