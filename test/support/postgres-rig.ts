import { alternatingUsers, postgres, type SingleUserOptions } from '../../rotators/postgres/index.js';
import { type LogEntry, rotationHandler, type SecretsManagerApi, type Step } from '../../src/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';

/** A secret for a role of a real server, and a Postgres rotator to rotate it: alternating users, if it is given pairs. */
export async function postgresRig(
  secretString: string,
  {
    client,
    lambdaTimeoutMs,
    administrator,
    tags = [],
    pairs,
    ...options
  }: SingleUserOptions & {
    client?: (secrets: LocalSecretsManager) => SecretsManagerApi;
    lambdaTimeoutMs?: number;
    /** The SecretString of the secret "admin". */
    administrator?: string;
    /** Its tags. */
    tags?: readonly { Key: string; Value: string }[];
    pairs?: Readonly<Record<string, string>>;
  } = {},
) {
  const secrets = new LocalSecretsManager(
    lambdaTimeoutMs === undefined ? {} : { timeoutMs: lambdaTimeoutMs },
  );
  const log: LogEntry[] = [];
  const told = {
    client: client?.(secrets) ?? secrets,
    log: (entry: LogEntry) => void log.push(entry),
  };
  const handler = pairs
    ? rotationHandler(alternatingUsers({ ...options, pairs }), told)
    : rotationHandler(postgres(options), told);
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  if (administrator !== undefined) {
    await secrets.createSecret({ Name: 'admin', SecretString: administrator, Tags: [...tags] });
  }
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
