import { mysql } from '../../rotators/mysql/index.js';
import { alternatingUsers, postgres } from '../../rotators/postgres/index.js';
import { issuedKey, type Rotator } from '../../src/index.js';
import { diagnose } from '../../src/operate/findings.js';
import { mend } from '../../src/operate/mend.js';
import { type ObserveOptions, observe } from '../../src/operate/observe.js';
import { takeStepsHere } from '../../src/operate/steps-here.js';
import { HiddenValues } from '../../src/redact/hidden-values.js';
import { STEPS } from '../../src/step.js';
import type { LocalSecretsManager } from '../../src/testing/index.js';
import { KeyProvider } from '../support/key-provider.js';
import { keyRig, keysOf } from '../support/key-rig.js';
import { describeServers } from '../support/mysql-programs.js';
import { FIRST, isAccepted, makeAdministrator, mysqlRig } from '../support/mysql-rig.js';
import * as mysqlServers from '../support/mysql-servers.js';
import { certificate, startTestServer, type TestServer } from '../support/postgres.js';
import { postgresRig } from '../support/postgres-rig.js';

interface Rigged {
  readonly secrets: LocalSecretsManager;
  readonly secretId: string;
}

/** What is made at the same moment has no order. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 5));

/** An hour later, so that nothing is young. */
const now = () => new Date(Date.now() + 3_600_000);

function doctor<Secret extends object, Field extends keyof Secret & string>(
  { secrets, secretId }: Rigged,
  rotator: Rotator<Secret, Field>,
) {
  const look = (options: ObserveOptions = {}) =>
    observe(
      { client: secrets, rotator, secretId, hidden: new HiddenValues([secretId]) },
      { which: 'needed', now, ...options },
    );
  return {
    look,
    found: async () => diagnose(await look()).name,
    verdicts: async (options: ObserveOptions = {}) =>
      (await look(options)).versions.map(({ labels, verdict }) => `${labels.join('+') || '-'} ${verdict}`),
    fix: () =>
      mend({
        ...{ client: secrets, now },
        look: (next) => look({ next }),
        ask: async () => true,
        sleep: async () => {},
        resume: (token) => takeStepsHere({ client: secrets, rotator, secretId, token }),
      }),
  };
}

describeServers('an account that is locked after three refused logins', (program, test) => {
  let server: mysqlServers.TestServer;
  beforeAll(async () => {
    server = await mysqlServers.startTestServer(program);
    await makeAdministrator(server);
    if (program.flavour === 'mariadb') await server.sql('SET GLOBAL max_password_errors = 3');
  });
  afterAll(() => server.stop());

  async function rotated() {
    const lock = program.flavour === 'mysql' ? ' FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED' : '';
    const rigged = await mysqlRig(server, { made: `IDENTIFIED BY '${FIRST}'${lock}` });
    for (let n = 0; n < 3; n++) expect(await rigged.rotate()).toMatchObject({ outcome: 'succeeded' });
    await server.sql(`ALTER USER ${rigged.app} IDENTIFIED BY '${FIRST}'`);
    if (program.flavour === 'mysql') await server.sql(`ALTER USER ${rigged.app} DISCARD OLD PASSWORD`);
    return { ...rigged, ...doctor(rigged, mysql({ ca: await certificate('ca.pem') })) };
  }

  test('is not locked by a look, however many versions there are', async () => {
    const { verdicts, found, app } = await rotated();
    expect(await verdicts({ which: 'all' })).toEqual([
      'AWSCURRENT refused',
      'AWSPREVIOUS refused',
      '- untried',
      '- untried',
    ]);
    expect(await isAccepted(server, app, FIRST)).toBe(true);
    expect(await found()).toBe('REFUSED_ALONE');
    expect(await isAccepted(server, app, FIRST)).toBe(true);
  });

  test('is told as locked when it is, not as refused, and nothing is done about it', async () => {
    const { look, fix, labels, app } = await rotated();
    for (let n = 0; n < 3; n++) await isAccepted(server, app, 'a-wrong-one').catch(() => {});
    const before = await labels();
    expect((await look()).versions[0]).toMatchObject({
      verdict: 'locked',
      reason: { code: 'ERR_LOGIN_NOT_ALLOWED' },
    });
    expect(await fix()).toMatchObject({ finding: { name: 'LOCKED' }, repairs: [] });
    expect(await labels()).toEqual(before);
  });
});

describe('users of PostgreSQL that take turns', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  test('are two users on purpose: a rotation of theirs that stopped is finished', async () => {
    await server.sql(`CREATE ROLE app LOGIN PASSWORD '${FIRST}'`);
    const rigged = await postgresRig(server.secret('app', FIRST, { masterarn: 'admin' }), {
      administrator: server.secret('postgres', server.password),
      pairs: {},
    });
    const { begin, deliver, text } = rigged;
    await aMoment();
    await begin();
    await deliver('createSecret');
    await deliver('setSecret');
    const { found, fix } = doctor(rigged, alternatingUsers());
    expect(await found()).toBe('BOTH_LIVE');
    expect(await fix()).toMatchObject({ finding: { name: 'OK' }, repairs: [{ kind: 'resume' }] });
    expect(JSON.parse(await text('AWSCURRENT')).username).toBe('app_clone');
  });
});

test('a pending user who is not the other of the two that take turns is not tried, and does not become AWSCURRENT', async () => {
  const own = await startTestServer();
  try {
    await own.sql(`CREATE ROLE app LOGIN PASSWORD '${FIRST}'`);
    await own.sql(`CREATE ROLE stranger LOGIN PASSWORD 'known-7bqw-9Kx2-horse'`);
    const rigged = await postgresRig(own.secret('app', FIRST, { masterarn: 'admin' }), {
      administrator: own.secret('postgres', own.password),
      pairs: {},
    });
    const { secrets, secretId, begin, text } = rigged;
    await aMoment();
    await begin();
    const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: secretId });
    const [token] = Object.keys(VersionIdsToStages).filter((id) =>
      VersionIdsToStages[id]?.includes('AWSPENDING'),
    );
    const current = await text('AWSCURRENT');
    await secrets.putSecretValue({
      ...{ SecretId: secretId, ClientRequestToken: token, VersionStages: ['AWSPENDING'] },
      SecretString: JSON.stringify({
        ...JSON.parse(current),
        username: 'stranger',
        password: 'known-7bqw-9Kx2-horse',
      }),
    });
    await own.sql(`ALTER ROLE app PASSWORD 'another-7bqw-9Kx2-horse'`);
    const { fix, verdicts } = doctor(rigged, alternatingUsers());
    expect(await verdicts()).toEqual(['AWSCURRENT refused', 'AWSPENDING foreign']);
    expect(await fix()).toMatchObject({ finding: { name: 'FOREIGN_PENDING' }, repairs: [] });
    expect(await text('AWSCURRENT')).toBe(current);
  } finally {
    await own.stop();
  }
});

test('users that take turns are not rotated by the rotator of a single user, though AWSPENDING is empty', async () => {
  const own = await startTestServer();
  try {
    await own.sql(`CREATE ROLE app LOGIN PASSWORD '${FIRST}'`);
    const rigged = await postgresRig(own.secret('app', FIRST, { masterarn: 'admin' }), {
      administrator: own.secret('postgres', own.password),
      pairs: {},
    });
    const { begin, deliver, text } = rigged;
    await aMoment();
    await begin();
    for (const step of STEPS) await deliver(step);
    await aMoment();
    await begin();
    const { username, password } = JSON.parse(await text('AWSCURRENT'));
    const { fix } = doctor(rigged, postgres());
    expect(await fix()).toMatchObject({ finding: { name: 'EMPTY_PENDING' }, repairs: [] });
    expect(await own.accepts(username, password)).toBe(true);
    expect((await doctor(rigged, alternatingUsers()).fix()).finding.name).toBe('OK');
    expect(JSON.parse(await text('AWSCURRENT')).username).toBe('app');
  } finally {
    await own.stop();
  }
});

describe('issued keys', () => {
  test('of a rotation that stopped before finishSecret are promoted, and the oldest is revoked', async () => {
    const provider = new KeyProvider();
    const rigged = await keyRig(provider);
    await rigged.rotate();
    await aMoment();
    await rigged.begin();
    await rigged.deliver('createSecret');
    const { found, fix } = doctor(rigged, issuedKey(keysOf(provider)));
    expect(await found()).toBe('BOTH_LIVE');
    expect((await fix()).finding.name).toBe('OK');
    expect([...provider.keys.keys()]).toEqual(['id-2', 'id-3']);
  });

  test('that are not active yet are no reason to bring back the one before', async () => {
    const provider = new KeyProvider();
    const rigged = await keyRig(provider);
    await rigged.rotate();
    const inactive = JSON.parse(await rigged.secretString('AWSCURRENT')).key;
    const declaration = keysOf(provider, {
      probe: ({ key }) => (key !== inactive && provider.accepts(key) ? 'accepted' : 'rejected'),
    });
    const { fix } = doctor(rigged, issuedKey(declaration));
    const before = await rigged.labels();
    expect(await fix()).toMatchObject({ finding: { name: 'PREVIOUS_LIVE' }, repairs: [] });
    expect(await rigged.labels()).toEqual(before);
  });

  test('of a rotation that was cancelled while both work are left to a person', async () => {
    const provider = new KeyProvider();
    const rigged = await keyRig(provider);
    await aMoment();
    await rigged.begin();
    await rigged.deliver('createSecret');
    await rigged.secrets.cancelRotateSecret({ SecretId: rigged.secretId });
    const { fix } = doctor(rigged, issuedKey(keysOf(provider)));
    expect(await fix()).toMatchObject({ finding: { name: 'CANCELLED' }, repairs: [] });
    expect(provider.keys.size).toBe(2);
  });
});
