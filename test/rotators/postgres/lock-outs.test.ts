import type { SecretsManagerApi } from '../../../src/index.js';
import { type DisturbedServer, disturbed, MESSAGES } from '../../support/disturbed-server.js';
import { rejection } from '../../support/errors.js';
import { FaultyClient, serviceError } from '../../support/faulty-client.js';
import { certificate, startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';
const ELSEWHERE = 'changed-elsewhere-2';
const ADMIN = 'xk83-Qmw71-plv';

type Options = NonNullable<Parameters<typeof postgresRig>[1]>;

/** How a secret is rotated: what is in it, and the options. */
const KINDS = {
  'by itself': { secret: {}, options: {} },
  'through an administrator': { secret: { masterarn: 'admin' }, options: {} },
  'with alternating users': { secret: { masterarn: 'admin' }, options: { pairs: {} } },
} as const satisfies Record<string, { secret: object; options: Options }>;
type Kind = keyof typeof KINDS;
const ALL = Object.keys(KINDS) as readonly Kind[];

let server: TestServer;
let count = 0;
const lines: DisturbedServer[] = [];

beforeAll(async () => {
  server = await startTestServer({ settings: { log_connections: 'all' } });
  await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
});

afterAll(() => server.stop());

afterEach(() => Promise.all(lines.splice(0).map((line) => line.close())));

/** A user that the administrator may change. */
async function role(name = `app_${++count}`, at = server): Promise<string> {
  await at.sql(`CREATE ROLE "${name}" LOGIN PASSWORD '${FIRST}'`);
  await at.sql(`GRANT "${name}" TO admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
  return name;
}

/** A user, its secret, and a way to the server that can be disturbed. */
async function rig(kind: Kind, options: Options = {}, rewrite?: (answer: Buffer) => Buffer) {
  const app = await role();
  const line = await disturbed(server.port, rewrite);
  lines.push(line);
  const more = { port: line.port, ...KINDS[kind].secret };
  const rigged = await postgresRig(server.secret(app, FIRST, more), {
    administrator: server.secret('admin', ADMIN, { port: line.port }),
    ...KINDS[kind].options,
    ...options,
  });
  const { secrets, begin, rotation, text } = rigged;
  const stored = (password: string, others: object = {}) =>
    server.secret(app, password, { ...more, ...others });
  return {
    ...rigged,
    app,
    line,
    stored,
    async rotate(): Promise<void> {
      await begin();
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    },
    async works(label: string): Promise<boolean> {
      const { username, password } = JSON.parse(await text(label));
      return server.accepts(username, password);
    },
    verifiers: () => verifiersOf(app),
    async labels() {
      return (await secrets.describeSecret({ SecretId: 'db' })).VersionIdsToStages ?? {};
    },
    dropPending: (token: string) => unlabel('AWSPENDING', token),
    /** Stores a version that has no label. */
    async abandon(SecretString: string): Promise<string> {
      const { VersionId = '' } = await secrets.putSecretValue({
        SecretId: 'db',
        SecretString,
        VersionStages: ['draft'],
      });
      await unlabel('draft', VersionId);
      return VersionId;
    },
  };

  function unlabel(VersionStage: string, RemoveFromVersionId: string) {
    return secrets.updateSecretVersionStage({ SecretId: 'db', VersionStage, RemoveFromVersionId });
  }
}

/** What is stored for a user and its clone. */
function verifiersOf(app: string) {
  return server.sql(
    `SELECT rolname, rolpassword FROM pg_authid WHERE rolname IN ('${app}', '${app}_clone') ORDER BY 1`,
  );
}

/** How an attempt ends that is not waited for yet. */
function ending(work: Promise<void>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** What the server logs of a user's logins during some work. */
async function loginsDuring(app: string, work: () => Promise<unknown>) {
  const at = server.log().length;
  await work();
  await server.sql('SELECT');
  const told = (pattern: string) => server.log().slice(at).match(new RegExp(pattern, 'g'))?.length ?? 0;
  return {
    taken: told(`connection authenticated: identity="${app}"`),
    refused: told(`password authentication failed for user "${app}"`),
  };
}

/** Does the same for several at once, since most of it is waiting. */
async function inEach<T>(cases: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const ends = await Promise.allSettled(cases.map(work));
  for (const [n, end] of ends.entries()) {
    if (end.status === 'rejected')
      throw new Error(`${cases[n]}: ${end.reason.message}`, { cause: end.reason });
  }
}

describe('an attempt that comes too late', () => {
  // So many rotations before it; and after it, until the same user has its turn again.
  const CASES = [
    ['by itself', 'ALTER ROLE', 0, 1],
    ['by itself', 'COMMIT', 0, 1],
    ['through an administrator', 'ALTER ROLE', 0, 1],
    ['through an administrator', 'COMMIT', 0, 1],
    ['with alternating users', 'CREATE ROLE', 0, 2],
    ['with alternating users', 'ALTER ROLE', 1, 2],
    ['with alternating users', 'ALTER ROLE', 2, 2],
    ['with alternating users', 'COMMIT', 0, 2],
    ['with alternating users', 'COMMIT', 1, 2],
  ] as const;

  test.each(['ALTER ROLE', 'CREATE ROLE', 'COMMIT'])('at %s changes nothing', (statement) =>
    inEach(
      CASES.filter(([, held]) => held === statement),
      async ([kind, held, before, after]) => {
        const { line, begin, deliver, rotation, rotate, verifiers, works } = await rig(kind);
        for (let n = 0; n < before; n++) await rotate();
        await begin();
        await deliver('createSecret');
        const { reached, letGo } = line.holdBack(MESSAGES[held]);
        const late = ending(deliver('setSecret'));
        await reached;
        const startedAt = performance.now();
        expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
        // With COMMIT, until the server has ended the session that holds the lock.
        expect(performance.now() - startedAt).toBeLessThan(5000);
        for (let n = 0; n < after; n++) await rotate();
        const stored = await verifiers();
        letGo();
        const code = held === 'COMMIT' ? 'ERR_SERVICE_TIMEOUT' : 'ERR_ROTATION_ABANDONED';
        expect(await late).toMatchObject({ code });
        expect(await verifiers()).toEqual(stored);
        expect(await works('AWSCURRENT')).toBe(true);
        if (kind === 'with alternating users') expect(await works('AWSPREVIOUS')).toBe(true);
        await rotate();
      },
    ),
  );

  test('leaves what was repaired by hand', () =>
    inEach(ALL, async (kind) => {
      const { app, line, secrets, begin, deliver, labels, stored, works, rotate } = await rig(kind);
      // Then the original has its turn, whose password is repaired.
      if (kind === 'with alternating users') await rotate();
      const token = await begin();
      await deliver('createSecret');
      const { reached, letGo } = line.holdBack(MESSAGES['ALTER ROLE']);
      const late = ending(deliver('setSecret'));
      await reached;
      await server.sql(`ALTER ROLE "${app}" PASSWORD '${ELSEWHERE}'`);
      await secrets.putSecretValue({ SecretId: 'db', SecretString: stored(ELSEWHERE) });
      expect(await labels()).not.toHaveProperty(token);
      letGo();
      expect(await late).toMatchObject({ code: 'ERR_ROTATION_ABANDONED' });
      expect(await works('AWSCURRENT')).toBe(true);
      await rotate();
    }));

  test.each(ALL)('has succeeded if another has finished its rotation %s', async (kind) => {
    const { line, begin, deliver, rotation, verifiers, works, log, rotate } = await rig(kind);
    if (kind === 'with alternating users') await rotate();
    await begin();
    await deliver('createSecret');
    const { reached, letGo } = line.holdBack(MESSAGES['ALTER ROLE']);
    const late = deliver('setSecret');
    await reached;
    expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
    const stored = await verifiers();
    letGo();
    await late;
    expect(log.at(-1)).toMatchObject({ step: 'setSecret', outcome: 'already-current' });
    expect(await verifiers()).toEqual(stored);
    expect(await works('AWSCURRENT')).toBe(true);
  });
});

describe('a look at the labels that', () => {
  type Describe = SecretsManagerApi['describeSecret'];
  const LOOKS: Record<string, (look: () => ReturnType<Describe>, token: string) => ReturnType<Describe>> = {
    'is throttled': async () => {
      throw serviceError('ThrottlingException');
    },
    'is never answered': () => new Promise(() => {}),
    'does not list the version': async (look, token) => {
      const { VersionIdsToStages: { [token]: _, ...others } = {}, ...answer } = await look();
      return { ...answer, VersionIdsToStages: others };
    },
  };

  test.each(Object.keys(LOOKS))(
    '%s rolls the change back, and the next attempt succeeds within 5 s',
    (name) =>
      inEach(ALL, async (kind) => {
        let looks = Number.POSITIVE_INFINITY;
        let token = '';
        const { begin, deliver, rotation, verifiers, works, labels } = await rig(kind, {
          client(secrets) {
            const describeSecret: Describe = (input) => {
              const look = () => secrets.describeSecret(input);
              // The first one is the step's own.
              return ++looks === 2 ? LOOKS[name]!(look, token) : look();
            };
            return { ...new FaultyClient(secrets), describeSecret };
          },
        });
        token = await begin();
        await deliver('createSecret');
        const stored = await verifiers();
        looks = 0;
        expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_NOT_CONFIRMED' });
        expect(looks).toBeGreaterThanOrEqual(2);
        expect(await verifiers()).toEqual(stored);
        expect((await labels())[token]).toEqual(['AWSPENDING']);
        const startedAt = performance.now();
        expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
        expect(performance.now() - startedAt).toBeLessThan(5000);
        expect(await works('AWSCURRENT')).toBe(true);
      }),
  );
});

describe('a COMMIT without an answer', () => {
  test.each(ALL.flatMap((kind) => [[kind, 'before'] as const, [kind, 'after'] as const]))(
    '%s, lost %s it took effect, has an unknown outcome, which the next attempt finds out',
    async (kind, when) => {
      const { line, begin, deliver, rotation, labels, verifiers, works } = await rig(kind);
      const token = await begin();
      await deliver('createSecret');
      const stored = await verifiers();
      line.breakAt(MESSAGES.COMMIT, when);
      expect(await rejection(deliver('setSecret'))).toMatchObject({
        code: 'ERR_OUTCOME_UNKNOWN',
        hint: expect.stringContaining('leave AWSPENDING where it is'),
      });
      if (when === 'before') expect(await verifiers()).toEqual(stored);
      else expect(await verifiers()).not.toEqual(stored);
      expect((await labels())[token]).toEqual(['AWSPENDING']);
      expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(await works('AWSCURRENT')).toBe(true);
    },
  );

  test('that waits for a standby which is away is named by the next attempt', async () => {
    const rigs = await Promise.all(ALL.map((kind) => rig(kind, { timeoutMs: 1500 })));
    for (const { begin, deliver } of rigs) {
      await begin();
      await deliver('createSecret');
    }
    await configure("SET synchronous_standby_names = 'gone'");
    try {
      await inEach(rigs, async ({ deliver, labels, rotation }) => {
        expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_OUTCOME_UNKNOWN' });
        expect(await rejection(deliver('setSecret'))).toMatchObject({
          code: 'ERR_SERVICE_TIMEOUT',
          hint: expect.stringMatching(/quarterturn.*SyncRep/),
        });
        expect((await labels())[rotation().token ?? '']).toEqual(['AWSPENDING']);
      });
    } finally {
      await configure('RESET synchronous_standby_names');
    }
    await inEach(rigs, async ({ rotation, works }) => {
      expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(await works('AWSCURRENT')).toBe(true);
    });
  });

  /** Until a new session sees it: the server reads its configuration some time after the signal. */
  async function configure(change: string): Promise<void> {
    const value = async () =>
      (await server.sql('SHOW synchronous_standby_names'))[0]?.synchronous_standby_names;
    const before = await value();
    await server.sql(`ALTER SYSTEM ${change}`);
    await server.sql('SELECT pg_reload_conf()');
    while ((await value()) === before) await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

describe('behind a pooler that refuses passwords with 08P01', () => {
  /** As PgBouncer does, which has no separate code for them. */
  const rewrite = (answer: Buffer): Buffer =>
    Buffer.from(answer.toString('latin1').replaceAll('C28P01\0', 'C08P01\0'), 'latin1');

  test.each(['by itself', 'through an administrator'] as const)(
    'a rotation that died after setSecret is ended by the next attempt, %s',
    async (kind) => {
      const { begin, deliver, rotation, works } = await rig(kind, {}, rewrite);
      await begin();
      await deliver('createSecret');
      await deliver('setSecret');
      expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(await works('AWSCURRENT')).toBe(true);
    },
  );

  test.each(['by itself', 'through an administrator'] as const)(
    'where no password works, nothing is taken for a refusal, nor reset, nor is AWSPENDING to be dropped, %s',
    async (kind) => {
      const mayReset = Array.from({ length: 99 }, (_, n) => `app_${n}`);
      const { app, begin, deliver } = await rig(kind, { mayReset }, rewrite);
      await server.sql(`ALTER ROLE "${app}" PASSWORD '${ELSEWHERE}'`);
      await begin();
      await deliver('createSecret');
      const error = await rejection(deliver('setSecret'));
      expect(error).toMatchObject({
        code: 'ERR_SERVICE_FAILED',
        message: expect.stringContaining('08P01'),
        hint: expect.not.stringMatching(/update-secret-version-stage|drops/),
      });
      expect(await rejection(deliver('testSecret'))).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
      expect(await server.accepts(app, ELSEWHERE)).toBe(true);
    },
  );
});

test.each([
  ['a role with NOLOGIN', 'ERR_LOGIN_NOT_ALLOWED', 'NOLOGIN', {}],
  ['a role with CONNECTION LIMIT 0', 'ERR_SERVICE_FULL', 'CONNECTION LIMIT 0', {}],
  ['a database that is missing', 'ERR_DATABASE_MISSING', 'LOGIN', { dbname: 'nowhere' }],
])('for %s no other password is tried: the first was right', async (_, code, attribute, others) => {
  const { app, begin, deliver, abandon, secrets, stored } = await rig('by itself');
  await secrets.putSecretValue({ SecretId: 'db', SecretString: stored(FIRST, others) });
  await abandon(stored(ELSEWHERE, others));
  await server.sql(`ALTER ROLE "${app}" ${attribute}`);
  await begin();
  await deliver('createSecret');
  const logins = await loginsDuring(app, async () => {
    expect(await rejection(deliver('setSecret'))).toMatchObject({ code });
  });
  expect(logins).toEqual({ taken: 1, refused: 0 });
});

describe('a rotation that was given up after setSecret', () => {
  type Rig = Awaited<ReturnType<typeof rig>>;
  const GIVEN_UP: Record<string, (rigged: Rig, token: string) => Promise<unknown>> = {
    'AWSPENDING was dropped': ({ dropPending }, token) => dropPending(token),
    'a field was edited': async ({ secrets, stored, password }) =>
      secrets.putSecretValue({
        SecretId: 'db',
        SecretString: stored(await password('AWSCURRENT'), { note: 'edited' }),
      }),
    'it was cancelled': async ({ secrets, dropPending }, token) => {
      await secrets.cancelRotateSecret({ SecretId: 'db' });
      await dropPending(token);
    },
  };

  async function giveUp(rigged: Rig, how = 'AWSPENDING was dropped'): Promise<string> {
    const token = await rigged.begin();
    await rigged.deliver('createSecret');
    await rigged.deliver('setSecret');
    await GIVEN_UP[how]!(rigged, token);
    return token;
  }

  /** What setSecret of a new rotation throws. */
  async function failure({ begin, deliver }: Rig) {
    await begin();
    await deliver('createSecret');
    return rejection(deliver('setSecret'));
  }

  test.each(Object.keys(GIVEN_UP).flatMap((how) => [0, 1, 2].map((earlier) => [how, earlier] as const)))(
    'is healed by the next, which names its version (%s, %i rotations before)',
    async (how, earlier) => {
      const rigged = await rig('by itself');
      for (let n = 0; n < earlier; n++) await rigged.rotate();
      const token = await giveUp(rigged, how);
      expect(await rigged.works('AWSCURRENT')).toBe(false);
      const { refused } = await loginsDuring(rigged.app, rigged.rotate);
      expect(refused).toBeLessThanOrEqual(3);
      expect(await rigged.works('AWSCURRENT')).toBe(true);
      expect(rigged.log.flatMap(({ warnings = [] }) => warnings)).toEqual([
        expect.stringContaining(`version ${token}, which has no label`),
      ]);
    },
  );

  test.each([0, 5])('makes three refused logins at most (%i versions without a label)', async (versions) => {
    const rigged = await rig('by itself');
    await rigged.rotate();
    for (let n = 0; n < versions; n++) await rigged.abandon(rigged.stored(`never-set-password-${n}`));
    await server.sql(`ALTER ROLE "${rigged.app}" PASSWORD '${ELSEWHERE}'`);
    const logins = await loginsDuring(rigged.app, async () => {
      expect(await failure(rigged)).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
    });
    expect(logins).toEqual({ taken: 0, refused: 3 });
  });

  test.each([
    ['another user', 'by itself', { username: 'admin' }],
    ['another host', 'by itself', { host: 'localhost' }],
    ['another port', 'by itself', { port: 1 }],
    ['TLS, where there is none', 'by itself', { ssl: true }],
    ['this user, who has an administrator', 'through an administrator', {}],
  ] as const)('is never healed by a version for %s', async (_, kind, others) => {
    const rigged = await rig(kind);
    await rigged.abandon(rigged.stored(ELSEWHERE, others));
    await server.sql(`ALTER ROLE "${rigged.app}" PASSWORD '${ELSEWHERE}'`);
    const logins = await loginsDuring(rigged.app, async () => {
      expect(await failure(rigged)).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
    });
    expect(logins).toEqual({ taken: 0, refused: 2 });
    expect(await server.accepts(rigged.app, ELSEWHERE)).toBe(true);
  });

  test.each(['by itself', 'through an administrator'] as const)(
    'is healed by the calls that the hint gives, %s',
    async (kind) => {
      const rigged = await rig(kind);
      const { secrets, abandon, stored } = rigged;
      const token = await giveUp(rigged);
      // More of them than are tried.
      const others = [await abandon(stored('never-set-1')), await abandon(stored('never-set-2'))];
      const error = await failure(rigged);
      expect(error).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
      const { hint = '' } = error as { hint?: string };
      for (const id of [token, ...others]) expect(hint).toContain(id);
      const [, SecretId] =
        /aws secretsmanager get-secret-value --secret-id (\S+) --version-id <id>/.exec(hint) ?? [];
      const call =
        /aws secretsmanager update-secret-version-stage --secret-id (\S+) --version-stage AWSCURRENT --move-to-version-id <id> --remove-from-version-id (\S+?)(?:\.|\s|$)/;
      const [, secretId, current] = call.exec(hint) ?? [];
      expect(secretId).toBe(SecretId);
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: SecretId!, VersionId: token });
      expect(await server.accepts(rigged.app, JSON.parse(SecretString).password)).toBe(true);
      await secrets.updateSecretVersionStage({
        SecretId: secretId!,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: token,
        RemoveFromVersionId: current!,
      });
      expect(await rigged.works('AWSCURRENT')).toBe(true);
      expect(await rigged.rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(await rigged.works('AWSCURRENT')).toBe(true);
    },
  );

  test('is told as refused where its version may not be listed', async () => {
    const rigged = await rig('by itself', {
      client(secrets) {
        const client = new FaultyClient(secrets);
        client.fail('listSecretVersionIds', serviceError('AccessDeniedException'), { times: 99 });
        return client;
      },
    });
    await giveUp(rigged);
    expect(await failure(rigged)).toMatchObject({
      code: 'ERR_CREDENTIAL_REJECTED',
      hint: expect.stringContaining('aws secretsmanager list-secret-version-ids --secret-id arn:'),
    });
  });
});

describe('on a server with password_encryption=md5', () => {
  const SCRAM = "SET password_encryption = 'scram-sha-256'";
  let md5: TestServer;
  let ca: string;

  beforeAll(async () => {
    ca = await certificate('ca.pem');
    md5 = await startTestServer({
      tls: true,
      // The function is asked in clear text, over TLS; who comes without TLS is an application.
      hba: [
        'hostssl all /^clear_ 127.0.0.1/32 password',
        'hostssl all /^clear_ ::1/128 password',
        'host all /^md5_ 127.0.0.1/32 md5',
      ].join('\n'),
      settings: { password_encryption: 'md5', md5_password_warnings: 'off' },
    });
    await md5.sql(`${SCRAM}; CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
  });

  afterAll(() => md5.stop());

  /** A user of whom a verifier of one kind is stored, and a name that a line of pg_hba.conf is for. */
  async function user(line: 'md5' | 'clear' | 'app', form: 'SCRAM' | 'MD5', more = ''): Promise<string> {
    const name = `${line}_${++count}`;
    const encryption = form === 'SCRAM' ? SCRAM : 'RESET password_encryption';
    await md5.sql(`${encryption}; ${more} CREATE ROLE "${name}" LOGIN PASSWORD '${FIRST}'`);
    await md5.sql(`GRANT "${name}" TO admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
    return name;
  }

  async function rotate(
    app: string,
    { password = FIRST, secret = {}, ...options }: Options & RotateOptions = {},
  ) {
    const rigged = await postgresRig(md5.secret(app, password, { masterarn: 'admin', ...secret }), {
      administrator: md5.secret('admin', ADMIN, secret),
      ca,
      ...options,
    });
    await rigged.begin();
    expect(await rigged.rotation().run()).toMatchObject({ outcome: 'succeeded' });
    const { username, password: now } = JSON.parse(await rigged.text('AWSCURRENT'));
    return { rigged, username, now, warnings: rigged.log.flatMap(({ warnings = [] }) => warnings) };
  }

  interface RotateOptions {
    readonly password?: string;
    readonly secret?: object;
  }

  test.each([
    ['SCRAM', 'by itself', { masterarn: undefined }],
    ['MD5', 'by itself', { masterarn: undefined }],
    ['SCRAM', 'through an administrator', {}],
  ] as const)(
    'a user of whom %s is stored gets SCRAM if it is asked in clear text, %s',
    async (form, _, more) => {
      const app = await user('clear', form);
      const { now, warnings } = await rotate(app, { secret: { host: 'localhost', ssl: true, ...more } });
      expect(await md5.verifierOf(app)).toMatch(/^SCRAM-SHA-256\$/);
      expect(warnings).toEqual([expect.stringContaining('does not show whether')]);
      expect(await md5.accepts(app, now)).toBe(true);
    },
  );

  test.each([
    ['md5', 'SCRAM', /^SCRAM-SHA-256\$/],
    ['app', 'SCRAM', /^SCRAM-SHA-256\$/],
    ['md5', 'MD5', /^md5/],
  ] as const)('a reset on a line with %s keeps %s', async (line, form, verifier) => {
    const app = await user(line, form);
    const { now } = await rotate(app, { password: 'never-set-password', mayReset: [app] });
    expect(await md5.verifierOf(app)).toMatch(verifier);
    expect(await md5.accepts(app, now)).toBe(true);
  });

  // The server asks for the password of an expired role in another form than the one that it holds.
  test('a clone of whom SCRAM is stored keeps it when its VALID UNTIL has passed', async () => {
    const app = await user('md5', 'MD5');
    await md5.sql(
      `${SCRAM}; CREATE ROLE "${app}_clone" LOGIN PASSWORD '${FIRST}' IN ROLE "${app}" VALID UNTIL '2020-01-01'`,
    );
    await md5.sql(`GRANT "${app}_clone" TO admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
    const { username } = await rotate(app, { pairs: {} });
    expect(await md5.verifierOf(username)).toMatch(/^SCRAM-SHA-256\$/);
  });

  test.each([
    ['SCRAM', /^SCRAM-SHA-256\$/],
    ['MD5', /^md5/],
  ] as const)(
    'a clone of whom %s is stored keeps it while the original logs in by MD5',
    async (form, verifier) => {
      const app = await user('md5', 'MD5');
      const encryption = form === 'SCRAM' ? SCRAM : 'RESET password_encryption';
      await md5.sql(`${encryption}; CREATE ROLE "${app}_clone" LOGIN PASSWORD '${FIRST}' IN ROLE "${app}"`);
      await md5.sql(`GRANT "${app}_clone" TO admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
      const { username, now } = await rotate(app, { pairs: {} });
      expect(username).toBe(`${app}_clone`);
      expect(await md5.verifierOf(username)).toMatch(verifier);
      expect(await md5.accepts(username, now)).toBe(true);
    },
  );
});

test.each(ALL)('iterations of SCRAM are not fewer than before, %s', async (kind) => {
  const rigged = await rig(kind);
  const { app, rotate } = rigged;
  // Both of a pair.
  if (kind === 'with alternating users') for (let n = 0; n < 2; n++) await rotate();
  const { username, password } = JSON.parse(await rigged.text('AWSCURRENT'));
  for (const { rolname } of await rigged.verifiers()) {
    const now = rolname === username ? password : FIRST;
    await server.sql(`SET scram_iterations = 8192; ALTER ROLE "${rolname}" PASSWORD '${now}'`);
  }
  await rotate();
  expect((await rigged.verifiers()).map(({ rolpassword }) => rolpassword)).toEqual(
    kind === 'with alternating users'
      ? [expect.stringMatching(/^SCRAM-SHA-256\$8192:/), expect.stringMatching(/^SCRAM-SHA-256\$8192:/)]
      : [expect.stringMatching(/^SCRAM-SHA-256\$8192:/)],
  );
  expect(await server.accepts(app, await rigged.password('AWSPREVIOUS'))).toBe(
    kind === 'with alternating users',
  );
});

test('an administrator that alternates itself rotates a pair over five rotations of its own', async () => {
  const [app, rotator] = [await role(), `rotator_${++count}`];
  await server.sql(`CREATE ROLE "${rotator}" LOGIN CREATEROLE PASSWORD '${FIRST}'`);
  await server.sql(`GRANT "${app}" TO "${rotator}" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
  const [administrators, users] = await Promise.all([
    postgresRig(server.secret(rotator, FIRST, { masterarn: 'admin' }), {
      administrator: server.secret('postgres', server.password),
      pairs: {},
    }),
    postgresRig(server.secret(app, FIRST, { masterarn: 'admin' }), {
      administrator: server.secret(rotator, FIRST),
      pairs: {},
    }),
  ]);
  const rotate = async ({ begin, rotation }: typeof users) => {
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  };
  for (let n = 0; n < 5; n++) {
    await rotate(administrators);
    const SecretString = await administrators.text('AWSCURRENT');
    await users.secrets.putSecretValue({ SecretId: 'admin', SecretString });
    // An odd number of turns at first, so that each of the administrators meets each of the users.
    for (let turn = 0; turn < (n === 0 ? 1 : 2); turn++) {
      await rotate(users);
      const { username, password } = JSON.parse(await users.text('AWSCURRENT'));
      expect(await server.accepts(username, password)).toBe(true);
    }
  }
});

test('a session that ends during the look has sent no COMMIT, and is not told as if it had', async () => {
  const app = await role();
  let looks = 0;
  const { begin, deliver, rotation, password } = await postgresRig(server.secret(app, FIRST), {
    client: (secrets) =>
      Object.assign(new FaultyClient(secrets), {
        async describeSecret(input: { SecretId: string | undefined }) {
          // The third: createSecret's, then setSecret's first, then the look.
          if (++looks === 3) {
            await server.sql(
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${app}'`,
            );
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
          return secrets.describeSecret(input);
        },
      }),
  });
  await begin();
  await deliver('createSecret');
  expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
  expect(await server.accepts(app, FIRST)).toBe(true);
  expect((await rotation().reattempt()).outcome).toBe('succeeded');
  expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
});

test('a user whose name has other bytes than the encoding of its database is its own', async () => {
  const app = await role(`josé_${++count}`);
  await server.sql(`CREATE DATABASE "latin_${count}" ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'`);
  const { begin, rotation, password } = await postgresRig(
    server.secret(app, FIRST, { dbname: `latin_${count}`, masterarn: 'admin' }),
    { administrator: server.secret('admin', ADMIN) },
  );
  await begin();
  expect((await rotation().run()).outcome).toBe('succeeded');
  expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
});
