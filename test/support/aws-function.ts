import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { RotationEvent } from '../../src/index.js';
import type { LocalSecretsManager } from '../../src/testing/index.js';

interface Secret {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly dbname: string;
  readonly masterarn?: string;
}

/** What AWS's two rotation functions for PostgreSQL do, in their order and with their SQL, passwords in the clear. */
export function awsFunction(strategy: 'single user' | 'multi user', secrets: LocalSecretsManager) {
  return async ({ Step, SecretId, ClientRequestToken: token }: RotationEvent): Promise<void> => {
    const read = async (
      version: { VersionId?: string; VersionStage: string },
      id = SecretId,
    ): Promise<Secret> => {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: id, ...version });
      return JSON.parse(SecretString);
    };
    const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId });
    if (VersionIdsToStages[token]?.includes('AWSCURRENT')) return;
    const current = await read({ VersionStage: 'AWSCURRENT' });
    const readPending = () => read({ VersionId: token, VersionStage: 'AWSPENDING' });

    if (Step === 'createSecret') {
      if (await readPending().catch(() => undefined)) return;
      const password = randomBytes(16).toString('hex');
      const username = strategy === 'single user' ? current.username : alternateOf(current.username);
      await secrets.putSecretValue({
        SecretId,
        ClientRequestToken: token,
        SecretString: JSON.stringify({ ...current, username, password }),
        VersionStages: ['AWSPENDING'],
      });
    }
    if (Step === 'setSecret') {
      const pending = await readPending();
      const done = await connect(pending);
      if (done) return done.end();
      const session = await connect(current);
      if (!session) throw new Error('Unable to log into database');
      if (strategy === 'single user') {
        await session.query(`ALTER USER "${pending.username}" WITH PASSWORD '${pending.password}'`);
        return session.end();
      }
      await session.end();
      const master = await connect(await read({ VersionStage: 'AWSCURRENT' }, current.masterarn ?? ''));
      if (!master) throw new Error('Unable to log into database using credentials in master secret');
      await setClone(master, current.username, pending).finally(() => master.end());
    }
    if (Step === 'testSecret') {
      const session = await connect(await readPending());
      if (!session) throw new Error('Unable to log into database with pending secret');
      await session.query('SELECT NOW()').finally(() => session.end());
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

async function setClone(master: Client, username: string, pending: Secret): Promise<void> {
  const { rows } = await master.query('SELECT FROM pg_roles WHERE rolname = $1', [pending.username]);
  if (rows.length > 0) {
    await master.query(`ALTER USER "${pending.username}" WITH PASSWORD '${pending.password}'`);
  } else {
    await master.query(`CREATE ROLE "${pending.username}" WITH LOGIN PASSWORD '${pending.password}'`);
    await master.query(`GRANT "${username}" TO "${pending.username}"`);
  }
}

function alternateOf(username: string): string {
  return username.endsWith('_clone') ? username.slice(0, -'_clone'.length) : `${username}_clone`;
}

/** Whatever fails, AWS's function takes it for a wrong password. */
async function connect({ host, port, username, password, dbname }: Secret): Promise<Client | undefined> {
  const client = new Client({ host, port, user: username, password, database: dbname, ssl: false });
  try {
    await client.connect();
    return client;
  } catch {
    await client.end();
    return undefined;
  }
}
