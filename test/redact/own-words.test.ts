import { type AddressInfo, createServer } from 'node:net';
import { alternatingUsers, postgres } from '../../rotators/postgres/index.js';
import {
  quoted,
  RotationError,
  type RotationHandler,
  type RotationHandlerOptions,
  rotationHandler,
} from '../../src/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { leaksOnPurpose } from '../support/canary.js';
import { type DoorRotator, doorRig } from '../support/door-rig.js';
import { allOf, leaks, rejection } from '../support/errors.js';
import { FaultyClient } from '../support/faulty-client.js';
import { type Stored, said, thrownBy } from './thrown.js';

const HIDDEN = '[redacted]';

// Values are words of messages here, on purpose.
beforeEach(() => void leaksOnPurpose());

/** Words that our messages and hints are made of, and SQL in them. */
const WORDS = [
  ...['password', 'administrator', 'rotate again', 'the service', 'credential', 'rejected'],
  ...[
    'AWSPENDING',
    'awspending',
    'AWSCURRENT',
    'setSecret',
    'testSecret',
    'PutSecretValue',
    'version',
    'label',
  ],
  ...['user', 'host', 'door', 'in', '1', 'differ in "user"', 'remove the label', 'Secrets Manager', 'ERR_'],
];

/** What the engine says, with one rotated value and one kept value in the secret. */
async function engineSays(password: string, kept: string): Promise<readonly string[]> {
  const stored = JSON.stringify({ user: 'app', password, note: kept });
  const rejecting = await doorRig({ secretString: stored, parts: { testSecret: () => 'rejected' } });
  await rejecting.begin();
  await rejecting.deliver('createSecret');
  const errors = [await rejection(rejecting.deliver('testSecret'))];
  const differing = await doorRig({ secretString: stored });
  const token = await differing.begin();
  await differing.secrets.putSecretValue({
    SecretId: 'door',
    ClientRequestToken: token,
    VersionStages: ['AWSPENDING'],
    SecretString: JSON.stringify({ user: 'another', password: 'pending-2', note: kept }),
  });
  errors.push(await rejection(differing.deliver('setSecret')));
  const noVerdict = await doorRig({ secretString: stored, parts: { testSecret: (() => 'maybe') as never } });
  await noVerdict.begin();
  await noVerdict.deliver('createSecret');
  errors.push(await rejection(noVerdict.deliver('testSecret')));
  return errors.map((error) =>
    error instanceof RotationError ? `${error.code} ${error.message}: ${error.hint}` : '',
  );
}

test.each(WORDS)('what the engine says is the same although a secret is %j', async (word) => {
  const plain = await engineSays('kT9-x_Qw.8aLz', 'nothing of interest');
  expect(plain).toEqual([
    expect.stringMatching(
      /^ERR_CREDENTIAL_REJECTED the service rejected the credential in AWSPENDING: if setSecret/,
    ),
    expect.stringMatching(/^ERR_PENDING_MISMATCH AWSPENDING and AWSCURRENT differ in "user": .*rotate again/),
    expect.stringMatching(
      /^ERR_ROTATOR_FAILED testSecret of door returned no verdict: return 'accepted' or 'rejected'/,
    ),
  ]);
  expect(await engineSays(word, 'nothing of interest')).toEqual(plain);
  expect(await engineSays('kT9-x_Qw.8aLz', `${word} `)).toEqual(plain);
});

const single = (options: RotationHandlerOptions) => rotationHandler(postgres(), options);
const alternating = (options: RotationHandlerOptions) => rotationHandler(alternatingUsers(), options);

/** What one of our rotators says of a server that refuses connections. */
async function postgresSays(
  handlerOf: (options: RotationHandlerOptions) => RotationHandler,
  stored: Record<string, unknown>,
  admin: Record<string, unknown> = {},
) {
  const secrets = new LocalSecretsManager();
  const options: RotationHandlerOptions = { client: secrets, log: () => {} };
  const RotationLambdaARN = secrets.addFunction('rotate', handlerOf(options));
  const place = { engine: 'postgres', host: 'localhost', port: 1, ssl: false };
  const SecretString = JSON.stringify({ ...place, username: 'rotator', password: 'kT9-x_Qw.8aLz', ...admin });
  await secrets.createSecret({ Name: 'admin', SecretString });
  await secrets.createSecret({
    Name: 'app',
    SecretString: JSON.stringify({
      ...place,
      username: 'app',
      password: 'vB7nYc2-DhS5',
      dbname: 'orders',
      ...stored,
    }),
  });
  await secrets.rotateSecret({ SecretId: 'app', RotationLambdaARN });
  await secrets.rotation('app').deliver('createSecret');
  return rejection(secrets.rotation('app').deliver('setSecret'));
}

describe('what one of our rotators says', () => {
  const REFUSED = {
    code: 'ERR_SERVICE_REFUSED',
    message: 'could not log in as "app" to "orders": localhost:1 refuses connections (ECONNREFUSED)',
    hint: 'check that the server is running, and "host" and "port" in the secret',
  };

  test.each([
    ...['app', 'orders', 'could', 'could not log in', 'refuses connections', 'running', 'ECONNREFUSED'],
    ...['check', '1', 'the server is running', 'ERR_', 'SERVICE_', 'connections'],
  ])('is the same although the password is %j', async (password) => {
    expect(await postgresSays(single, { password })).toMatchObject(REFUSED);
  });

  test.each([
    { schema: 'app' },
    { schema: 'orders', purpose: 'connections' },
    { comment: 'could not log in as "app"', host2: 'localhost', port2: '1' },
    { dbInstanceIdentifier: 'app', dbClusterIdentifier: 'localhost', user_arn: 'orders' },
    { nested: { deep: ['localhost:1', 'refuses connections'] } },
  ])('is the same although the secret keeps %j', async (kept) => {
    expect(await postgresSays(single, kept)).toMatchObject(REFUSED);
  });

  test.each([
    { dbInstanceIdentifier: 'rotator' },
    { owner: 'rotator', env: 'localhost', team: 'postgres' },
    { comment: 'postgres', purpose: 'administrator', plan: 'could not log in' },
    { engine: 'could', dbClusterIdentifier: 'localhost', note: 'ECONNREFUSED' },
    { endpoint: 'localhost', url: 'localhost:1', flag: 'TRUE', number: 1, isOld: true },
    { description: 'whoever could not log in as the administrator has to correct "host" and "port"' },
  ])('is the same although the administrator’s secret has %j', async (admin) => {
    expect(await postgresSays(alternating, { masterarn: 'admin' }, admin)).toMatchObject({
      ...REFUSED,
      message: expect.stringMatching(
        /^could not log in as "(app|rotator)" to "\w+": localhost:1 refuses connections/,
      ),
    });
  });

  test('does not hold a name that is the password, too', async () => {
    expect(await postgresSays(single, { password: 'localhost' })).toMatchObject({
      ...REFUSED,
      message: REFUSED.message.replace('localhost', HIDDEN),
    });
  });

  test('does not hold a value by mistake, unless that reads as words', async () => {
    for (const password of [
      'kT9-x_Qw.8aLz~Pm3R',
      'a3f9c2d18b',
      'kTxQwLzPmRvBnYcD',
      '0f8e6a1c-11d2-4a5b',
      'naïve-wörds',
    ]) {
      const { error } = await thrownBy(
        ({ current }, { warn }) => {
          warn(`with ${current.password}`);
          throw new RotationError('ERR_SERVICE_FAILED', `could not log in with ${current.password}`, {
            hint: `not ${encodeURIComponent(current.password)}`,
          });
        },
        { password },
        { ownWords: true },
      );
      expect(leaks(allOf(error), password)).toBeUndefined();
      expect(error).toMatchObject({ message: `could not log in with ${HIDDEN}`, hint: `not ${HIDDEN}` });
    }
  });
});

describe('what one of our rotators quotes', () => {
  test.each([
    ['CORRECT_HORSE', 'CORRECT_HORSE'],
    ['correct_horse', 'CORRECT_HORSE'],
    ['SESAM', 'SESAM'],
    ['TOP_CERT_SECRET', 'TOP_CERT_SECRET'],
  ])(
    'is no password, though %j reads as words and a server answers with %j as its SQLSTATE',
    async (password, code) => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        const fields = [`SFATAL`, `VFATAL`, `C${code}`, `M${password}`, '']
          .map((field) => `${field}\0`)
          .join('');
        const head = Buffer.from('E\0\0\0\0');
        head.writeUInt32BE(fields.length + 4, 1);
        socket.once('data', () => socket.end(Buffer.concat([head, Buffer.from(fields)])));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const error = await postgresSays(single, { host: '127.0.0.1', port, password });
      server.close();
      expect(error).toMatchObject({ message: expect.stringContaining(HIDDEN) });
      expect(leaks(allOf(error), password)).toBeUndefined();
      expect(leaks(allOf(error), code)).toBeUndefined();
    },
  );

  test('is no password in a warning either, nor an administrator’s; words that are kept, and names that are shown, stay', async () => {
    const { log, error } = await thrownBy(
      async (_, { warn, readSecret }) => {
        await readSecret('admin');
        warn(`"app" is a member of "${quoted('correct horse')}", which app is not`);
        throw new RotationError(
          'ERR_SERVICE_FAILED',
          `"app" is not "${quoted('admin-password-1')}" or "${quoted('app')}"`,
          {
            hint: `${quoted('reporting group')}, ${quoted('"rotators"')}: correct horse`,
          },
        );
      },
      { password: 'correct horse', note: 'reporting group' },
      { ownWords: true },
    );
    expect(log.flatMap(({ warnings = [] }) => warnings)).toEqual([
      `"app" is a member of "${HIDDEN}", which app is not`,
    ]);
    expect(error).toMatchObject({
      message: `"app" is not "${HIDDEN}" or "app"`,
      hint: 'reporting group, "rotators": correct horse',
    });
  });
});

test('a part of a secret is taken out of our own words, too: it may be of one that was cut', async () => {
  const password = 'first-password-1';
  const { error } = await thrownBy(
    () => {
      throw new RotationError('ERR_SERVICE_FAILED', 'refused the password of "app"', {
        hint: 'set another password',
      });
    },
    { password },
    { ownWords: true },
  );
  expect(leaks(allOf(error), password)).toBeUndefined();
  expect(error).toMatchObject({ message: `refused the ${HIDDEN} of "app"`, hint: `set another ${HIDDEN}` });
});

describe('what others say', () => {
  const OTHERS: Readonly<Record<string, (value: string) => Partial<DoorRotator>>> = {
    'a driver': (value) => ({
      setSecret() {
        throw new Error(`refused ${value}`);
      },
    }),
    'a driver of a rotator with words of its own': (value) => ({
      ownWords: true,
      setSecret() {
        throw new RotationError('ERR_SERVICE_FAILED', 'it failed', { cause: new Error(`refused ${value}`) });
      },
    }),
    'a rotator': (value) => ({
      setSecret() {
        throw new RotationError('ERR_SERVICE_FAILED', `refused ${value}`, { hint: `not ${value}` });
      },
    }),
    'a rotator, later': (value) => ({
      async setSecret() {
        await new Promise((resolve) => setTimeout(resolve, 1));
        throw new RotationError('ERR_SERVICE_FAILED', `refused ${value}`);
      },
    }),
    'a rotator, in a cause': (value) => ({
      setSecret() {
        const cause = new RotationError('ERR_SERVICE_FAILED', `refused ${value}`);
        throw new RotationError('ERR_SERVICE_FAILED', 'it failed', { cause });
      },
    }),
    'another copy of the package': (value) => ({
      setSecret() {
        const name = 'RotationError';
        throw Object.assign(new Error(`refused ${value}`), { name, code: 'ERR_SERVICE_FAILED', hint: value });
      },
    }),
    'a parser': (value) => ({
      parse() {
        throw new RotationError('ERR_SECRET_MALFORMED', `refused ${value}`, { hint: value });
      },
    }),
    'a warning': (value) => ({
      setSecret: (_, { warn }) => {
        warn(`refused ${value}`);
        throw new Error('it failed');
      },
    }),
  };

  test.each(
    Object.keys(OTHERS).flatMap((who) =>
      ['rotate again', 'correct horse battery staple', 'administrator'].map((value) => [who, value] as const),
    ),
  )('may quote a value, and is masked though it reads as words: %s, %j', async (who, password) => {
    const { begin, deliver, log } = await doorRig({
      secretString: JSON.stringify({ user: 'app', password }),
      parts: { createSecret: () => ({ password: 'made-password-1' }) },
    });
    await begin();
    await deliver('createSecret');
    const { setSecret = () => {}, ...parts } = OTHERS[who]?.(password) ?? {};
    const other = parts.parse ? {} : await thrownBy(setSecret, { password }, parts);
    const seen = parts.parse ? [await parsing(parts, password)] : [other, log];
    expect(leaks(allOf(seen), password)).toBeUndefined();
    expect(allOf(seen)).toContain(HIDDEN);
  });

  async function parsing(parts: Partial<DoorRotator>, password: string) {
    const { begin, deliver } = await doorRig({
      secretString: JSON.stringify({ user: 'app', password }),
      parts,
    });
    await begin();
    return rejection(deliver('createSecret'));
  }

  test('loses a secret that is the same as what may be shown, and keeps the rest of it', async () => {
    const text = await said('login of app at app.example with app_clone', { password: 'app' });
    expect(text).toBe(`login of ${HIDDEN} at ${HIDDEN}.example with ${HIDDEN}_clone`);
  });

  test('a client’s own complaint is masked although it is told by the engine', async () => {
    const { begin, deliver } = await doorRig({
      secretString: JSON.stringify({ user: 'app', password: 'rotate again' }),
      client: (secrets) => ({
        describeSecret: (input) => secrets.describeSecret(input),
        getSecretValue: (input) => secrets.getSecretValue(input),
        putSecretValue: () => Promise.reject(new Error('cannot store rotate again')),
        updateSecretVersionStage: (input) => secrets.updateSecretVersionStage(input),
      }),
    });
    await begin();
    const error = await rejection(deliver('createSecret'));
    expect(error).toMatchObject({ code: 'ERR_SECRETS_MANAGER_FAILED' });
    expect(leaks(allOf(error), 'rotate again')).toBeUndefined();
  });
});

describe('of another secret', () => {
  async function readingAdmin(text: string, shows: readonly string[] = []): Promise<string> {
    const { error } = await thrownBy(
      async (_, { readSecret }) => {
        await readSecret('admin', shows);
        throw new Error(text);
      },
      { password: 'kT9-x_Qw.8aLz' },
    );
    return String(error).replace('RotationError: the rotator door failed in setSecret: ', '');
  }

  test('what AWS names a database by may be shown, whoever reads it; all else may not', async () => {
    const text = 'payments-admin of payments-db-1 (postgres), with admin-password-1, of rotator';
    expect(await readingAdmin(text)).toBe(
      `payments-admin of payments-db-1 (postgres), with ${HIDDEN}, of ${HIDDEN}`,
    );
  });

  test('a comment in it is lost, with the names in it that may be shown', async () => {
    expect(await readingAdmin('master=ledger-main-1 since 2020')).toBe(HIDDEN);
  });

  test('a secret of it that is the same as what may be shown is lost', async () => {
    expect(await readingAdmin('at db.example.internal')).toBe(`at ${HIDDEN}`);
  });
});

describe('of a version that cannot be read', () => {
  const KEPT_IN_IT = ['kT9-x_Qw.8aLz', 'host.of.it'];
  const UNREADABLE = `{"user":"app","password":"${KEPT_IN_IT[0]}","host":"${KEPT_IN_IT[1]}", rotate again}`;

  test('the engine’s words stay, and those of a rotator with words of its own, though its text has them', async () => {
    const { secrets, begin, deliver } = await doorRig({ parts: { ownWords: true, setSecret } });
    const token = await begin();
    const pending = { SecretId: 'door', ClientRequestToken: token, VersionStages: ['AWSPENDING'] };
    await secrets.putSecretValue({ ...pending, SecretString: UNREADABLE });
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.not.stringContaining(HIDDEN),
      hint: expect.not.stringContaining(HIDDEN),
    });
  });

  test('a rotator’s own words stay, and of a driver’s text all is taken out that it has', async () => {
    const texts: string[] = [];
    for (const ownWords of [true, false]) {
      const { secrets, begin, deliver } = await doorRig({ parts: { ownWords, setSecret } });
      await secrets.putSecretValue({ SecretId: 'door', SecretString: UNREADABLE });
      const SecretString = JSON.stringify({ user: 'app', password: 'vB7nYc2-DhS5' });
      await secrets.putSecretValue({ SecretId: 'door', SecretString });
      await begin();
      await deliver('createSecret');
      const error = await rejection(deliver('setSecret'));
      for (const value of KEPT_IN_IT) expect(leaks(allOf(error), value)).toBeUndefined();
      texts.push(error instanceof RotationError ? `${error.message}: ${error.hint}` : '');
    }
    expect(texts).toEqual([
      'refused the password of "app": rotate again',
      `refused the ${HIDDEN} of "${HIDDEN}": ${HIDDEN}`,
    ]);
  });

  /** Has read the unreadable version, as AWSPREVIOUS, and quotes its values in a cause. */
  async function setSecret({ previous }: Parameters<DoorRotator['setSecret']>[0]) {
    expect(await previous()).toBeUndefined();
    const cause = new Error(`not ${UNREADABLE}`);
    throw new RotationError('ERR_SERVICE_FAILED', 'refused the password of "app"', {
      hint: 'rotate again',
      cause,
    });
  }
});

describe('a field', () => {
  const OF_AWS = {
    engine: 'engine-name-1',
    host: 'host-name-1.example',
    dbname: 'dbname-name-1',
    username: 'username-name-1',
    dbInstanceIdentifier: 'instance-name-1',
    dbClusterIdentifier: 'cluster-name-1',
    masterarn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:admin-AbCdEf',
    user_arn: 'arn:aws:iam::123456789012:user/somebody',
  };
  const saysAll = (stored: Record<string, unknown>) => `saw ${Object.values(stored).join(', ')}`;

  test('that AWS gives every secret may be shown by all rotators', async () => {
    expect(await said(saysAll(OF_AWS), { password: 'kT9-x_Qw.8aLz', ...OF_AWS })).toBe(saysAll(OF_AWS));
  });

  test('of such a name is hidden if it is no text, or deeper in the secret, or of nearly that name', async () => {
    const stored = {
      host: { password: 'in-an-object-1' },
      nested: { host: 'deeper-host-1' },
      HOST: 'shouted-host-1',
    };
    expect(
      await said('saw in-an-object-1, deeper-host-1, shouted-host-1', {
        password: 'kT9-x_Qw.8aLz',
        ...stored,
      }),
    ).toBe(`saw ${HIDDEN}, ${HIDDEN}, ${HIDDEN}`);
  });

  test('of such a name is hidden if it holds something else: a URL with a password, a port of letters', async () => {
    const stored = {
      host: 'postgres://app:hunter2-hunter2@db.example',
      port: 'a-text-not-a-port',
      engine: 'my "engine"',
    };
    expect(
      await said('saw hunter2-hunter2@db.example, a-text-not-a-port, my "engine"', {
        password: 'kT9-x_Qw.8aLz',
        ...stored,
      }),
    ).toBe(`saw ${HIDDEN}, ${HIDDEN}, ${HIDDEN}`);
  });

  test('of such a name is hidden if it rotates, and is not shown', async () => {
    const { error } = await thrownBy(
      () => {
        throw new Error('saw username-name-1');
      },
      { password: 'kT9-x_Qw.8aLz', username: 'username-name-1' },
      {
        rotates: ['username', 'password'] as readonly string[] as ['password'],
        createSecret: () => ({ username: 'username-name-2', password: 'made-password-1' }),
      },
    );
    expect(String(error)).toContain(`saw ${HIDDEN}`);
  });

  test('that is a number is hidden if it rotates, or has the length of a PIN', async () => {
    const kept = { port: 5432, timeout: 30, serial: 98765432, isOld: true };
    const stored: Stored = { password: 471123, ...kept };
    expect(await said('saw 471123 and 30 s, 98765432, true, at 5432', stored)).toBe(
      `saw ${HIDDEN} and 30 s, ${HIDDEN}, true, at 5432`,
    );
  });
});

test('what a client calls its error is no value, though it reads as words', async () => {
  const password = 'Correct Horse Battery';
  const { begin, deliver } = await doorRig({
    secretString: JSON.stringify({ user: 'app', password }),
    client: (secrets) => {
      const client = new FaultyClient(secrets);
      client.fail('putSecretValue', Object.assign(new Error(password), { name: password }), { times: 99 });
      return client;
    },
  });
  await begin();
  const error = await rejection(deliver('createSecret'));
  expect(error).toMatchObject({
    code: 'ERR_SECRETS_MANAGER_FAILED',
    message: expect.stringContaining(HIDDEN),
  });
  expect(leaks(allOf(error), password)).toBeUndefined();
});
