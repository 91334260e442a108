import { type PostgresOptions, postgres } from '../../rotators/postgres/index.js';
import { type LogEntry, rotationHandler, type SecretsManagerApi, type Step } from '../../src/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';

/** A secret for a role of a real server, and the Postgres rotator to rotate it. */
export async function postgresRig(
  secretString: string,
  {
    client,
    lambdaTimeoutMs,
    ...options
  }: PostgresOptions & {
    client?: (secrets: LocalSecretsManager) => SecretsManagerApi;
    lambdaTimeoutMs?: number;
  } = {},
) {
  const secrets = new LocalSecretsManager(
    lambdaTimeoutMs === undefined ? {} : { timeoutMs: lambdaTimeoutMs },
  );
  const log: LogEntry[] = [];
  const handler = rotationHandler(postgres(options), {
    client: client?.(secrets) ?? secrets,
    log: (entry) => log.push(entry),
  });
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  await secrets.createSecret({ Name: 'db', SecretString: secretString });
  const rotation = () => secrets.rotation('db');
  return {
    secrets,
    log,
    rotation,
    async begin(settings: { RotateImmediately?: boolean } = {}): Promise<string> {
      const { VersionId = '' } = await secrets.rotateSecret({
        SecretId: 'db',
        RotationLambdaARN,
        ...settings,
      });
      return VersionId;
    },
    /** Begins a rotation whose AWSPENDING is written by hand, or by another function. */
    async beginWith(pending: string): Promise<string> {
      const { VersionId = '' } = await secrets.rotateSecret({ SecretId: 'db', RotationLambdaARN });
      await secrets.putSecretValue({
        SecretId: 'db',
        ClientRequestToken: VersionId,
        SecretString: pending,
        VersionStages: ['AWSPENDING'],
      });
      return VersionId;
    },
    deliver: (step: Step) => rotation().deliver(step),
    async text(label: string): Promise<string> {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'db', VersionStage: label });
      return SecretString;
    },
    async password(label: string): Promise<string> {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'db', VersionStage: label });
      return JSON.parse(SecretString).password;
    },
  };
}
