import { singleUser } from '../../../rotators/databases/single-user.js';
import { rotationHandler } from '../../../src/index.js';
import { LocalSecretsManager, lineTo, rotatorContract, type TcpLine } from '../../../src/testing/index.js';
import { Cellar, cellar, hashOf } from '../../support/cellar.js';
import { tried } from '../../support/thorough.js';

const FIRST = 'frst-9Kx2-7bqw';
const ADMIN = 'xk83-Qmw71-plv';

let server: Cellar;
let line: TcpLine;
let count = 0;

beforeAll(async () => {
  server = await Cellar.start();
  server.passwords.set('admin', [hashOf(ADMIN)]);
  line = await lineTo(server.port);
});

afterAll(async () => {
  await line.close();
  await server.stop();
});

function user(more: object = {}) {
  const username = `app_${++count}`;
  server.passwords.set(username, [hashOf(FIRST)]);
  return { host: '127.0.0.1', port: line.port, username, password: FIRST, masterarn: 'admin', ...more };
}

const administrator = () => ({ host: '127.0.0.1', port: line.port, username: 'admin', password: ADMIN });

const clauses = rotatorContract({
  rotator: () => singleUser(cellar, { timeoutMs: 2000 }),
  overlaps: true,
  line: () => line,
  reset: () => user(),
  others: () => ({ admin: administrator() }),
  accepts: ({ username, password }) => server.accepts(String(username), String(password)),
  credentials: () => server.passwords.get(`app_${count}`)?.length ?? 0,
});

describe('an engine that keeps two passwords', () => {
  test.each(tried(clauses, 'when thorough'))('$name', ({ run }) => run());
});

/** A secret for a user, and what a rotation leaves on the server. */
async function rig(secret: ReturnType<typeof user>) {
  const secrets = new LocalSecretsManager();
  const RotationLambdaARN = secrets.addFunction(
    'rotate',
    rotationHandler(singleUser(cellar), { client: secrets, log: () => {} }),
  );
  await secrets.createSecret({ Name: 'admin', SecretString: JSON.stringify(administrator()) });
  await secrets.createSecret({ Name: 'db', SecretString: JSON.stringify(secret) });
  const passwordOf = async (VersionStage: string): Promise<string> => {
    const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'db', VersionStage });
    return JSON.parse(SecretString).password;
  };
  return {
    passwordOf,
    secrets,
    begin: () => secrets.rotateSecret({ SecretId: 'db', RotationLambdaARN }),
    rotation: () => secrets.rotation('db'),
    onServer: () => server.passwords.get(secret.username),
  };
}

test.each([
  ['an administrator', {}],
  ['the user itself', { masterarn: undefined }],
])('by %s AWSCURRENT is kept beside AWSPENDING, and nothing else', async (_, more) => {
  const { begin, rotation, passwordOf, onServer } = await rig(user(more));
  for (let n = 0; n < 3; n++) {
    await begin();
    await rotation().deliver('createSecret');
    for (let times = 0; times < 2; times++) await rotation().deliver('setSecret');
    const both = [await passwordOf('AWSCURRENT'), await passwordOf('AWSPENDING')];
    expect(onServer()).toEqual(both.map(hashOf));
    expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
  }
});

test('AWSCURRENT that the server refuses is not made valid again', async () => {
  const secret = user();
  const { begin, rotation, passwordOf, onServer } = await rig(secret);
  await begin();
  for (const step of ['createSecret', 'setSecret'] as const) await rotation().deliver(step);
  // Somebody has ended the old one by hand.
  const pending = hashOf(await passwordOf('AWSPENDING'));
  server.passwords.set(secret.username, [pending]);
  await rotation().deliver('setSecret');
  expect(onServer()).toEqual([pending]);
  expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
});

test('what an abandoned rotation has set ends with the next', async () => {
  const { secrets, begin, rotation, passwordOf, onServer } = await rig(user());
  const { VersionId } = await begin();
  for (const step of ['createSecret', 'setSecret'] as const) await rotation().deliver(step);
  await secrets.updateSecretVersionStage({
    SecretId: 'db',
    VersionStage: 'AWSPENDING',
    RemoveFromVersionId: String(VersionId),
  });
  await begin();
  expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  expect(onServer()).toEqual([FIRST, await passwordOf('AWSCURRENT')].map(hashOf));
});
