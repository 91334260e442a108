import { type RdsInstanceOptions, rdsInstance } from '../../rotators/postgres/index.js';
import { type LogEntry, rotationHandler, type Step } from '../../src/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import type { TestServer } from './postgres.js';

/** A secret for a master user, whose database is a real server, and the rotator for it. */
export async function rdsRig(
  server: TestServer,
  secretString: string,
  { lambdaTimeoutMs, ...options }: RdsInstanceOptions & { lambdaTimeoutMs?: number | undefined } = {},
) {
  const secrets = new LocalSecretsManager(
    lambdaTimeoutMs === undefined ? {} : { timeoutMs: lambdaTimeoutMs },
  );
  const log: LogEntry[] = [];
  const rotator = rdsInstance({
    pollMs: 20,
    connectTo: () => ({ host: server.host, port: server.port }),
    ...options,
  });
  const handler = rotationHandler(rotator, { client: secrets, log: (entry) => log.push(entry) });
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  await secrets.createSecret({ Name: 'db', SecretString: secretString });
  const begin = async (settings: { RotateImmediately?: boolean } = {}): Promise<string> => {
    const { VersionId = '' } = await secrets.rotateSecret({ SecretId: 'db', RotationLambdaARN, ...settings });
    return VersionId;
  };
  return {
    secrets,
    log,
    begin,
    /** Begins a rotation whose AWSPENDING is written by hand. */
    async beginWith(pending: string): Promise<string> {
      const token = await begin();
      await secrets.putSecretValue({
        SecretId: 'db',
        ClientRequestToken: token,
        SecretString: pending,
        VersionStages: ['AWSPENDING'],
      });
      return token;
    },
    run: () => secrets.rotation('db').run(),
    reattempt: () => secrets.rotation('db').reattempt(),
    deliver: (step: Step) => secrets.rotation('db').deliver(step),
    async password(label: string): Promise<string> {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'db', VersionStage: label });
      return JSON.parse(SecretString).password;
    },
  };
}
