import { stringField } from '../../src/index.js';
import { LocalSecretsManager, rig } from '../../src/testing/index.js';
import { Door, doorRotator, FIRST } from '../support/door-rig.js';
import { rejection } from '../support/errors.js';
import { FaultyClient } from '../support/faulty-client.js';
import { tokens } from '../support/plain-tokens.js';

const secret = { user: 'app', password: FIRST };

test('a rotation is begun, taken step by step, and told by its values, its labels and the log', async () => {
  const door = new Door();
  const { begin, deliver, run, value, labels, log, secretId } = await rig(doorRotator(door), { secret });
  const token = await begin();
  await deliver('createSecret');
  expect(await value('AWSCURRENT')).toEqual(secret);
  const pending = await value('AWSPENDING');
  expect(await labels()).toMatchObject({ [token]: ['AWSPENDING'] });
  expect(await run()).toMatchObject({ outcome: 'succeeded' });
  expect([await value('AWSCURRENT'), await value('AWSPREVIOUS')]).toEqual([pending, secret]);
  expect(door.accepts(pending.password)).toBe(true);
  expect(log.map(({ step, outcome }) => [step, outcome])).toEqual([
    ['createSecret', 'created'],
    ['createSecret', 'kept'],
    ['setSecret', 'set'],
    ['testSecret', 'passed'],
    ['finishSecret', 'promoted'],
  ]);
  expect(new Set(log.map((entry) => entry.secretId))).toEqual(new Set([secretId]));
});

test('a step that fails is thrown by deliver(), and is in the report of run()', async () => {
  const door = new Door();
  const { begin, deliver, run, reattempt, rotate } = await rig(doorRotator(door), { secret });
  expect(await rejection(Promise.resolve().then(() => deliver('createSecret')))).toMatchObject({
    message: expect.stringContaining('call rotateSecret first'),
  });
  await begin();
  await deliver('createSecret');
  door.isBroken = true;
  const failure = { code: 'ERR_ROTATOR_FAILED', step: 'setSecret' };
  expect(await rejection(deliver('setSecret'))).toMatchObject(failure);
  const { outcome, steps } = await run();
  expect([outcome, steps.at(-1)?.error]).toMatchObject(['failed', failure]);
  await expect(rotate()).rejects.toThrow("A previous rotation isn't complete");
  door.isBroken = false;
  expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
});

test('a secret that is a string is stored as it is, and read as the rotator reads it', async () => {
  const { rotate, value, secretString } = await rig(tokens(), { secret: 'first-token-of-it' });
  await rotate();
  expect(await secretString('AWSPREVIOUS')).toBe('first-token-of-it');
  expect(await value('AWSPREVIOUS')).toEqual({ token: 'first-token-of-it' });
  expect(await value('AWSCURRENT')).toEqual({ token: await secretString('AWSCURRENT') });
});

test('what the rotator does not know stays in the SecretString, and is not in its value', async () => {
  const { rotate, value, secretString } = await rig(tokens(), {
    secret: { owner: 'a', token: 'first-token' },
  });
  await rotate();
  const { token } = await value('AWSCURRENT');
  expect(await secretString('AWSCURRENT')).toBe(`{"owner":"a","token":"${token}"}`);
  expect(await value('AWSPREVIOUS')).toEqual({ token: 'first-token' });
});

test('other secrets are there for the rotator to read, and its warnings to be read', async () => {
  const asking = tokens({
    async createSecret(_, { readSecret, warn }) {
      warn('the administrator made it');
      return { token: stringField(await readSecret('admin'), 'next') };
    },
  });
  const others = { admin: { next: 'made-by-another-1' } };
  const { rotate, value, warnings } = await rig(asking, { secret: 'first-token-of-it', others });
  expect(warnings()).toEqual([]);
  await rotate();
  expect((await value('AWSCURRENT')).token).toBe('made-by-another-1');
  expect(warnings()).toEqual(['the administrator made it']);
});

test('rigs may share a Secrets Manager, and each has a function of its own', async () => {
  const secrets = new LocalSecretsManager();
  const [door, other] = [new Door(), new Door()];
  const first = await rig(doorRotator(door), { secret, secrets, name: 'a' });
  const second = await rig(doorRotator(other), { secret, secrets, name: 'b' });
  await first.rotate();
  expect([door.changes, other.changes]).toEqual([1, 0]);
  await second.rotate();
  expect([door.changes, other.changes]).toEqual([1, 1]);
  await expect(rig(doorRotator(door), { secret, secrets, name: 'a' })).rejects.toMatchObject({
    name: 'ResourceExistsException',
  });
});

test('a client may stand between the handler and the secrets', async () => {
  const secrets = new LocalSecretsManager();
  const client = new FaultyClient(secrets);
  const { rotate } = await rig(doorRotator(new Door()), { secret, secrets, client });
  client.fail('putSecretValue', new Error('socket hang up'));
  expect(await rotate()).toMatchObject({ outcome: 'failed' });
  expect(client.writes()).toHaveLength(1);
});

test('a clock that stands is moved to the next rotation', async () => {
  const secrets = new LocalSecretsManager({ standsAt: new Date('2026-02-02T17:16:24Z') });
  const { rotate } = await rig(doorRotator(new Door()), { secret, secrets });
  await rotate({ RotationRules: { AutomaticallyAfterDays: 30 } });
  const reports = await secrets.advanceTo(new Date('2026-03-05T00:00:00Z'));
  expect(reports.map(({ outcome }) => outcome)).toEqual(['succeeded']);
});
