import { randomBytes } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import type { RotationEvent } from '../../src/index.js';
import type { LocalSecretsManager } from '../../src/testing/index.js';

interface Secret {
  readonly engine: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** What AWS's rotation functions for a single user of MySQL and MariaDB do, in their order and with their SQL. */
export function awsFunction(secrets: LocalSecretsManager, ca: string) {
  return async ({ Step, SecretId, ClientRequestToken: token }: RotationEvent): Promise<void> => {
    const read = async (version: { VersionId?: string; VersionStage: string }): Promise<Secret> => {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId, ...version });
      return JSON.parse(SecretString);
    };
    const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId });
    if (VersionIdsToStages[token]?.includes('AWSCURRENT')) return;
    const current = await read({ VersionStage: 'AWSCURRENT' });
    const readPending = () => read({ VersionId: token, VersionStage: 'AWSPENDING' });

    if (Step === 'createSecret') {
      if (await readPending().catch(() => undefined)) return;
      await secrets.putSecretValue({
        SecretId,
        ClientRequestToken: token,
        SecretString: JSON.stringify({ ...current, password: randomBytes(16).toString('hex') }),
        VersionStages: ['AWSPENDING'],
      });
    }
    if (Step === 'setSecret') {
      const pending = await readPending();
      const done = await connect(pending, ca);
      if (done) return done.destroy();
      const previous = await read({ VersionStage: 'AWSPREVIOUS' }).catch(() => undefined);
      const session = (await connect(current, ca)) ?? (previous && (await connect(previous, ca)));
      if (!session) throw new Error('Unable to log into database with previous, current, or pending secret');
      const value = `'${pending.password}'`;
      await session.query(`SET PASSWORD = ${current.engine === 'mariadb' ? `PASSWORD(${value})` : value}`);
      session.destroy();
    }
    if (Step === 'testSecret') {
      const session = await connect(await readPending(), ca);
      if (!session) throw new Error('Unable to log into database with pending secret');
      await session.query('SELECT NOW()').finally(() => session.destroy());
    }
    if (Step === 'finishSecret') {
      const from = Object.keys(VersionIdsToStages).find((id) =>
        VersionIdsToStages[id]?.includes('AWSCURRENT'),
      );
      await secrets.updateSecretVersionStage({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: token,
        ...(from !== undefined && { RemoveFromVersionId: from }),
      });
    }
  };
}

/** Whatever fails, AWS's function takes it for a wrong password. */
async function connect(
  { host, port, username: user, password }: Secret,
  ca: string,
): Promise<Connection | undefined> {
  return createConnection({ host, port, user, password, ssl: { ca } }).catch(() => undefined);
}
