import { assertNoLeak, leaksOnPurpose } from './support/canary.js';
import { type DoorRotator, doorRig } from './support/door-rig.js';
import { leakWatch } from './support/leak-watch.js';

const CANARY = 'Kanarie é"v0gel/?>~?>~+\\&1';

const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  JSON: (secret) => JSON.stringify({ secret }),
  'JSON in JSON': (secret) => JSON.stringify(JSON.stringify({ secret })),
  'JSON in ASCII': (secret) => JSON.stringify(secret).replace('é', '\\u00e9'),
  URL: (secret) => encodeURIComponent(secret),
  'URL in lower case': (secret) => encodeURIComponent(secret).replace(/%../g, (byte) => byte.toLowerCase()),
  'URL of a form': (secret) => `${new URLSearchParams({ secret })}`,
  base64: (secret) => Buffer.from(`abc${secret}`).toString('base64'),
  'base64, second phase': (secret) => Buffer.from(`a${secret}`).toString('base64'),
  'base64, third phase': (secret) => Buffer.from(`ab${secret}`).toString('base64'),
  base64url: (secret) => Buffer.from(secret).toString('base64url'),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'hex in capitals': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'a dump': (secret) => Buffer.from(secret).toString('hex').replace(/../g, '$& '),
};

/** A rotation, up to setSecret, of a secret that the engine does not know, if it is not the password. */
async function rotation(parts: Partial<DoorRotator>, password = 'first-password-1') {
  const { begin, deliver } = await doorRig({
    secretString: JSON.stringify({ user: 'app', password }),
    parts,
  });
  await begin();
  await deliver('createSecret');
  await deliver('setSecret').catch(() => {});
}

/** What a test prints is searched, and then goes nowhere. */
function mute(stream: 'stdout' | 'stderr'): void {
  jest.spyOn(process[stream], '_write').mockImplementation((_chunk, _encoding, done) => done());
}

afterEach(() => jest.restoreAllMocks());

test.each(Object.entries(FORMS))('a part of a secret is found in this form: %s', (form, encode) => {
  const look = leaksOnPurpose();
  leakWatch.hide(CANARY);
  leakWatch.saw('somewhere', `see ${encode(CANARY).slice(1, -1)}`);
  expect(look().map((leak) => leak.form)).toContain(form);
});

test.each(['stdout', 'stderr'] as const)(
  'a part of a secret is found in %s, by the test that printed it',
  async (stream) => {
    mute(stream);
    await rotation(
      { setSecret: ({ current }) => void process[stream].write(`${current.password.slice(3, 11)}\n`) },
      CANARY,
    );
    expect(assertNoLeak).toThrow(`1 times:\nin ${stream} (plain): ${CANARY.slice(3, 11)}`);
  },
);

test('seven characters of a secret are no leak', async () => {
  mute('stdout');
  await rotation(
    { setSecret: ({ current }) => void process.stdout.write(`${current.password.slice(3, 10)}\n`) },
    CANARY,
  );
  expect(assertNoLeak).not.toThrow();
});

test('what a secret shows may be seen, and what it keeps may not', async () => {
  const look = leaksOnPurpose();
  const { begin, deliver } = await doorRig({
    secretString: JSON.stringify({ user: 'app-user-1', password: 'pw', note: 'of app-user-1', url: CANARY }),
    parts: {
      setSecret: ({ current }) => void process.stdout.write(`${current.user} ${CANARY}\n`),
    },
  });
  await begin();
  await deliver('createSecret');
  await deliver('setSecret');
  expect(look().filter(({ run }) => !CANARY.includes(run))).toEqual([]);
  expect(leakWatch.look()).toEqual([]);
});

test.each<[string, (secrets: { hidden: string }) => Partial<DoorRotator>, channel: string]>([
  [
    'the message of an error',
    ({ hidden }) => ({ setSecret: () => Promise.reject(new Error(hidden)) }),
    'an error',
  ],
  ['a warning in the log', ({ hidden }) => ({ setSecret: (_, { warn }) => warn(hidden) }), 'the log'],
])('a secret that the engine has not been told of is found in %s', async (_, partsFor, channel) => {
  const look = leaksOnPurpose();
  leakWatch.hide(CANARY);
  await rotation(partsFor({ hidden: CANARY }));
  expect(look()).toContainEqual(expect.objectContaining({ channel, form: 'plain' }));
});

test.each<[string, unknown]>([
  ['its message', new Error(`lost ${CANARY}`)],
  ['its stack', Object.assign(new Error('lost'), { stack: `Error: lost\n    at ${CANARY}` })],
  ['its cause', new Error('lost', { cause: new Error(CANARY) })],
  ['a property', Object.assign(new Error('lost'), { options: { parameters: [CANARY] } })],
  ['a hidden property', Object.defineProperty(new Error('lost'), 'query', { value: CANARY })],
  ['bytes', Object.assign(new Error('lost'), { body: Buffer.from(CANARY.slice(8)) })],
  ['a key', Object.assign(new Error('lost'), { [CANARY]: 1 })],
  ['an error that is none', new Map([[1, [CANARY]]])],
])('a part of a secret is found in an error: %s', (_, error) => {
  const look = leaksOnPurpose();
  leakWatch.hide(CANARY);
  leakWatch.saw('an error', error);
  expect(look()).toContainEqual(expect.objectContaining({ channel: 'an error' }));
});

test('what the engine hides, made or read, is known to the watch', async () => {
  const look = leaksOnPurpose();
  const told = ['made-but-told-1', 'hidden-but-told-2', 'admin-but-told-3'];
  const rigged = await doorRig({
    parts: {
      createSecret: () => ({ password: 'made-but-told-1' }),
      async setSecret(_, context) {
        context.hide('hidden-but-told-2');
        await context.readSecret('admin', ['username']);
        process.stdout.write(`${told.join(' ')} administrator\n`);
      },
    },
  });
  await rigged.secrets.createSecret({
    Name: 'admin',
    SecretString: '{"username":"administrator","password":"admin-but-told-3"}',
  });
  await rigged.begin();
  await rigged.deliver('createSecret');
  await rigged.deliver('setSecret');
  const runs = look().map(({ run }) => run);
  expect(told.map((secret) => runs.includes(secret.slice(-8)))).toEqual([true, true, true]);
  expect(runs.filter((run) => 'administrator'.includes(run))).toEqual([]);
});

test('no identifier is taken for a leak because it has eight digits of another', () => {
  leakWatch.hide('0f8e6a1c-11d2-4a5b-9c3d-5e6f7a8b9c0d', 'not-the-credential');
  leakWatch.saw('an error', new Error('the credential of 0f8e6a1c-22d2-4a5b-8c3d-1e6f7a8b9c0e'));
  expect(assertNoLeak).not.toThrow();
});
