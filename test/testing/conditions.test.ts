import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { Agent, createServer, get } from 'node:https';
import { lineTo, rotatorContract, type TcpLine } from '../../src/testing/index.js';
import { type DoorRotator, FIRST } from '../support/door-rig.js';
import { listening } from '../support/listening.js';
import { certificate } from '../support/postgres.js';
import { contractOfDoor, type FarDoor, said } from './contracts.js';

type Subject = ReturnType<NonNullable<Parameters<typeof contractOfDoor>[1]>>;

const GUESS = 'makes a credential that nobody can guess, unless the provider chooses it';
const RETURNS = 'returns from setSecret only when the service accepts AWSPENDING';
const ACTS = 'uses nobody else’s right until the service has accepted the secret’s own credential';
const KEEPS = 'keeps no secret of an administrator for a later rotation';
const LOGGED_IN = 'is logged in nowhere once a step has ended';
const LATE = 'lets no change of setSecret that was held back undo a later rotation';
const PLACES = 'talks to no place that neither the secret nor a declaration names';

/** Runs one clause, which must pass. */
async function keeps(clauses: ReturnType<typeof contractOfDoor>, name: string): Promise<void> {
  const clause = clauses.find((one) => one.name === name);
  if (!clause) throw new Error(`no clause ${name}`);
  await clause.run();
}

test('a credential that the provider prescribes may be as short as it is, where that is declared', async () => {
  const pins = (): Partial<DoorRotator> => ({
    createSecret: () => ({ password: String(randomInt(1e6)).padStart(6, '0') }),
  });
  expect(await said(contractOfDoor(pins), GUESS)).toMatchObject({
    message: expect.stringMatching(/if the provider prescribes its form, declare `chooses: 'provider'`\)$/),
  });
  expect(contractOfDoor(pins, () => ({ chooses: 'provider' })).map(({ name }) => name)).not.toContain(GUESS);
});

test.each<[string, (far: FarDoor) => Partial<DoorRotator>]>([
  [
    'that derives it of the token, with a key',
    () => ({
      createSecret: (_, { token }) => ({
        password: createHmac('sha256', 'a key of its own').update(token).digest('base64url'),
      }),
    }),
  ],
  [
    'that the service has issued, by a count',
    (far) => {
      let count = 0;
      return {
        createSecret: async (_, { signal }) => ({
          password: `key-${await far.line.call(() => ++count, signal)}`,
        }),
      };
    },
  ],
  ['that it can take back', () => ({ createSecret: () => ({ password: 'key-1' }), discardSecret: () => {} })],
  [
    'that was made after what the time has begun with',
    () => ({
      createSecret: () => ({ password: `${new Date().getFullYear()}-${randomBytes(16).toString('hex')}` }),
    }),
  ],
])('a credential %s is not taken for one that can be guessed', async (_, parts) => {
  await keeps(contractOfDoor(parts), GUESS);
});

test('a service that takes a while to accept what was set is declared', async () => {
  const late = (far: FarDoor): Partial<DoorRotator> => ({
    setSecret: (...given) => void setTimeout(() => void far.sound().setSecret(...given), 50),
    async testSecret({ password }, context): Promise<'accepted'> {
      while (!(await far.accepts(password, context))) context.signal.throwIfAborted();
      return 'accepted';
    },
  });
  expect(await said(contractOfDoor(late), RETURNS)).toMatchObject({
    message: expect.stringMatching(/if the service only takes a while, declare `propagates`\)$/),
  });
  expect(contractOfDoor(late, () => ({ propagates: true })).map(({ name }) => name)).not.toContain(RETURNS);
  await keeps(
    contractOfDoor(late, () => ({ propagates: true })),
    'leaves the service accepting AWSCURRENT',
  );
});

test('a change that comes too late, and takes effect later still, is found', async () => {
  // The door obeys an order after 50 ms, whoever gives it.
  const obedient = (far: FarDoor): Partial<DoorRotator> => ({
    async setSecret({ pending, current }, { confirm, signal }) {
      if (far.door.accepts(pending.password) || !far.door.accepts(current.password)) return;
      if ((await confirm()) === 'current') return;
      const order = () => void setTimeout(() => far.door.set(pending.password), 50).unref();
      await far.line.call(order, signal);
    },
    async testSecret({ password }, context): Promise<'accepted'> {
      while (!(await far.accepts(password, context))) context.signal.throwIfAborted();
      return 'accepted';
    },
  });
  const contract = contractOfDoor(obedient, () => ({ propagates: true }));
  expect(await said(contract, LATE)).toMatchObject({
    message: expect.stringMatching(
      /^message 1 of setSecret was held back .*the service refuses AWSCURRENT now/,
    ),
  });
  await keeps(
    contractOfDoor(obedient, () => ({ propagates: true, lateChangesLand: true })),
    LATE,
  );
});

describe('a rotator with an administrator', () => {
  let key = '';
  const tokens = new Map<string, string>();
  let count = 0;

  /** A door that the administrator sets, with a token that is made of the administrator's key. */
  const subject = (far: FarDoor): Subject => ({
    reset() {
      tokens.clear();
      key = `key-${++count}-of-the-administrator`;
      far.door.password = FIRST;
      return { user: 'app', password: FIRST };
    },
    others: () => ({ admin: { key } }),
  });

  let held: string | undefined;
  const byAdministrator =
    ({ proves = true, isPatient = true } = {}) =>
    (far: FarDoor): Partial<DoorRotator> => ({
      async setSecret({ pending, current }, context) {
        const isKnown =
          (await far.accepts(current.password, context)) || (await far.accepts(pending.password, context));
        if (proves && !isKnown) throw new Error('locked out');
        const act = async (): Promise<boolean> => {
          const { key: given } = await context.readSecret('admin');
          held ??= await far.line.call(() => {
            if (given !== key) throw new Error('answered 401');
            tokens.set('token', key);
            return 'token';
          }, context.signal);
          const token = held;
          if ((await context.confirm()) === 'current') return true;
          return far.line.call(() => {
            if (tokens.get(token) !== key) return false;
            far.door.set(pending.password);
            return true;
          }, context.signal);
        };
        if (await act()) return;
        if (!isPatient) throw new Error('answered 401');
        held = undefined;
        if (!(await act())) throw new Error('answered 401');
      },
    });
  const contract = (options: Parameters<typeof byAdministrator>[0], more: Subject = {}) => {
    held = undefined;
    return contractOfDoor(byAdministrator(options), (far) => ({ ...subject(far), ...more }));
  };

  test('may keep a token of the administrator’s, as long as the service takes it', async () => {
    await keeps(contract({}), KEEPS);
    expect(await said(contract({ isPatient: false }), KEEPS)).toMatchObject({
      message: expect.stringMatching(/call context\.readSecret\(\) in every step/),
    });
  });

  test('declares that nothing can prove the secret’s own credential', async () => {
    await keeps(contract({}), ACTS);
    expect(await said(contract({ proves: false }), ACTS)).toMatchObject({
      message: expect.stringMatching(
        /^the service refused AWSCURRENT, and the rotator changed the credential all the same/,
      ),
    });
    expect(contract({ proves: false }, { provesCurrent: false }).map(({ name }) => name)).not.toContain(ACTS);
  });
});

describe('a rotator that talks to a place of its own', () => {
  const server = createHttpServer((_, response) => response.end('ok'));
  let port: number;
  beforeAll(async () => {
    port = await listening(server);
  });
  afterAll(async () => {
    server.closeAllConnections();
    await once(server.close(), 'close');
  });

  const tells = (far: FarDoor): Partial<DoorRotator> => ({
    async setSecret(...given) {
      await fetch(`http://localhost:${port}/`);
      await far.sound().setSecret(...given);
    },
  });

  test('declares it, by whatever name', async () => {
    expect(await said(contractOfDoor(tells), PLACES)).toMatchObject({
      message: expect.stringMatching(/^the rotator connected to localhost:\d+, .*declare it in `places`\)$/),
    });
  });

  test.each(['localhost', '127.0.0.1'])('passes where %s is declared with its port', async (host) => {
    await keeps(
      contractOfDoor(tells, () => ({ places: [`${host}:${port}`] })),
      PLACES,
    );
  });

  test('passes where the secret names it', async () => {
    const named = (far: FarDoor): Subject => ({
      reset() {
        far.door.password = FIRST;
        return { user: 'app', password: FIRST, url: `https://app@127.0.0.1:${port}/path` };
      },
    });
    await keeps(contractOfDoor(tells, named), PLACES);
  });
});

test('connections that HTTPS keeps alive are no sessions', async () => {
  const cert = await certificate('server.pem');
  const server = createServer({ cert, key: await certificate('server.key') }, (_, response) =>
    response.end('ok'),
  );
  const line: TcpLine = await lineTo(await listening(server));
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  let password = FIRST;
  const ask = async (): Promise<void> => {
    const [response] = await once(get({ port: line.port, agent }), 'response');
    await once(response.resume(), 'end');
  };
  const clauses = rotatorContract({
    rotator: (): DoorRotator => ({
      name: 'door',
      rotates: ['password'],
      shows: ['user'],
      parse: (json) => ({ user: String(json.user), password: String(json.password) }),
      createSecret: () => ({ password: randomBytes(16).toString('hex') }),
      async setSecret({ pending }) {
        await ask();
        password = pending.password;
      },
      async testSecret(pending) {
        await ask();
        return pending.password === password ? 'accepted' : 'rejected';
      },
    }),
    reset() {
      password = FIRST;
      return { user: 'app', password };
    },
    accepts: (secret) => secret.password === password,
    line: () => line,
  });
  try {
    await keeps(clauses, LOGGED_IN);
    expect(server.listening && Object.keys(agent.freeSockets)).toHaveLength(1);
  } finally {
    agent.destroy();
    await line.close();
    await once(server.close(), 'close');
  }
});

test('sessions of a service that only it can count are asked for', async () => {
  let sessions = 0;
  const forgets = (far: FarDoor): Partial<DoorRotator> => ({
    async testSecret({ password }, context) {
      sessions++;
      return (await far.accepts(password, context)) ? 'accepted' : 'rejected';
    },
  });
  await keeps(contractOfDoor(forgets), LOGGED_IN);
  expect(
    await said(
      contractOfDoor(forgets, () => ({ sessions: () => sessions })),
      LOGGED_IN,
    ),
  ).toMatchObject({
    message: expect.stringMatching(
      /^testSecret must log out, or close the connections that it opened, before it returns/,
    ),
  });
});
