import { passwordSource, type Rehearsal, type StartRehearsal } from '../../src/index.js';
import { parsed, rehearsalOf } from '../databases/rehearsal/on-server.js';
import { passwordHash } from './hashes.js';
import { mysql } from './index.js';
import { type MysqlOptions, serverOptions } from './options.js';
import { startServer } from './rehearsal/installed-server.js';
import { installedProgram } from './rehearsal/programs.js';
import { engineFor } from './rotator.js';
import { MYSQL } from './secret.js';
import { hexLiteral, quotedLiteral } from './sql.js';

const ADMINISTRATOR = 'administrator';

/** Rehearses on an installed server that it starts itself, or on the server that a secret names. */
export const startRehearsal: StartRehearsal = async ({ secretString }) =>
  secretString === undefined ? onInstalledServer() : onOwnServer(secretString);

async function onInstalledServer(): Promise<Rehearsal> {
  const { title, admin, app, publicKey, stop } = await startForRehearsal();
  return {
    ...commonOf({ ...(publicKey !== undefined && { serverPublicKey: publicKey }) }),
    title: `${title}, user "app", administrator "${admin.username}"`,
    secretString: JSON.stringify({ ...app, masterarn: ADMINISTRATOR }),
    otherSecrets: { [ADMINISTRATOR]: JSON.stringify(admin) },
    stop,
  };
}

/** Starts a server with a user "app" and an administrator that has only the rights it needs. */
export async function startForRehearsal() {
  const program = installedProgram();
  const { flavour, product, version } = program;
  const makePassword = passwordSource();
  const [app, rotator] = [makePassword(), makePassword()];
  const made = (password: string) =>
    flavour === 'mysql'
      ? `IDENTIFIED WITH caching_sha2_password AS ${hexLiteral(passwordHash('caching_sha2_password', password))}`
      : `IDENTIFIED VIA mysql_native_password USING ${quotedLiteral(passwordHash('mysql_native_password', password))}`;
  const { host, port, publicKey, stop } = await startServer(program, [
    `CREATE USER app ${made(app)}`,
    `CREATE USER rotator ${made(rotator)}`,
    'GRANT CREATE USER ON *.* TO rotator',
    ...(flavour === 'mariadb' ? ['GRANT SELECT (User, Host) ON mysql.user TO rotator'] : []),
  ]);
  const place = { engine: flavour, host, port, ssl: false };
  return {
    title: `${product} ${version}, started for this rehearsal on ${host}:${port}`,
    admin: { ...place, username: 'rotator', password: rotator },
    app: { ...place, username: 'app', password: app },
    publicKey,
    stop,
  };
}

/** The user changes its own password: a rehearsal must not use another server's administrator. */
async function onOwnServer(secretString: string): Promise<Rehearsal> {
  const { host, port, username, masterarn } = parsed(MYSQL, secretString);
  if (masterarn !== undefined) {
    throw new Error(
      'two passwords by an administrator can be rehearsed only on a server that the rehearsal starts: leave out --secret. Or ' +
        'leave "masterarn" out of the file: the user then changes its own password',
    );
  }
  return {
    ...commonOf({ keeps: 1 }),
    title: `MySQL or MariaDB on ${host}:${port}, user "${username}"`,
    secretString,
    stop: async () => {},
  };
}

function commonOf(options: MysqlOptions) {
  return rehearsalOf(engineFor(serverOptions(options)), mysql(options));
}
