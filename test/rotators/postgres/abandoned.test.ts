import type { SecretsManagerApi } from '../../../src/index.js';
import { rejection } from '../../support/errors.js';
import { serviceError } from '../../support/faulty-client.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';
const WRONG = 'wrong-password-1';

let server: TestServer;
let count = 0;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** A secret whose AWSCURRENT was edited by hand, and is wrong; `unreadable` are the versions that nobody can decrypt. */
async function edited(first: string) {
  const app = `app_${++count}`;
  await server.sql(`CREATE ROLE ${app} LOGIN PASSWORD '${FIRST}'`);
  const unreadable = new Set<string>();
  const rig = await postgresRig(server.secret(app, first), {
    client: (secrets): SecretsManagerApi => ({
      describeSecret: (input) => secrets.describeSecret(input),
      getSecretValue(input) {
        if (unreadable.has(String(input.VersionId))) throw serviceError('DecryptionFailure');
        return secrets.getSecretValue(input);
      },
      putSecretValue: (input) => secrets.putSecretValue(input),
      updateSecretVersionStage: (input) => secrets.updateSecretVersionStage(input),
      listSecretVersionIds: (input) => secrets.listSecretVersionIds(input),
    }),
  });
  const store = (SecretString: string) => rig.secrets.putSecretValue({ SecretId: 'db', SecretString });
  /** Begins a rotation with a value, and gives it up. */
  const giveUp = async (pending: string): Promise<string> => {
    const token = await rig.beginWith(pending);
    await rig.secrets.updateSecretVersionStage({
      SecretId: 'db',
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: token,
    });
    return token;
  };
  return { ...rig, app, store, giveUp, unreadable };
}

test('a version without a label that cannot be read keeps nobody from AWSPREVIOUS', async () => {
  const { app, store, giveUp, unreadable, begin, rotation, password } = await edited(FIRST);
  await store(server.secret(app, WRONG));
  unreadable.add(await giveUp(server.secret(app, 'never-set-at-all-1')));
  await begin();
  expect((await rotation().run()).outcome).toBe('succeeded');
  expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
});

test('versions without a label that are no use do not take the place of one that works', async () => {
  const { app, giveUp, begin, rotation, password } = await edited(WRONG);
  await giveUp(server.secret(app, FIRST));
  await giveUp('not JSON');
  await giveUp(server.secret('somebody_else', 'another-password-1'));
  await giveUp(server.secret(app, WRONG));
  await begin();
  expect((await rotation().run()).outcome).toBe('succeeded');
  expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
});

test('the hint names no version without a label that is for another user', async () => {
  const { app, giveUp, begin, deliver, password } = await edited(WRONG);
  const mine = await giveUp(server.secret(app, 'never-set-at-all-1'));
  const foreign = await giveUp(server.secret('somebody_else', 'another-password-1'));
  await begin();
  await deliver('createSecret');
  const error = await rejection(deliver('setSecret'));
  expect(error).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED', hint: expect.stringContaining(mine) });
  expect(error).toMatchObject({ hint: expect.not.stringContaining(foreign) });
  expect(await password('AWSCURRENT')).toBe(WRONG);
  expect(await server.accepts(app, FIRST)).toBe(true);
});
