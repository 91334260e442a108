import { Client, type ClientConfig } from 'pg';
import type { RotationError } from '../../../src/index.js';
import { deploy } from '../../support/deployment.js';
import {
  describePooler,
  type PgBouncerOptions,
  type Pooler,
  startPgBouncer,
  startPgpool,
} from '../../support/poolers.js';
import { certificate, startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';
import { startRdsProxy } from '../../support/rds-proxy.js';

const FIRST = 'frst-9Kx2-7bqw';
const LOST = 'l0st-4Hn8-2zty';
const ADMIN = { username: 'admin', password: 'xk83-Qmw71-plv' };
const POOL = { username: 'pool', password: 'p00l-6Rtd-9wxm' };
const WEAK = { username: 'weak', password: 'weak-2Jqh-5vbn' };

const ASKS_SERVER = { timeoutMs: 3000, poolerAsksServer: true };
const pastPooler = () => ({ connectTo: () => ({ host: server.host, port: server.port }) });

let server: TestServer;
let count = 0;
const started: { stop(): Promise<unknown> }[] = [];

beforeAll(async () => {
  server = await startTestServer();
  await server.sql(
    `CREATE ROLE ${ADMIN.username} LOGIN CREATEROLE PASSWORD '${ADMIN.password}';` +
      `CREATE ROLE ${POOL.username} LOGIN SUPERUSER PASSWORD '${POOL.password}';` +
      `CREATE ROLE ${WEAK.username} LOGIN PASSWORD '${WEAK.password}'`,
  );
});

afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

afterAll(() => server.stop());

type Start = (app: string, current: () => Promise<string>) => Promise<Pooler>;
type RigOptions = Parameters<typeof postgresRig>[1];

interface Settings {
  readonly options?: RigOptions;
  readonly password?: string;
  /** Whether an administrator changes the password. */
  readonly byAdministrator?: boolean;
  /** Whether the pooler offers TLS, and the secret wants it. */
  readonly tls?: boolean;
}

/** A role, and its secret for a pooler in front of the server. */
async function behind(
  start: Start,
  { options, password = FIRST, byAdministrator, tls = false }: Settings = {},
) {
  const app = `app_${++count}`;
  await server.sql(
    `CREATE ROLE ${app} LOGIN PASSWORD '${FIRST}'; GRANT ${app} TO ${ADMIN.username} WITH ADMIN OPTION`,
  );
  const pooler = await start(app, () => rig.text('AWSCURRENT'));
  started.push(pooler);
  const ca = await certificate('ca.pem');
  const place = { host: 'localhost', port: pooler.port, ssl: tls };
  const secretString = server.secret(app, password, {
    ...place,
    ...(byAdministrator && { masterarn: 'admin' }),
  });
  const rig = await postgresRig(secretString, {
    timeoutMs: 3000,
    ca,
    ...(byAdministrator && { administrator: server.secret(ADMIN.username, ADMIN.password, place) }),
    ...options,
  });
  return {
    ...rig,
    app,
    secretString,
    async rotate() {
      await rig.begin();
      return rig.rotation().run();
    },
    /** Whether an application can log in by way of the pooler. */
    accepts: (given: string, username = app) => logsIn({ ...place, ssl: tls && { ca } }, username, given),
  };
}

type Behind = Awaited<ReturnType<typeof behind>>;

async function logsIn(place: ClientConfig, user: string, password: string): Promise<boolean> {
  const client = new Client({ ...place, user, password, database: 'postgres' });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch (error) {
    // PgBouncer refuses with 08P01, Pgpool with XX000.
    if (['08P01', '28000', '28P01', 'XX000'].includes((error as { code?: string }).code ?? '')) return false;
    throw error;
  } finally {
    await client.end();
  }
}

/** What is stored for all roles: salts make every change visible. */
const verifiers = () => server.sql('SELECT rolname, rolpassword FROM pg_authid ORDER BY rolname');

/** What a rotation and its repetition are refused with: nothing has changed for anybody. */
async function refusal(way: Behind): Promise<RotationError> {
  const before = await verifiers();
  const reports = [await way.rotate(), await way.rotation().reattempt()];
  expect(await verifiers()).toEqual(before);
  expect(await server.accepts(way.app, FIRST)).toBe(true);
  expect(await way.accepts(FIRST)).toBe(true);
  expect(await way.text('AWSPENDING')).not.toBe(way.secretString);
  expect(await way.text('AWSCURRENT')).toBe(way.secretString);
  const [error, again] = reports.map(({ steps }) => steps.at(-1)?.error as RotationError);
  expect(reports.map(({ steps }) => steps.at(-1)?.step)).toEqual(['setSecret', 'setSecret']);
  expect(again).toMatchObject({ code: error?.code, message: error?.message });
  return error!;
}

const IN_THE_WAY = {
  code: 'ERR_POOLER_IN_THE_WAY',
  hint: expect.stringMatching(/(?=.*`connectTo`)(?=.*`poolerAsksServer`)(?=.*POOLER_ASKS_SERVER)/s),
};

/** What no option helps with: only a way past the pooler does. */
const POOLS_STATEMENTS = {
  code: 'ERR_POOLER_IN_THE_WAY',
  message: expect.stringContaining('pools statements'),
  hint: expect.stringContaining('`connectTo`'),
};

async function expectRotated(way: Behind): Promise<void> {
  const old = await way.password('AWSCURRENT');
  expect(await way.rotate()).toMatchObject({ outcome: 'succeeded' });
  await expectCurrent(way, old);
}

/** AWSCURRENT works at the server and by way of the pooler, and the password before it nowhere. */
async function expectCurrent(way: Behind, old: string): Promise<void> {
  const current = await way.password('AWSCURRENT');
  for (const accepts of [way.accepts, (password: string) => server.accepts(way.app, password)]) {
    expect(await accepts(current)).toBe(true);
    expect(await accepts(old)).toBe(false);
  }
}

describePooler('pgbouncer', 'by way of PgBouncer', (test) => {
  const bouncer =
    (
      poolMode: PgBouncerOptions['poolMode'],
      more: (app: string) => Partial<PgBouncerOptions> | Promise<Partial<PgBouncerOptions>>,
    ): Start =>
    async (app) =>
      startPgBouncer({ server, poolMode, ...(await more(app)) });

  const ASKS = () => ({ asksAs: POOL });
  const PLAIN_FILE = (app: string) => ({ users: { [app]: FIRST, [ADMIN.username]: ADMIN.password } });
  const VERIFIER_FILE = async (app: string) => {
    const names = [app, ADMIN.username];
    const all = names.map(async (name) => [name, await server.verifierOf(name)] as const);
    return { users: Object.fromEntries(await Promise.all(all)) };
  };

  for (const poolMode of ['session', 'transaction'] as const) {
    const asking = bouncer(poolMode, ASKS);

    describe(`that asks the server (auth_query), with ${poolMode} pooling,`, () => {
      test('a rotation is refused unless the option says so', async () => {
        expect(await refusal(await behind(asking))).toMatchObject(IN_THE_WAY);
      });

      test('rotates with the option, again and again', async () => {
        const way = await behind(asking, { options: ASKS_SERVER });
        for (let n = 0; n < 3; n++) await expectRotated(way);
      });

      test('an attempt that died after setSecret is healed by the next one', async () => {
        const way = await behind(asking, { options: ASKS_SERVER });
        await way.begin();
        for (const step of ['createSecret', 'setSecret'] as const) await way.deliver(step);
        expect(await way.rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
        await expectCurrent(way, FIRST);
      });

      test('AWSPREVIOUS is tried when AWSCURRENT and AWSPENDING are refused', async () => {
        const way = await behind(asking, { options: ASKS_SERVER });
        const SecretString = way.secretString.replace(FIRST, LOST);
        await way.secrets.putSecretValue({ SecretId: 'db', SecretString });
        expect(await way.rotate()).toMatchObject({ outcome: 'succeeded' });
        await expectCurrent(way, FIRST);
      });

      test('no version that logs in: what the pooler has answered is told, not a refusal', async () => {
        const way = await behind(asking, { options: ASKS_SERVER, password: LOST });
        const error = await refusal(way);
        expect(error.message).toContain('08P01');
        expect(error.code).not.toBe('ERR_CREDENTIAL_REJECTED');
      });

      test('`connectTo` past it needs no option', async () => {
        const way = await behind(asking, { options: pastPooler() });
        for (let n = 0; n < 2; n++) await expectRotated(way);
      });

      test('an administrator changes nothing unless the option says so', async () => {
        const way = await behind(asking, { byAdministrator: true });
        expect(await refusal(way)).toMatchObject(IN_THE_WAY);
      });

      test('an administrator rotates with the option', async () => {
        const way = await behind(asking, { byAdministrator: true, options: ASKS_SERVER });
        for (let n = 0; n < 2; n++) await expectRotated(way);
      });

      test('alternating users are refused unless the option says so, and no clone is made', async () => {
        const way = await behind(asking, { byAdministrator: true, options: { pairs: {} } });
        expect(await refusal(way)).toMatchObject(IN_THE_WAY);
      });

      test('alternating users take turns with the option', async () => {
        const options = { ...ASKS_SERVER, pairs: {} };
        const way = await behind(asking, { byAdministrator: true, options });
        for (const user of [`${way.app}_clone`, way.app, `${way.app}_clone`]) {
          const before = await way.password('AWSCURRENT');
          const holder = JSON.parse(await way.text('AWSCURRENT')).username;
          expect(await way.rotate()).toMatchObject({ outcome: 'succeeded' });
          expect(JSON.parse(await way.text('AWSCURRENT')).username).toBe(user);
          expect(await way.accepts(await way.password('AWSCURRENT'), user)).toBe(true);
          expect(await way.accepts(before, holder)).toBe(true);
        }
      });
    });
  }

  test('with statement pooling the option does not help, and the error says why', async () => {
    const way = await behind(bouncer('statement', ASKS), { options: ASKS_SERVER });
    expect(await refusal(way)).toMatchObject(POOLS_STATEMENTS);
  });

  test('the function of the bundle rotates with POOLER_ASKS_SERVER, and is refused without', async () => {
    for (const [env, outcome] of [
      [{}, 'failed'],
      [{ POOLER_ASKS_SERVER: 'true' }, 'succeeded'],
    ] as const) {
      const { secretString } = await behind(bouncer('transaction', ASKS));
      const deployment = await deploy('postgres', secretString, env);
      started.push(deployment);
      expect(await deployment.rotate()).toMatchObject({ outcome });
    }
  });

  const forced = (forcedUser: typeof POOL) => (app: string) => ({
    ...PLAIN_FILE(app),
    forcedUser,
  });

  const WAYS = {
    'passwords of its own, session pooling': [bouncer('session', PLAIN_FILE), IN_THE_WAY],
    'passwords of its own, transaction pooling': [bouncer('transaction', PLAIN_FILE), IN_THE_WAY],
    'passwords of its own, statement pooling': [bouncer('statement', PLAIN_FILE), POOLS_STATEMENTS],
    'verifiers of its own': [bouncer('session', VERIFIER_FILE), IN_THE_WAY],
    'MD5 toward clients': [
      bouncer('transaction', (app) => ({ ...PLAIN_FILE(app), authType: 'md5' })),
      IN_THE_WAY,
    ],
    'clear text toward clients': [
      bouncer('transaction', (app) => ({ ...PLAIN_FILE(app), authType: 'plain' })),
      { code: 'ERR_TLS_NOT_OFFERED' },
    ],
    'no question for a password': [
      bouncer('session', (app) => ({ ...PLAIN_FILE(app), authType: 'trust' })),
      { code: 'ERR_CREDENTIAL_UNPROVEN' },
    ],
    'no question, and a superuser at the server': [
      bouncer('session', () => ({ forcedUser: POOL, authType: 'any' })),
      { code: 'ERR_CREDENTIAL_UNPROVEN' },
    ],
    'a superuser at the server': [bouncer('session', forced(POOL)), { code: 'ERR_POOLER_IN_THE_WAY' }],
    'a weak user at the server': [bouncer('transaction', forced(WEAK)), { code: 'ERR_POOLER_IN_THE_WAY' }],
  } as const satisfies Record<string, readonly [Start, object]>;

  for (const [title, [start, expected]] of Object.entries(WAYS)) {
    for (const byAdministrator of [false, true]) {
      const who = byAdministrator ? 'an administrator is' : 'a user is';
      test(`${who} refused, and changes nobody's password: PgBouncer with ${title}`, async () => {
        expect(await refusal(await behind(start, { byAdministrator }))).toMatchObject(expected);
      });
    }
  }

  for (const user of [POOL, WEAK]) {
    test(`the option does not let a session of "${user.username}" pass for the user's`, async () => {
      const way = await behind(bouncer('session', forced(user)), { options: ASKS_SERVER });
      expect(await refusal(way)).toMatchObject({
        code: 'ERR_POOLER_IN_THE_WAY',
        message: expect.stringContaining(`"${user.username}"`),
      });
    });
  }

  test('`connectTo` past one with passwords of its own changes the server, and the pooler learns nothing', async () => {
    const way = await behind(bouncer('session', VERIFIER_FILE), { options: pastPooler() });
    expect(await way.rotate()).toMatchObject({ outcome: 'succeeded' });
    const current = await way.password('AWSCURRENT');
    expect(await server.accepts(way.app, current)).toBe(true);
    expect(await way.accepts(current)).toBe(false);
  });
});

describePooler('pgpool', 'by way of Pgpool-II', (test) => {
  const keeping: Start = (app) =>
    startPgpool({ server, users: { [app]: FIRST, [ADMIN.username]: ADMIN.password } });

  for (const byAdministrator of [false, true]) {
    const who = byAdministrator ? 'an administrator is' : 'a user is';
    test(`${who} refused where it has passwords of its own (pool_passwd)`, async () => {
      expect(await refusal(await behind(keeping, { byAdministrator }))).toMatchObject(IN_THE_WAY);
    });
  }

  test('`connectTo` past it changes the server, and the pooler learns nothing', async () => {
    const way = await behind(keeping, { options: pastPooler() });
    expect(await way.rotate()).toMatchObject({ outcome: 'succeeded' });
    const current = await way.password('AWSCURRENT');
    expect(await server.accepts(way.app, current)).toBe(true);
    expect(await way.accepts(current)).toBe(false);
  });
});

describePooler('pgpool', 'by way of Pgpool-II that asks the server', (test) => {
  const asking: Start = () => startPgpool({ server });

  test('a rotation is refused unless the option says so', async () => {
    expect(await refusal(await behind(asking, { tls: true }))).toMatchObject(IN_THE_WAY);
  });

  test('rotates with the option, and goes on where an attempt died after setSecret', async () => {
    const way = await behind(asking, { tls: true, options: ASKS_SERVER });
    for (let n = 0; n < 2; n++) await expectRotated(way);
    const old = await way.password('AWSCURRENT');
    await way.begin();
    for (const step of ['createSecret', 'setSecret'] as const) await way.deliver(step);
    expect(await way.rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
    await expectCurrent(way, old);
  });
});

describe('by way of RDS Proxy (a double)', () => {
  const proxy: Start = (_app, current) =>
    startRdsProxy({ server, secret: async () => JSON.parse(await current()) });

  test('it is told what it knows, as documented', async () => {
    const way = await behind(proxy);
    expect(await way.accepts(FIRST)).toBe(true);
    expect(await way.accepts(LOST)).toBe(false);
    expect(await way.accepts(ADMIN.password, ADMIN.username)).toBe(false);
  });

  test('a rotation is refused', async () => {
    expect(await refusal(await behind(proxy))).toMatchObject(IN_THE_WAY);
  });

  test('`connectTo` past it rotates, and clients of the proxy log in with AWSCURRENT', async () => {
    const way = await behind(proxy, { options: pastPooler() });
    for (let n = 0; n < 3; n++) await expectRotated(way);
  });
});
