import { type DoorRig, doorRig } from '../support/door-rig.js';
import { CORPUS, type Nasty, PASSWORD } from './corpus.js';
import { ending } from './ending.js';

const PLAIN = JSON.stringify({ user: 'app', password: PASSWORD });
const cases = CORPUS.map((nasty) => [nasty.name, nasty] as const);
/** Where size makes no difference any more. */
const small = cases.filter(([, { stored, code }]) => stored.length < 20_000 || code === 'ERR_DUPLICATE_KEYS');
const hiddenIn = ({ password = PASSWORD, hidden = [] }: Nasty) => [
  password.replaceAll('[redacted]', ''),
  ...hidden,
];
const inputOf = (stored: string | Uint8Array) =>
  typeof stored === 'string' ? { SecretString: stored } : { SecretBinary: stored };

/** A rotator that quotes all that it is given when it fails, which it does once in each step, and reads AWSPREVIOUS. */
async function careless(secretString: string): Promise<DoorRig & { readonly failures: Set<string> }> {
  const failures = new Set(['setSecret', 'finishSecret']);
  const quote = async (step: string, versions: { previous(): Promise<unknown> }, fresh = '') => {
    const previous = await versions.previous();
    if (failures.delete(step))
      throw new Error(`${JSON.stringify([versions, previous]).slice(0, 600)} ${fresh.slice(0, 300)}`);
  };
  const rigged: DoorRig = await doorRig({
    secretString,
    parts: {
      async setSecret(versions) {
        await quote('setSecret', versions);
        rigged.door.set(versions.pending.password);
      },
      async finishSecret(versions, { readVersions }) {
        await quote('finishSecret', versions, JSON.stringify(await readVersions()));
      },
    },
  });
  rigged.door.password = PASSWORD;
  return { ...rigged, failures };
}

/** Everything that is stored, by label. */
async function storedIn({ secrets }: DoorRig, label: string) {
  const { SecretString, SecretBinary } = await secrets.getSecretValue({
    SecretId: 'door',
    VersionStage: label,
  });
  return SecretString ?? SecretBinary;
}

test.each(cases)(
  'AWSCURRENT may be odd, and rotates to the byte, or is refused and left as it is: %s',
  async (_, nasty) => {
    const { stored, password = PASSWORD, code } = nasty;
    const rigged = await careless(PLAIN);
    await rigged.secrets.putSecretValue({ SecretId: 'door', ...inputOf(stored) });
    rigged.door.password = password;
    // Once is enough where much is to be looked through.
    if (stored.length > 20_000) rigged.failures.delete('finishSecret');
    await rigged.begin();
    const { log } = rigged;
    const created = await ending(rigged.deliver('createSecret'), { values: hiddenIn(nasty), log });
    expect(created?.code).toBe(code);
    expect(rigged.door.changes).toBe(0);
    if (code !== undefined) return expect(await storedIn(rigged, 'AWSCURRENT')).toEqual(stored);
    const set = await ending(rigged.deliver('setSecret'), { values: hiddenIn(nasty), log });
    expect(set?.code).toBe('ERR_ROTATOR_FAILED');
    expect(rigged.door.changes).toBe(0);
    await rigged.deliver('setSecret');
    await rigged.deliver('testSecret');
    await ending(rigged.deliver('finishSecret'), { values: hiddenIn(nasty), log });
    if (stored.length <= 20_000) await rigged.deliver('finishSecret');
    const now = JSON.stringify(rigged.door.password);
    const expected = String(stored).replace(JSON.stringify(password), () => now);
    expect(await storedIn(rigged, 'AWSCURRENT')).toBe(expected);
  },
);

test.each(small)(
  'AWSPENDING may be odd, and changes nothing unless all of it can be read: %s',
  async (_, nasty) => {
    const { stored, password = PASSWORD, code } = nasty;
    const rigged = await careless(PLAIN);
    const ClientRequestToken = await rigged.begin();
    const VersionStages = ['AWSPENDING'];
    await rigged.secrets.putSecretValue({
      SecretId: 'door',
      ClientRequestToken,
      VersionStages,
      ...inputOf(stored),
    });
    const codes = [];
    for (const step of [
      'createSecret',
      'setSecret',
      'setSecret',
      'testSecret',
      'finishSecret',
      'finishSecret',
    ] as const) {
      const error = await ending(rigged.deliver(step), { values: hiddenIn(nasty), log: rigged.log });
      codes.push(error?.code);
      if (error && error.code !== 'ERR_ROTATOR_FAILED') break;
    }
    const isTaken = rigged.door.password === password && codes.at(-1) === undefined;
    if (!isTaken) {
      expect(['ERR_PENDING_MISMATCH', code]).toContain(codes.at(-1));
      expect(await storedIn(rigged, 'AWSCURRENT')).toBe(PLAIN);
      expect(rigged.door.changes).toBe(0);
    }
  },
);

test.each(small)('AWSPREVIOUS may be odd, and is no obstacle: %s', async (_, nasty) => {
  const rigged = await careless(PLAIN);
  await rigged.secrets.putSecretValue({ SecretId: 'door', ...inputOf(nasty.stored) });
  await rigged.secrets.putSecretValue({ SecretId: 'door', SecretString: PLAIN });
  rigged.failures.clear();
  await rigged.begin();
  const report = await rigged.run();
  expect(report).toMatchObject({ outcome: 'succeeded' });
});

test.each(small)("an administrator's secret may be odd, and is not quoted: %s", async (_, nasty) => {
  const rigged = await doorRig({
    parts: {
      async setSecret(_versions, { readSecret }) {
        throw new Error(`with ${JSON.stringify(await readSecret('admin', ['user']))}`);
      },
    },
  });
  await rigged.secrets.createSecret({ Name: 'admin', ...inputOf(nasty.stored) });
  await rigged.begin();
  await rigged.deliver('createSecret');
  const error = await ending(rigged.deliver('setSecret'), { values: hiddenIn(nasty), log: rigged.log });
  expect(['ERR_ROTATOR_FAILED', nasty.code]).toContain(error?.code);
  expect(rigged.door.changes).toBe(0);
});

test('a password beside thousands of words is looked for in all of them in time', async () => {
  const password = Array.from({ length: 20_000 }, (_, at) =>
    String.fromCharCode(35 + ((at * at * 31) % 57)),
  ).join('');
  const words = Array.from({ length: 5000 }, (_, at) => `w${at}`);
  const rigged = await doorRig({ secretString: JSON.stringify({ user: 'app', password, words }) });
  await rigged.begin();
  expect(await ending(rigged.deliver('createSecret'), { values: [] })).toBeUndefined();
});

test('a long password that repeats itself is taken out in time of a text that quotes it', async () => {
  const password = '☃'.repeat(20_000);
  const rigged = await doorRig({
    secretString: JSON.stringify({ user: 'app', password }),
    parts: {
      setSecret({ current }) {
        throw new Error(`not ${current.password}`);
      },
    },
  });
  await rigged.begin();
  await rigged.deliver('createSecret');
  const error = await ending(rigged.deliver('setSecret'), { values: ['☃'.repeat(8)], log: rigged.log });
  expect(error?.message).toContain(': not [redacted]…');
});
