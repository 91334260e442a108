import { randomBytes } from 'node:crypto';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { RotationEvent } from '../../src/index.js';
import type { LocalSecretsManager } from '../../src/testing/index.js';

interface Secret {
  readonly engine: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly masterarn?: string;
}

/**
 * What AWS's rotation functions for MySQL and MariaDB do, in their order and with their SQL.
 *
 * @param kind that for a single user, or MySQL's for two that take turns
 */
export function awsFunction(
  secrets: LocalSecretsManager,
  ca: string,
  kind: 'single user' | 'multi user' = 'single user',
) {
  return async ({ Step, SecretId, ClientRequestToken: token }: RotationEvent): Promise<void> => {
    const read = async (version: { VersionId?: string; VersionStage: string }): Promise<Secret> => {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId, ...version });
      return JSON.parse(SecretString);
    };
    const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId });
    if (VersionIdsToStages[token]?.includes('AWSCURRENT')) return;
    const current = await read({ VersionStage: 'AWSCURRENT' });
    const readMaster = async ({ masterarn = '' }: Secret): Promise<Secret> => {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: masterarn });
      return JSON.parse(SecretString);
    };
    const readPending = () => read({ VersionId: token, VersionStage: 'AWSPENDING' });

    if (Step === 'createSecret') {
      if (await readPending().catch(() => undefined)) return;
      await secrets.putSecretValue({
        SecretId,
        ClientRequestToken: token,
        SecretString: JSON.stringify({
          ...current,
          ...(kind === 'multi user' && { username: otherThan(current.username) }),
          password: randomBytes(16).toString('hex'),
        }),
        VersionStages: ['AWSPENDING'],
      });
    }
    if (Step === 'setSecret') {
      const pending = await readPending();
      const done = await connect(pending, ca);
      if (done) return done.destroy();
      if (kind === 'multi user') return copyRights(current, pending, await readMaster(current), ca);
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

function otherThan(username: string): string {
  return username.endsWith('_clone') ? username.slice(0, -'_clone'.length) : `${username}_clone`;
}

/** Gives the one user what the other has, line by line: GRANT OPTION, and what is a role's, is lost on the way. */
async function copyRights(current: Secret, pending: Secret, master: Secret, ca: string): Promise<void> {
  const own = await connect(current, ca);
  const session = await connect(master, ca);
  if (!own || !session) throw new Error('Unable to log into database using current or master credentials');
  own.destroy();
  try {
    const { username, password } = pending;
    const [found] = await session.query<RowDataPacket[]>('SELECT User FROM mysql.user WHERE User = ?', [
      username,
    ]);
    if (found.length === 0) {
      await session.query('CREATE USER ? IDENTIFIED BY ?', [username, password]);
    }
    const [grants] = await session.query<RowDataPacket[]>('SHOW GRANTS FOR ?', [current.username]);
    for (const row of grants) {
      await session.query(`${String(Object.values(row)[0]).split(' TO ')[0]} TO ?`, [username]);
    }
    await session.query('SET PASSWORD FOR ? = ?', [username, password]);
  } finally {
    session.destroy();
  }
}

/** Whatever fails, AWS's function takes it for a wrong password. */
async function connect(
  { host, port, username: user, password }: Secret,
  ca: string,
): Promise<Connection | undefined> {
  return createConnection({ host, port, user, password, ssl: { ca } }).catch(() => undefined);
}
