import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresOptions } from '../../../rotators/postgres/index.js';
import { scramVerifier } from '../../../rotators/postgres/password/verifier.js';
import { disturbed } from '../../support/disturbed-server.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';
const PENDING = 'pending-password-2';

let server: TestServer;
let count = 0;

beforeAll(async () => {
  server = await startTestServer({
    hba: [
      'host all trusted 127.0.0.1/32 trust',
      'host all outlaw 127.0.0.1/32 reject',
      'host all old_style 127.0.0.1/32 md5',
    ].join('\n'),
    settings: { shared_preload_libraries: 'passwordcheck', md5_password_warnings: 'off' },
  });
});

afterAll(() => server.stop());

async function role(name = `app_${++count}`, attributes = ''): Promise<string> {
  await server.sql(`CREATE ROLE "${name}" LOGIN PASSWORD '${FIRST}' ${attributes}`);
  return name;
}

/** What setSecret and testSecret throw for a secret of which all but the password is as given. */
async function failuresOf(secret: (password: string) => string, options: PostgresOptions = {}) {
  const rigged = await postgresRig(secret(FIRST), { timeoutMs: 1000, ...options });
  await rigged.beginWith(secret(PENDING));
  const errors = [
    await rejection(rigged.deliver('setSecret')),
    await rejection(rigged.deliver('testSecret')),
  ];
  for (const error of errors) {
    expect(leaks(allOf(error), FIRST)).toBeUndefined();
    expect(leaks(allOf(error), PENDING)).toBeUndefined();
    expect(error).toMatchObject({ name: 'RotationError', hint: expect.any(String) });
  }
  await expect(rigged.password('AWSCURRENT')).resolves.toBe(FIRST);
  return errors;
}

describe('what is no refusal of the password has a code of its own, and changes nothing:', () => {
  test('a name that cannot be found', async () => {
    const errors = await failuresOf((password) =>
      server.secret('app', password, { host: 'no-such-host.invalid' }),
    );
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'ERR_SERVICE_NOT_FOUND',
        message: expect.stringContaining('as "app" to "postgres": no-such-host.invalid:'),
      });
    }
  });

  test('a refused connection', async () => {
    const errors = await failuresOf((password) => server.secret('app', password, { port: 1 }));
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_SERVICE_REFUSED' });
  });

  test('a host that takes connections and never answers', async () => {
    const { port, close } = await listen(() => {});
    const errors = await failuresOf((password) => server.secret('app', password, { port }));
    close();
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'ERR_SERVICE_TIMEOUT',
        hint: expect.stringContaining('something took the connection'),
      });
      expect(error).toMatchObject({ hint: expect.not.stringContaining('security group') });
    }
  });

  test('a host that closes the connection', async () => {
    const { port, close } = await listen((socket) => socket.destroy());
    const errors = await failuresOf((password) => server.secret('app', password, { port }));
    close();
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
  });

  test.each([
    ['a role that may not log in', 'ERR_LOGIN_NOT_ALLOWED', (name: string) => `ALTER ROLE "${name}" NOLOGIN`],
    ['too many connections', 'ERR_SERVICE_FULL', (name: string) => `ALTER ROLE "${name}" CONNECTION LIMIT 0`],
  ])('%s', async (_, code, sql) => {
    const app = await role();
    await server.sql(sql(app));
    const before = await server.verifierOf(app);
    const [error] = await failuresOf((password) => server.secret(app, password));
    expect(error).toMatchObject({ code });
    expect(await server.verifierOf(app)).toBe(before);
  });

  test('a line in pg_hba.conf', async () => {
    await role('outlaw');
    const errors = await failuresOf((password) => server.secret('outlaw', password));
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'ERR_LOGIN_NOT_ALLOWED',
        hint: expect.stringContaining('pg_hba.conf'),
      });
    }
  });

  test('a database that does not exist', async () => {
    const app = await role();
    const [error] = await failuresOf((password) => server.secret(app, password, { dbname: 'nowhere' }));
    expect(error).toMatchObject({
      code: 'ERR_DATABASE_MISSING',
      message: expect.stringContaining('"nowhere"'),
    });
  });

  test('a database that the role may not connect to', async () => {
    const app = await role();
    await server.sql('CREATE DATABASE closed');
    await server.sql('REVOKE CONNECT ON DATABASE closed FROM public');
    const [error] = await failuresOf((password) => server.secret(app, password, { dbname: 'closed' }));
    expect(error).toMatchObject({ code: 'ERR_RIGHTS_MISSING', message: expect.stringContaining('42501') });
  });
});

test('a refused password is ERR_CREDENTIAL_REJECTED, and the hint thinks of expired roles', async () => {
  const app = await role(`expired_${++count}`, "VALID UNTIL '2020-01-01'");
  const errors = await failuresOf((password) => server.secret(app, password));
  for (const error of errors) {
    expect(error).toMatchObject({
      code: 'ERR_CREDENTIAL_REJECTED',
      hint: expect.stringContaining('VALID UNTIL'),
    });
  }
});

test('a login for which the server asks no password proves nothing, and nothing is changed', async () => {
  await role('trusted');
  const before = await server.verifierOf('trusted');
  const errors = await failuresOf((password) => server.secret('trusted', password));
  for (const error of errors) {
    expect(error).toMatchObject({ code: 'ERR_CREDENTIAL_UNPROVEN', hint: expect.stringContaining('trust') });
  }
  expect(await server.verifierOf('trusted')).toBe(before);
});

describe('a password that the server refuses', () => {
  // passwordcheck sees of a verifier only whether it is one of the user's name.
  test('has a code of its own, and the call that drops it, since nothing was changed', async () => {
    const app = await role('name_as_password');
    const { beginWith, deliver } = await postgresRig(server.secret(app, FIRST));
    const token = await beginWith(server.secret(app, app));
    const before = await server.verifierOf(app);
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_VALUE_REFUSED',
      message: expect.stringContaining('22023'),
      hint: expect.stringMatching(
        new RegExp(
          `update-secret-version-stage --secret-id arn:\\S+ --version-stage AWSPENDING --remove-from-version-id ${token}$`,
        ),
      ),
    });
    expect(await server.verifierOf(app)).toBe(before);
  });

  test('is dropped likewise with alternating users, and no clone is left', async () => {
    const app = await role('alternating');
    await server.sql(
      `CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${FIRST}'; GRANT "${app}" TO admin WITH ADMIN OPTION`,
    );
    const more = { masterarn: 'admin' };
    const administrator = server.secret('admin', FIRST);
    const { beginWith, deliver } = await postgresRig(server.secret(app, FIRST, more), {
      administrator,
      pairs: {},
    });
    const token = await beginWith(server.secret(`${app}_clone`, `${app}_clone`, more));
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_VALUE_REFUSED',
      hint: expect.stringContaining(`--remove-from-version-id ${token}`),
    });
    expect(await server.sql(`SELECT FROM pg_roles WHERE rolname = '${app}_clone'`)).toEqual([]);
  });

  test('is not to be dropped when it is the one that works', async () => {
    const app = await role('name_as_password_2');
    const verifier = await scramVerifier(app, 4096);
    await server.sql(`UPDATE pg_catalog.pg_authid SET rolpassword = '${verifier}' WHERE rolname = '${app}'`);
    const { beginWith, deliver } = await postgresRig(server.secret(app, 'dead-password-0'));
    await beginWith(server.secret(app, app));
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_VALUE_REFUSED',
      hint: expect.not.stringContaining('update-secret-version-stage'),
    });
  });
});

describe('a server whose password_encryption is md5', () => {
  const md5 = (name: string) => server.sql(`ALTER ROLE "${name}" SET password_encryption = md5`);

  test('gets MD5 for a user that has logged in by MD5, with a warning at each rotation', async () => {
    await server.sql(`SET password_encryption = md5; CREATE ROLE old_style LOGIN PASSWORD '${FIRST}'`);
    await md5('old_style');
    const { begin, rotation, log, password } = await postgresRig(server.secret('old_style', FIRST));
    for (let n = 0; n < 2; n++) {
      await begin();
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
      expect(await server.verifierOf('old_style')).toMatch(/^md5[0-9a-f]{32}$/);
    }
    const warnings = log.filter(({ step }) => step === 'setSecret').map((entry) => entry.warnings);
    expect(warnings).toEqual([[expect.stringContaining('MD5')], [expect.stringContaining('MD5')]]);
    expect(leaks(JSON.stringify(log), await password('AWSCURRENT'))).toBeUndefined();
  });

  test('gets SCRAM for a user that has logged in by SCRAM: MD5 would lock it out', async () => {
    const app = await role();
    await md5(app);
    const { begin, rotation, log } = await postgresRig(server.secret(app, FIRST));
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.verifierOf(app)).toMatch(/^SCRAM-SHA-256/);
    expect(log.map(({ warnings }) => warnings)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('a server that asks for', () => {
  const authentication = (code: number) => Buffer.from([82, 0, 0, 0, 8, 0, 0, 0, code]);

  test.each([
    ['GSS', 7],
    ['SSPI', 9],
    ['Kerberos', 2],
    ['something nobody knows', 99],
  ])('%s is an error, and the process lives', async (_, code) => {
    const { port, close } = await listen((socket) => void socket.write(authentication(code)));
    const errors = await failuresOf((password) => server.secret('app', password, { port }));
    close();
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_SERVICE_UNSUPPORTED' });
  });

  test('the password in clear text, on a connection that is not encrypted, does not get it', async () => {
    const received: Buffer[] = [];
    const { port, close } = await listen((socket) => {
      socket.on('data', (data) => received.push(data));
      socket.write(authentication(3));
    });
    const errors = await failuresOf((password) => server.secret('app', password, { port }));
    close();
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_TLS_NOT_OFFERED' });
    expect(leaks(Buffer.concat(received).toString(), FIRST)).toBeUndefined();
    expect(leaks(Buffer.concat(received).toString(), PENDING)).toBeUndefined();
  });

  test('more iterations than anybody can compute is refused before anything is changed', async () => {
    const app = await role();
    await server.sql(`ALTER ROLE "${app}" SET scram_iterations = 20000000`);
    const before = await server.verifierOf(app);
    const { begin, rotation } = await postgresRig(server.secret(app, FIRST));
    await begin();
    const { steps } = await rotation().run();
    expect(steps.at(-1)).toMatchObject({ step: 'setSecret', error: { code: 'ERR_SERVICE_UNSUPPORTED' } });
    expect(await server.verifierOf(app)).toBe(before);
  });
});

test('a role whose sessions act as another one changes its own password', async () => {
  const app = await role();
  await server.sql(
    `CREATE ROLE "${app}_owner"; GRANT "${app}_owner" TO "${app}"; ALTER ROLE "${app}" SET role = "${app}_owner"`,
  );
  const { begin, rotation } = await postgresRig(server.secret(app, FIRST));
  await begin();
  expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
});

test.each([
  ['the time for a statement', { timeoutMs: 1000 }],
  ['the time that Lambda leaves', { lambdaTimeoutMs: 3000 }],
])(
  'a lock on the role is told as what it is before %s is up, and no session is left that waits',
  async (_, limit) => {
    const app = await role();
    const secret = (password: string) => server.secret(app, password);
    const { beginWith, deliver } = await postgresRig(secret(FIRST), limit);
    await beginWith(secret(PENDING));
    const { host, port, password } = server;
    const blocker = new Client({ host, port, user: 'postgres', password, database: 'postgres', ssl: false });
    await blocker.connect();
    await blocker.query(`BEGIN; ALTER ROLE "${app}" PASSWORD NULL`);
    const error = await rejection(deliver('setSecret'));
    const waiting = await server.sql(`SELECT pid FROM pg_stat_activity WHERE usename = '${app}'`);
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect(error).toMatchObject({ code: 'ERR_SERVICE_TIMEOUT', message: expect.stringContaining('55P03') });
    expect(waiting).toEqual([]);
  },
);

test.each([
  ['PGOPTIONS', '-c password_encryption=md5 -c work_mem=abc'],
  ['PGREPLICATION', 'true'],
  ['PGSSLMODE', 'require'],
  ['PGSSLNEGOTIATION', 'direct'],
  ['PGCLIENTENCODING', 'nonsense'],
])('the variable %s changes nothing', async (name, value) => {
  const app = await role();
  process.env[name] = value;
  const { begin, rotation } = await postgresRig(server.secret(app, FIRST));
  await begin();
  const report = await rotation()
    .run()
    .finally(() => {
      delete process.env[name];
    });
  expect(report).toMatchObject({ outcome: 'succeeded' });
});

test('a standby is refused before anything is changed', async () => {
  const standby = await startTestServer({
    // As high as where its data come from.
    settings: { max_connections: '100' },
    prepare: (directory) => writeFile(join(directory, 'standby.signal'), ''),
  });
  const { beginWith, deliver } = await postgresRig(standby.secret('postgres', standby.password));
  await beginWith(standby.secret('postgres', PENDING));
  const error = await rejection(deliver('setSecret'));
  await standby.stop();
  expect(error).toMatchObject({ code: 'ERR_SERVICE_READ_ONLY', hint: expect.stringContaining('writer') });
});

/** Has no word in it that a hint has: of those a run of eight characters would be masked. */
const OTHER = 'first-Kf7vQ2x81';

/** Answers in place of the server what a check says that takes plain text alone, as credcheck does. */
function wantingPlainText(code: string, text: string) {
  const fields = ['SERROR', 'VERROR', `C${code}`, `M${text}`, ''].map((field) => `${field}\0`).join('');
  const head = Buffer.from([0x45, 0, 0, 0, 4 + Buffer.byteLength(fields)]);
  const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x45]);
  return (answer: Buffer) =>
    answer.includes('C22023') ? Buffer.concat([head, Buffer.from(fields), ready]) : answer;
}

test.each([
  ['28000', 'password type is not a plain text'],
  ['XX000', 'password type is not a plain text'],
  ['0A000', 'pre-hashed passwords are not allowed'],
])(
  'a password check that takes plain text alone (%s) is told so, and AWSPENDING is kept',
  async (code, text) => {
    const app = `plain_text_${code.toLowerCase()}`;
    await server.sql(`CREATE ROLE ${app} LOGIN PASSWORD '${OTHER}'`);
    const way = await disturbed(server.port, wantingPlainText(code, text));
    const { beginWith, deliver, password } = await postgresRig(server.secret(app, OTHER, { port: way.port }));
    // The server’s own check refuses a verifier of the name.
    await beginWith(server.secret(app, app, { port: way.port }));
    const before = await server.verifierOf(app);
    const error = await rejection(deliver('setSecret'));
    await way.close();
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_UNSUPPORTED',
      message: expect.stringContaining('takes new passwords only in plain text'),
      hint: expect.stringContaining('credcheck.encrypted_password_allowed = on'),
    });
    expect(error).toMatchObject({ hint: expect.not.stringContaining('update-secret-version-stage') });
    expect(await server.verifierOf(app)).toBe(before);
    expect(await password('AWSPENDING')).toBe(app);
  },
);

test('a role with REPLICATION before PostgreSQL 16 is told who may change it, and nothing is changed', async () => {
  const old = await startTestServer({ major: 15 });
  try {
    await old.sql(`CREATE ROLE standby LOGIN REPLICATION PASSWORD '${FIRST}'`);
    const { beginWith, deliver } = await postgresRig(old.secret('standby', FIRST));
    await beginWith(old.secret('standby', PENDING));
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      message: expect.stringContaining('lets only a superuser change this role'),
      hint: expect.stringContaining('before PostgreSQL 16 also a role with REPLICATION'),
    });
    expect(await old.accepts('standby', FIRST)).toBe(true);
  } finally {
    await old.stop();
  }
});

test('a server that stops answering after it let the function in is not told as one that cannot be reached', async () => {
  const app = await role();
  const way = await disturbed(server.port);
  const { begin, deliver } = await postgresRig(server.secret(app, FIRST, { port: way.port }), {
    timeoutMs: 1000,
  });
  await begin();
  await deliver('createSecret');
  way.holdBack((message) => message.includes('BEGIN READ ONLY'));
  const error = await rejection(deliver('setSecret'));
  await way.close();
  expect(error).toMatchObject({
    code: 'ERR_SERVICE_TIMEOUT',
    hint: expect.stringMatching(/^wait for the next attempt, .* had let the function in, .*lock/),
  });
  expect(error).toMatchObject({ hint: expect.not.stringContaining('security group') });
  expect(await server.accepts(app, FIRST)).toBe(true);
});

test('a server older than PostgreSQL 10 is refused before anything is changed', async () => {
  const statements: string[] = [];
  const { port, close } = await listen((socket) => speakAsPostgres96(socket, statements));
  const { beginWith, deliver } = await postgresRig(server.secret('app', FIRST, { port }));
  await beginWith(server.secret('app', PENDING, { port }));
  const error = await rejection(deliver('setSecret'));
  close();
  expect(error).toMatchObject({
    code: 'ERR_SERVICE_UNSUPPORTED',
    message: expect.stringContaining('PostgreSQL 10'),
  });
  expect(statements).toEqual([
    expect.stringMatching(/^BEGIN READ ONLY/),
    expect.stringMatching(/^SELECT /),
    'COMMIT',
  ]);
});

async function listen(onConnection: (socket: Socket) => void): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  const listener: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const address = listener.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  const close = () => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: address.port, close };
}

/** Enough of PostgreSQL 9.6, which no package holds any more, to log in and to be asked for its version. */
function speakAsPostgres96(socket: Socket, statements: string[]): void {
  const message = (type: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const int32 = (value: number) => Buffer.from(Uint8Array.of(value >> 24, value >> 16, value >> 8, value));
  const int16 = (value: number) => Buffer.from(Uint8Array.of(value >> 8, value));
  const column = (name: string) =>
    Buffer.concat([Buffer.from(`${name}\0`), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]);
  const value = (text: string) => Buffer.concat([int32(text.length), Buffer.from(text)]);
  const ready = message('Z', Buffer.from('I'));
  let isStarted = false;
  socket.on('data', (data) => {
    if (!isStarted) {
      isStarted = true;
      socket.write(message('R', int32(5), Buffer.from('salt')));
    } else if (data[0] === 'p'.charCodeAt(0)) {
      socket.write(Buffer.concat([message('R', int32(0)), ready]));
    } else if (data[0] === 'Q'.charCodeAt(0)) {
      statements.push(data.toString('utf8', 5, data.length - 1));
      socket.write(
        Buffer.concat([
          message('T', int16(2), column('name'), column('setting')),
          message('D', int16(2), value('server_version_num'), value('90624')),
          message('C', Buffer.from('SELECT 1\0')),
          ready,
        ]),
      );
    }
  });
}
