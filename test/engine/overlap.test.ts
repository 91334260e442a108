import { setImmediate } from 'node:timers/promises';
import {
  type RotationError,
  type RotationEvent,
  rotationHandler,
  type SecretsManagerApi,
  type Step,
} from '../../src/index.js';
import { type DoorRig, doorRig, doorRotator } from '../support/door-rig.js';
import { FaultyClient } from '../support/faulty-client.js';
import { Gate } from '../support/gate.js';

const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

describe('two functions with the same token', () => {
  /** Two containers, each with its own client, and calls that take some time. */
  async function twoContainers(seed: number) {
    const { secrets, door, begin, value, labels } = await doorRig();
    const ClientRequestToken = await begin();
    const next = numbers(seed);
    const container = () =>
      rotationHandler(doorRotator(door), {
        client: slowly(new FaultyClient(secrets), next),
        log: () => {},
      });
    const [one, other] = [container(), container()];
    const event = { SecretId: 'door', ClientRequestToken };
    return { one, other, event, door, value, labels, token: ClientRequestToken };
  }

  test.each([1, 2, 3, 4, 5])('take each step at once, and agree (%d)', async (seed) => {
    const { one, other, event, door, value, labels, token } = await twoContainers(seed);
    for (const Step of STEPS) {
      const results = await Promise.all([one({ ...event, Step }), other({ ...event, Step })]);
      const outcomes = new Set(results.map(({ outcome }) => outcome));
      if (Step === 'createSecret') expect(outcomes).toContain('created');
      if (Step === 'finishSecret') expect(outcomes).toContain('promoted');
    }
    expect((await labels())[token]).toContain('AWSCURRENT');
    expect(door.accepts((await value('AWSCURRENT')).password)).toBe(true);
  });

  test.each(Array.from({ length: 20 }, (_, seed) => seed + 10))(
    'take all steps at their own pace, and agree (%d)',
    async (seed) => {
      const { one, other, event, door, value, labels, token } = await twoContainers(seed);
      const takeAll = async (handler: (event: RotationEvent) => Promise<unknown>) => {
        for (const Step of STEPS) await handler({ ...event, Step });
      };
      await Promise.all([takeAll(one), takeAll(other)]);
      expect((await labels())[token]).toContain('AWSCURRENT');
      expect(door.accepts((await value('AWSCURRENT')).password)).toBe(true);
    },
  );
});

/** Makes each call wait a few turns of the event loop before it is made, and before it is answered. */
function slowly(client: SecretsManagerApi, next: () => number): SecretsManagerApi {
  const wait = async () => {
    for (let turns = next() % 4; turns > 0; turns--) await setImmediate();
  };
  const slow =
    <I, T>(call: (input: I) => Promise<T>) =>
    async (input: I): Promise<T> => {
      await wait();
      return call(input).finally(wait);
    };
  return {
    describeSecret: slow((input) => client.describeSecret(input)),
    getSecretValue: slow((input) => client.getSecretValue(input)),
    putSecretValue: slow((input) => client.putSecretValue(input)),
    updateSecretVersionStage: slow((input) => client.updateSecretVersionStage(input)),
  };
}

/** The same numbers for the same seed: Park and Miller's. */
function numbers(seed: number): () => number {
  let last = seed;
  return () => {
    last = (last * 48_271) % 2_147_483_647;
    return last >> 8;
  };
}

describe('a second RotateSecret while a step is under way', () => {
  /** A step that is held before its effect until the gate opens. */
  async function held(step: 'createSecret' | 'setSecret' | 'finishSecret') {
    const gate = new Gate();
    const isHeld = (at: Step) => (at === step ? gate.pass() : undefined);
    const rigged = await doorRig({
      client: (secrets) => ({
        describeSecret: (input) => secrets.describeSecret(input),
        getSecretValue: (input) => secrets.getSecretValue(input),
        async putSecretValue(input) {
          await isHeld('createSecret');
          return secrets.putSecretValue(input);
        },
        async updateSecretVersionStage(input) {
          await isHeld('finishSecret');
          return secrets.updateSecretVersionStage(input);
        },
      }),
      parts: {
        async setSecret(versions, context) {
          await isHeld('setSecret');
          return doorRotator(rigged.door).setSecret(versions, context);
        },
      },
    });
    const token = await rigged.begin();
    for (const earlier of STEPS.slice(0, STEPS.indexOf(step))) await rigged.deliver(earlier);
    const ended = rigged.deliver(step).then(
      () => 'succeeded',
      ({ code }: RotationError) => code,
    );
    await gate.reached;
    const isOpenTo = async (label: string) => rigged.door.accepts((await rigged.value(label)).password);
    return { ...rigged, token, gate, ended, isOpenTo };
  }

  test.each(['createSecret', 'setSecret', 'finishSecret'] as const)(
    'is refused, and disturbs nothing: %s',
    async (step) => {
      const { begin, gate, ended, reattempt, run, isOpenTo, token, labels } = await held(step);
      await expect(begin()).rejects.toThrow("A previous rotation isn't complete");
      gate.open();
      expect(await ended).toBe('succeeded');
      expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect((await labels())[token]).toEqual(['AWSCURRENT']);
      expect(await isOpenTo('AWSCURRENT')).toBe(true);
      await begin();
      expect(await run()).toMatchObject({ outcome: 'succeeded' });
    },
  );

  /** What an owner does who gives a rotation up and begins another. */
  async function giveUp({ secrets, begin, token }: Pick<DoorRig, 'secrets' | 'begin'> & { token: string }) {
    await secrets.cancelRotateSecret({ SecretId: 'door' });
    const SecretId = 'door';
    await secrets.updateSecretVersionStage({
      SecretId,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: token,
    });
    return begin();
  }

  test('that is made once the first was given up stands, though the first stores its value late', async () => {
    const tried = await held('createSecret');
    const second = await giveUp(tried);
    expect(await tried.run()).toMatchObject({ outcome: 'succeeded' });
    tried.gate.open();
    expect(await tried.ended).toBe('succeeded');
    expect((await tried.labels())[second]).toEqual(['AWSCURRENT']);
    expect(await tried.isOpenTo('AWSCURRENT')).toBe(true);
    // PutSecretValue has no condition: AWSPENDING came back, and is taken away again before the next rotation.
    expect((await tried.labels())[tried.token]).toEqual(['AWSPENDING']);
    await giveUp(tried);
    expect(await tried.run()).toMatchObject({ outcome: 'succeeded' });
    expect(await tried.isOpenTo('AWSCURRENT')).toBe(true);
  });

  test('that is made once the first was given up stands, and the first fails in setSecret', async () => {
    const tried = await held('setSecret');
    const second = await giveUp(tried);
    expect(await tried.run()).toMatchObject({ outcome: 'succeeded' });
    tried.gate.open();
    expect(await tried.ended).toBe('ERR_ROTATOR_FAILED');
    expect((await tried.labels())[second]).toEqual(['AWSCURRENT']);
    expect(await tried.isOpenTo('AWSCURRENT')).toBe(true);
  });

  test('that is made once the first was given up goes on from the first, if that moves AWSCURRENT late', async () => {
    const tried = await held('finishSecret');
    const second = await giveUp(tried);
    expect(await tried.run()).toMatchObject({ outcome: 'failed' });
    tried.gate.open();
    expect(await tried.ended).toBe('succeeded');
    expect((await tried.labels())[tried.token]).toEqual(['AWSCURRENT']);
    expect(await tried.isOpenTo('AWSCURRENT')).toBe(true);
    expect(await tried.reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect((await tried.labels())[second]).toEqual(['AWSCURRENT']);
    expect(await tried.isOpenTo('AWSCURRENT')).toBe(true);
  });

  test('refuses what steps of the first come late, once that was given up', async () => {
    const { secrets, begin, deliver, door, value } = await doorRig();
    const handler = rotationHandler(doorRotator(door), { client: secrets, log: () => {} });
    const ClientRequestToken = await begin();
    await deliver('createSecret');
    await giveUp({ secrets, begin, token: ClientRequestToken });
    const inHaste = { getRemainingTimeInMillis: () => 2000 };
    const late = STEPS.map((Step) => handler({ Step, SecretId: 'door', ClientRequestToken }, inHaste));
    const errors = (await Promise.allSettled(late)).map(
      (end) => end.status === 'rejected' && end.reason.code,
    );
    expect(errors).toEqual(STEPS.map(() => 'ERR_ROTATION_ABANDONED'));
    expect(door.changes).toBe(0);
    expect(door.accepts((await value('AWSCURRENT')).password)).toBe(true);
  });
});
