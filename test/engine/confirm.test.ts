import type { SecretsManagerApi } from '../../src/index.js';
import type { LocalSecretsManager } from '../../src/testing/index.js';
import { type DoorRig, type DoorRotator, doorRig } from '../support/door-rig.js';
import { rejection } from '../support/errors.js';
import { serviceError } from '../support/faulty-client.js';

type Answer = (
  honest: ReturnType<SecretsManagerApi['describeSecret']>,
) => ReturnType<SecretsManagerApi['describeSecret']>;

/** A door that is changed only when `confirm()` says so; the answers to DescribeSecret, from the n-th on, are a test's. */
async function looking(
  { from = Number.POSITIVE_INFINITY, answer = (honest) => honest }: { from?: number; answer?: Answer } = {},
  before: (secrets: LocalSecretsManager, token: string) => Promise<unknown> = async () => {},
  parts: Partial<DoorRotator> = {},
) {
  let looks = 0;
  let isWatched = false;
  const heard: unknown[] = [];
  const rigged: DoorRig = await doorRig({
    client: (secrets) => ({
      describeSecret(input) {
        const honest = secrets.describeSecret(input);
        return isWatched && ++looks >= from ? answer(honest) : honest;
      },
      getSecretValue: (input) => secrets.getSecretValue(input),
      putSecretValue: (input) => secrets.putSecretValue(input),
      updateSecretVersionStage: (input) => secrets.updateSecretVersionStage(input),
    }),
    parts: {
      async setSecret({ pending }, context) {
        await before(rigged.secrets, context.token);
        const said = await context.confirm();
        heard.push(said);
        if (said === 'pending') rigged.door.set(pending.password);
      },
      ...parts,
    },
  });
  await rigged.begin();
  await rigged.deliver('createSecret');
  isWatched = true;
  return { ...rigged, heard, looks: () => looks };
}

const move = (secrets: LocalSecretsManager, VersionStage: string, from?: string, to?: string) =>
  secrets.updateSecretVersionStage({
    SecretId: 'door',
    VersionStage,
    ...(from !== undefined && { RemoveFromVersionId: from }),
    ...(to !== undefined && { MoveToVersionId: to }),
  });

const holder = async (secrets: LocalSecretsManager, label: string) =>
  Object.entries((await secrets.describeSecret({ SecretId: 'door' })).VersionIdsToStages ?? {}).find(
    ([, labels]) => labels.includes(label),
  )?.[0];

describe('confirm()', () => {
  test('says that the version is AWSPENDING, by one more DescribeSecret', async () => {
    const { deliver, heard, looks, door } = await looking();
    await deliver('setSecret');
    expect(heard).toEqual(['pending']);
    expect(looks()).toBe(2);
    expect(door.changes).toBe(1);
  });

  test.each([
    ['AWSCURRENT alone', true],
    ['both labels', false],
  ])('says that the version is AWSCURRENT, if it has %s, and the step has succeeded', async (_, isAlone) => {
    const { secrets, deliver, heard, door, log } = await looking({}, async (local, token) => {
      await move(local, 'AWSCURRENT', await holder(local, 'AWSCURRENT'), token);
      if (isAlone) await move(local, 'AWSPENDING', token);
    });
    await deliver('setSecret');
    expect(heard).toEqual(['current']);
    expect(door.changes).toBe(0);
    expect(log.at(-1)).toMatchObject({ step: 'setSecret', outcome: 'already-current' });
    expect(await holder(secrets, 'AWSCURRENT')).toBe(secrets.rotation('door').token);
  });

  test('throws if AWSPENDING was taken off the version, and names it', async () => {
    const { deliver, heard, door } = await looking({}, (local, token) => move(local, 'AWSPENDING', token));
    const error = await rejection(deliver('setSecret'));
    expect(error).toMatchObject({
      code: 'ERR_ROTATION_ABANDONED',
      message: expect.stringContaining('this attempt changed nothing'),
      hint: expect.stringMatching(/GetSecretValue with VersionId [0-9a-f-]{36}/),
    });
    expect(heard).toEqual([]);
    expect(door.changes).toBe(0);
  });

  test('throws if a later rotation has replaced the version', async () => {
    const { deliver, door } = await looking({}, async (local, token) => {
      await move(local, 'AWSCURRENT', await holder(local, 'AWSCURRENT'), token);
      await local.putSecretValue({
        SecretId: 'door',
        SecretString: '{"user":"app","password":"a-third-password"}',
      });
      await move(local, 'AWSPENDING', token).catch(() => {});
    });
    expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_ROTATION_ABANDONED' });
    expect(door.changes).toBe(0);
  });

  test('throws if AWSCURRENT is on another version than when the step began', async () => {
    const again = await looking({}, async (local) => {
      const [current, before] = [await holder(local, 'AWSCURRENT'), await holder(local, 'AWSPREVIOUS')];
      if (before !== undefined) await move(local, 'AWSCURRENT', current, before);
    });
    await again.run();
    await again.begin();
    await again.deliver('createSecret');
    const changes = again.door.changes;
    expect(await rejection(again.deliver('setSecret'))).toMatchObject({
      code: 'ERR_CURRENT_MOVED',
      message: expect.stringContaining('this attempt changed nothing'),
    });
    expect(again.door.changes).toBe(changes);
  });

  test('throws if somebody moved AWSCURRENT away from the version, which still is AWSPENDING', async () => {
    const { deliver, door } = await looking({}, async (local, token) => {
      const first = await holder(local, 'AWSCURRENT');
      await move(local, 'AWSCURRENT', first, token);
      await move(local, 'AWSCURRENT', token, first);
    });
    expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_ROTATION_UNDONE' });
    expect(door.changes).toBe(0);
  });

  const never: Answer = () => new Promise(() => {});
  test.each<[string, Answer]>([
    ['is throttled', () => Promise.reject(serviceError('ThrottlingException'))],
    ['is denied', () => Promise.reject(serviceError('AccessDeniedException'))],
    ['never answers, whatever the signal says', never],
    ['answers without labels that can be read', async () => ({ VersionIdsToStages: 'AWSPENDING' }) as never],
  ])('throws if DescribeSecret %s, and the next attempt succeeds', async (_, answer) => {
    let isOver = false;
    const { deliver, door, run } = await looking({
      from: 2,
      answer: (honest) => (isOver ? honest : answer(honest)),
    });
    const since = performance.now();
    const error = await rejection(deliver('setSecret'));
    // The limit is two seconds. Without it the look would have the step's thirty.
    expect(performance.now() - since).toBeLessThan(15_000);
    expect(error).toMatchObject({
      code: 'ERR_NOT_CONFIRMED',
    });
    expect(door.changes).toBe(0);
    isOver = true;
    expect((await run()).outcome).toBe('succeeded');
  });

  test('throws if the version is not listed, and looks again before it calls the rotation abandoned', async () => {
    const stale: Answer = async (honest) => ({ ...(await honest), VersionIdsToStages: {} });
    const passing = await looking({
      from: 2,
      answer: (honest) => (passing.looks() === 2 ? stale(honest) : honest),
    });
    expect(await rejection(passing.deliver('setSecret'))).toMatchObject({ code: 'ERR_NOT_CONFIRMED' });
    expect(passing.door.changes).toBe(0);
    expect((await passing.run()).outcome).toBe('succeeded');

    const lasting = await looking({ from: 2, answer: stale });
    expect(await rejection(lasting.deliver('setSecret'))).toMatchObject({
      code: 'ERR_ROTATION_ABANDONED',
      message: expect.stringContaining('this attempt changed nothing'),
    });
    expect(lasting.door.changes).toBe(0);
  });

  test('fails the step of a rotator that goes on although it was not confirmed', async () => {
    const rigged = await looking({}, async () => {}, {
      async setSecret(_, context) {
        await move(rigged.secrets, 'AWSPENDING', context.token);
        await context.confirm().catch(() => {});
      },
    });
    expect(await rejection(rigged.deliver('setSecret'))).toMatchObject({ code: 'ERR_ROTATION_ABANDONED' });
  });
});
