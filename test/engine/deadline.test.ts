import { Deadline } from '../../src/engine/deadline.js';
import { type RotationEvent, rotationHandler } from '../../src/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { Door, type DoorRotator, doorRotator, SECRET } from '../support/door-rig.js';
import { rejection } from '../support/errors.js';
import { lambdaFor } from '../support/lambda-time.js';

/** A rotation that is under way, and a context that gives its steps some time. */
async function underWay(parts: Partial<DoorRotator>, milliseconds: number) {
  const secrets = new LocalSecretsManager();
  await secrets.createSecret({ Name: 'door', SecretString: SECRET });
  const handler = rotationHandler(doorRotator(new Door(), parts), { client: secrets, log: () => {} });
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  const { VersionId = '' } = await secrets.rotateSecret({ SecretId: 'door', RotationLambdaARN });
  const event: RotationEvent = { Step: 'createSecret', SecretId: 'door', ClientRequestToken: VersionId };
  const { lambda, context } = await lambdaFor(milliseconds);
  return { step: (Step: RotationEvent['Step']) => handler({ ...event, Step }, context), secrets, lambda };
}

test.each([
  [60_000, 2000],
  [3000, 1500],
  [1000, 500],
  [100, 250],
])('of %d ms that are left, redaction has %d', (left, share) => {
  const deadline = new Deadline({ getRemainingTimeInMillis: () => left });
  expect(deadline.redactionMs).toBeGreaterThan(share - 50);
  expect(deadline.redactionMs).toBeLessThanOrEqual(share);
  deadline.end();
});

const never = () => new Promise<never>(() => {});

test('a rotator that waits for ever, and ignores the signal, is left before Lambda ends the function', async () => {
  const { step, secrets, lambda } = await underWay({ createSecret: never }, 800);
  expect(await rejection(step('createSecret'))).toMatchObject({
    code: 'ERR_DEADLINE',
    message: expect.stringMatching(
      /^the time was up after \d+ ms of waiting for createSecret of the rotator door, \d+ ms after the step began$/,
    ),
    hint: expect.stringContaining('security groups'),
  });
  expect(lambda.hasEnded).toBe(false);
  const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: 'door' });
  expect(Object.values(VersionIdsToStages).flat().sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
});

test('a rotator that minds the signal can say itself what it waited for', async () => {
  const { step } = await underWay(
    {
      createSecret: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('waited for the key server')));
        }),
    },
    2000,
  );
  expect(await rejection(step('createSecret'))).toMatchObject({
    code: 'ERR_ROTATOR_FAILED',
    cause: { message: 'waited for the key server' },
  });
});

test('an abort that a library passes on is the deadline', async () => {
  const { step } = await underWay(
    {
      createSecret: async (_, { signal }) => {
        const { setTimeout } = await import('node:timers/promises');
        await setTimeout(60_000, undefined, { signal });
        return { password: 'never-made' };
      },
    },
    2000,
  );
  expect(await rejection(step('createSecret'))).toMatchObject({ code: 'ERR_DEADLINE' });
});

test('a value that was just stored is not waited for beyond the time that is left', async () => {
  const { step, lambda } = await underWay({}, 2000);
  expect(await rejection(step('setSecret'))).toMatchObject({ code: 'ERR_PENDING_MISSING' });
  expect(lambda.hasEnded).toBe(false);
});

test('nothing is begun once the time is up', async () => {
  const createSecret = jest.fn();
  const { step, secrets } = await underWay({ createSecret }, 400);
  const describeSecret = secrets.describeSecret.bind(secrets);
  secrets.describeSecret = async (input) => {
    const answer = await describeSecret(input);
    await new Promise((resolve) => setTimeout(resolve, 320));
    return answer;
  };
  expect(await rejection(step('createSecret'))).toMatchObject({ code: 'ERR_DEADLINE' });
  expect(createSecret).not.toHaveBeenCalled();
});

test.each([Number.POSITIVE_INFINITY, 2 ** 40])('%d milliseconds that are left are plenty', async (left) => {
  const { step } = await underWay({}, left);
  await expect(step('createSecret')).resolves.toMatchObject({ outcome: 'created' });
});

test('the calls get a signal that fires', async () => {
  const signals: AbortSignal[] = [];
  const handler = rotationHandler(doorRotator(new Door()), {
    client: {
      describeSecret: (_, options) => {
        if (options?.abortSignal) signals.push(options.abortSignal);
        return never();
      },
      getSecretValue: never,
      putSecretValue: never,
      updateSecretVersionStage: never,
    },
    log: () => {},
  });
  const event = { Step: 'testSecret', SecretId: 'door', ClientRequestToken: 't'.repeat(36) } as const;
  expect(await rejection(handler(event, { getRemainingTimeInMillis: () => 200 }))).toMatchObject({
    code: 'ERR_DEADLINE',
    message: expect.stringContaining('DescribeSecret'),
  });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});
