import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { RotationEvent } from '../../src/index.js';
import {
  type LocalContext,
  type LocalFunction,
  type LocalOptions,
  LocalSecretsManager,
} from '../../src/testing/index.js';

const NOW = new Date('2026-02-02T17:16:24Z');
const TOKEN = 'token-00000000-0000-0000-0000-00000000001';
const OTHER = 'other-00000000-0000-0000-0000-00000000001';
const FIRST = 'first-00000000-0000-0000-0000-00000000001';
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** What AWS's template does, without its service. */
const template =
  (secrets: SecretsManager): LocalFunction =>
  async ({ Step, SecretId, ClientRequestToken }) => {
    const id = { SecretId, ClientRequestToken };
    if (Step === 'createSecret') {
      const SecretString = `made in ${ClientRequestToken}`;
      await secrets.putSecretValue({ ...id, SecretString, VersionStages: ['AWSPENDING'] });
    }
    if (Step !== 'finishSecret') return;
    const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId });
    const current = Object.keys(VersionIdsToStages).find((key) =>
      VersionIdsToStages[key]?.includes('AWSCURRENT'),
    );
    await secrets.updateSecretVersionStage({
      SecretId,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: ClientRequestToken,
      RemoveFromVersionId: current,
    });
  };

/** A secret `n` with a function that a test may replace. */
async function rotating(
  makeFunction: (secrets: LocalSecretsManager) => LocalFunction = template,
  options: LocalOptions = {},
) {
  const secrets = new LocalSecretsManager({ standsAt: NOW, ...options });
  await secrets.createSecret({ Name: 'n', ClientRequestToken: FIRST, SecretString: 'first' });
  const events: RotationEvent[] = [];
  const work = makeFunction(secrets);
  const RotationLambdaARN = secrets.addFunction('f', (event, context) => {
    events.push({ ...event });
    return work(event, context);
  });
  const begin = (ClientRequestToken = TOKEN, request: object = {}) =>
    secrets.rotateSecret({ SecretId: 'n', RotationLambdaARN, ClientRequestToken, ...request });
  const labels = async () => (await secrets.describeSecret({ SecretId: 'n' })).VersionIdsToStages;
  return {
    secrets,
    events,
    steps: () => events.map(({ Step }) => Step),
    begin,
    labels,
    rotation: () => secrets.rotation('n'),
    trail: () => secrets.events.map(({ eventName }) => eventName),
  };
}

/** A function that fails in a step for so many times. */
const failing =
  (step: string, times = Number.POSITIVE_INFINITY) =>
  (secrets: LocalSecretsManager): LocalFunction => {
    let left = times;
    return (event, context) => {
      if (event.Step === step && left-- > 0) throw new Error('broken');
      return template(secrets)(event, context);
    };
  };

describe('a rotation', () => {
  test('gives each step an event of its own, and what Lambda tells of itself', async () => {
    let seen: LocalContext | undefined;
    const { begin, events, rotation } = await rotating((local) => async (event, context) => {
      seen = context;
      await template(local)({ ...event }, context);
      Object.assign(event, { SecretId: 'changed', ClientRequestToken: 'changed' });
    });
    await begin();
    expect(await rotation().run()).toEqual({
      secret: 'n',
      outcome: 'succeeded',
      steps: STEPS.map((step) => ({ step, attempt: 1 })),
    });
    expect(events.map(({ ClientRequestToken }) => ClientRequestToken)).toEqual(STEPS.map(() => TOKEN));
    expect(new Set(events.map(({ RotationToken }) => RotationToken)).size).toBe(1);
    expect(seen).toMatchObject({
      functionName: 'f',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:f',
      functionVersion: '$LATEST',
      memoryLimitInMB: '128',
      awsRequestId: expect.any(String),
      logGroupName: '/aws/lambda/f',
      logStreamName: expect.stringContaining('/[$LATEST]'),
      callbackWaitsForEmptyEventLoop: true,
    });
    expect(seen?.getRemainingTimeInMillis()).toBeGreaterThan(20_000);
  });

  test('fails when its function says so by the callback', async () => {
    const secrets = new LocalSecretsManager();
    const handler = (_: unknown, __: unknown, callback: (error: string) => void) =>
      void setTimeout(callback, 5, 'no');
    const RotationLambdaARN = secrets.addFunction('old', handler as LocalFunction);
    await secrets.createSecret({ Name: 'n', SecretString: 'A' });
    await secrets.rotateSecret({ SecretId: 'n', RotationLambdaARN });
    expect(await secrets.rotation('n').run()).toMatchObject({
      outcome: 'failed',
      steps: [{ step: 'createSecret', error: 'no' }],
    });
  });

  test.each([
    ['fail()', (_: unknown, { fail }: LocalContext) => fail('no')],
    ['done()', async (_: unknown, { done }: LocalContext) => done('no')],
  ])('fails when its function says so by %s', async (_, handler) => {
    const { begin, rotation } = await rotating(() => handler as LocalFunction);
    await begin();
    expect(await rotation().run()).toMatchObject({
      outcome: 'failed',
      steps: [{ step: 'createSecret', error: 'no' }],
    });
  });

  test('succeeds when its function says so by succeed() alone', async () => {
    const { begin, rotation } = await rotating((local) => async (event, context) => {
      await template(local)(event, context);
      context.succeed();
      await new Promise(() => {});
    });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('starts over with a new attempt number', async () => {
    const { begin, rotation } = await rotating(failing('setSecret', 1));
    await begin();
    expect(await rotation().run()).toEqual({
      secret: 'n',
      outcome: 'failed',
      steps: [
        { step: 'createSecret', attempt: 1 },
        { step: 'setSecret', attempt: 1, error: new Error('broken') },
      ],
    });
    const report = await rotation().reattempt();
    expect(report).toEqual({
      secret: 'n',
      outcome: 'succeeded',
      steps: STEPS.map((step) => ({ step, attempt: 2 })),
    });
  });

  test('starts over by itself as often as it is told, and no more', async () => {
    const twice = await rotating(failing('testSecret', 2), { retries: 2 });
    await twice.begin();
    expect(await twice.rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(twice.steps().filter((step) => step === 'createSecret')).toHaveLength(3);
    const never = await rotating(failing('testSecret'), { retries: 2 });
    await never.begin();
    expect(await never.rotation().run()).toMatchObject({ outcome: 'failed' });
    expect(never.steps().filter((step) => step === 'createSecret')).toHaveLength(3);
  });

  test('is abandoned by a new current value: no further step is taken, and the next may begin', async () => {
    const { begin, rotation, secrets, steps, trail } = await rotating();
    await begin();
    const held = rotation();
    await held.runStep();
    await secrets.putSecretValue({ SecretId: 'n', SecretString: 'by hand' });
    // At once, not when somebody looks.
    expect(trail()).toEqual(['RotationStarted', 'RotationAbandoned']);
    expect(secrets.events.at(-1)).toMatchObject({
      eventTime: expect.any(Date),
      requestID: expect.stringMatching(new RegExp(`^Rotation-arn:.*-${TOKEN}$`)),
    });
    expect(await held.run()).toMatchObject({ outcome: 'abandoned' });
    expect(steps()).toEqual(['createSecret']);
    expect(trail()).toEqual(['RotationStarted', 'RotationAbandoned']);
    await begin(OTHER);
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    await expect(held.run()).rejects.toThrow('no rotation of n is in progress: call rotateSecret first');
  });

  test('stays abandoned, even if its version gets AWSPENDING back', async () => {
    const { begin, rotation, secrets, labels, steps } = await rotating();
    await begin();
    const held = rotation();
    await held.runStep();
    await secrets.putSecretValue({ SecretId: 'n', SecretString: 'by hand' });
    const label = { SecretId: 'n', VersionStage: 'AWSPENDING', MoveToVersionId: TOKEN };
    await secrets.updateSecretVersionStage(label);
    expect(await held.run()).toMatchObject({ outcome: 'abandoned' });
    expect(steps()).toEqual(['createSecret']);
    expect(await labels()).toMatchObject({ [TOKEN]: ['AWSPENDING'] });
  });

  test('fills its version, which becomes the secret’s first: AWSCURRENT comes with AWSPENDING', async () => {
    const { secrets, begin } = await rotating();
    const { RotationLambdaARN } = await begin().then(() => secrets.describeSecret({ SecretId: 'n' }));
    await secrets.createSecret({ Name: 'empty' });
    await secrets.rotateSecret({ SecretId: 'empty', RotationLambdaARN, ClientRequestToken: OTHER });
    const value = { SecretId: 'empty', ClientRequestToken: OTHER, SecretString: 'first' };
    await secrets.putSecretValue({ ...value, VersionStages: ['AWSPENDING'] });
    // Assumed: see assumptions.ts.
    expect((await secrets.describeSecret({ SecretId: 'empty' })).VersionIdsToStages).toEqual({
      [OTHER]: expect.arrayContaining(['AWSPENDING', 'AWSCURRENT']),
    });
  });

  test('is abandoned by a value that is put in its last moment', async () => {
    const { begin, rotation, trail } = await rotating((local) => async (event, context) => {
      await template(local)(event, context);
      if (event.Step === 'finishSecret')
        await local.putSecretValue({ SecretId: 'n', SecretString: 'by hand' });
    });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'abandoned', steps: { length: 4 } });
    expect(trail()).toEqual(['RotationStarted', 'RotationAbandoned']);
  });

  test('is abandoned when its label is taken away', async () => {
    const { begin, rotation, secrets, trail } = await rotating();
    await begin();
    await rotation().runStep();
    const RemoveFromVersionId = TOKEN;
    await secrets.updateSecretVersionStage({
      SecretId: 'n',
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId,
    });
    expect(await rotation().run()).toMatchObject({ outcome: 'abandoned' });
    expect(trail()).toEqual(['RotationStarted', 'RotationAbandoned']);
  });

  test('that is cancelled during a step takes no further one', async () => {
    const { begin, rotation, labels, steps } = await rotating((local) => async (event, context) => {
      await template(local)(event, context);
      if (event.Step === 'setSecret') await local.cancelRotateSecret({ SecretId: 'n' });
    });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'abandoned' });
    expect(steps()).toEqual(['createSecret', 'setSecret']);
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] });
  });

  test('is driven by one at a time: no step is skipped', async () => {
    const { begin, rotation, steps, secrets } = await rotating();
    await begin();
    const [first, second] = await Promise.allSettled([rotation().runStep(), rotation().run()]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: new Error('the rotation of n is already being driven') });
    await rotation().run();
    expect(steps()).toEqual(STEPS);
    expect(secrets.unfinished).toEqual([]);
  });

  test.each([true, false])(
    'of a secret that is deleted takes no further step (forced: %p)',
    async (isForced) => {
      const { begin, rotation, steps, secrets } = await rotating((local) => async (event, context) => {
        await template(local)(event, context);
        if (event.Step !== 'createSecret') return;
        await local.deleteSecret({ SecretId: 'n', ForceDeleteWithoutRecovery: isForced });
        if (isForced) await local.createSecret({ Name: 'n', SecretString: 'another secret' });
      });
      await begin();
      expect(await rotation().run()).toMatchObject({ outcome: 'abandoned' });
      expect(steps()).toEqual(['createSecret']);
      if (!isForced) return;
      expect(await secrets.getSecretValue({ SecretId: 'n' })).toMatchObject({
        SecretString: 'another secret',
      });
    },
  );

  test('takes AWSPENDING from its own version only', async () => {
    const { begin, rotation, labels } = await rotating((local) => async (event, context) => {
      await template(local)(event, context);
      const VersionStages = ['AWSPENDING'];
      if (event.Step === 'finishSecret') {
        await local.putSecretValue({
          SecretId: 'n',
          ClientRequestToken: OTHER,
          SecretString: 'x',
          VersionStages,
        });
      }
    });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await labels()).toMatchObject({ [OTHER]: ['AWSPENDING'], [TOKEN]: ['AWSCURRENT'] });
  });

  test('is abandoned rather than failed when a value is put during the step that fails', async () => {
    const { begin, rotation, trail, secrets } = await rotating((local) => async (event, context) => {
      await template(local)(event, context);
      if (event.Step !== 'setSecret') return;
      await local.putSecretValue({ SecretId: 'n', SecretString: 'by hand', VersionStages: ['AWSCURRENT'] });
      throw new Error('broken');
    });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'abandoned', steps: { length: 2 } });
    expect(trail()).toEqual(['RotationStarted', 'RotationAbandoned']);
    expect(secrets.unfinished).toEqual([]);
    expect(await secrets.cancelRotateSecret({ SecretId: 'n' })).not.toHaveProperty('VersionId');
  });

  test('that failed goes on only by being started over', async () => {
    const { begin, rotation } = await rotating(failing('createSecret'));
    await begin();
    await rotation().run();
    await expect(rotation().run()).rejects.toThrow(
      'the rotation of n failed: call reattempt() to start it over',
    );
  });

  test('cannot be driven before it has begun', async () => {
    const { rotation } = await rotating();
    await expect(rotation().run()).rejects.toThrow(
      'no rotation of n is in progress: call rotateSecret first',
    );
  });

  test('fails when the function takes longer than Lambda lets it', async () => {
    const { begin, rotation, labels } = await rotating(() => () => new Promise(() => {}), { timeoutMs: 20 });
    await begin();
    expect(await rotation().run()).toMatchObject({
      outcome: 'failed',
      steps: [{ step: 'createSecret', error: new Error('Task timed out after 0.02 seconds') }],
    });
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] });
  });

  test.each([undefined, null, 0, 'text'])('fails when the function throws %p', async (thrown) => {
    const { begin, rotation } = await rotating(() => () => {
      throw thrown;
    });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'failed', steps: [{ step: 'createSecret' }] });
  });

  test('can leave AWSPENDING on its version, as AWS sometimes does', async () => {
    const { begin, rotation, labels } = await rotating(template, { cleansUpPending: false });
    await begin();
    await rotation().run();
    expect((await labels())?.[TOKEN]?.sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
    await begin(OTHER);
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('can do without RotationToken, as older rotations', async () => {
    const { begin, rotation, events } = await rotating(template, { sendsRotationToken: false });
    await begin();
    await rotation().run();
    for (const event of events) expect(event).not.toHaveProperty('RotationToken');
  });

  test('can be delivered a step twice', async () => {
    const { begin, rotation, steps, labels } = await rotating();
    await begin();
    await rotation().deliver('createSecret');
    await rotation().deliver('createSecret');
    await rotation().run();
    expect(steps()).toEqual(['createSecret', 'createSecret', ...STEPS]);
    expect(await labels()).toEqual({ [FIRST]: ['AWSPREVIOUS'], [TOKEN]: ['AWSCURRENT'] });
  });
});

describe('RotateImmediately=false', () => {
  const test_ = { RotateImmediately: false };

  test('is no rotation that a new value could abandon', async () => {
    const { begin, secrets, trail } = await rotating();
    await begin(TOKEN, test_);
    await secrets.putSecretValue({ SecretId: 'n', SecretString: 'by hand' });
    expect(trail()).toEqual(['TestRotationStarted']);
  });

  test('that fails keeps the configuration, and leaves nothing in the way (assumed)', async () => {
    const { begin, rotation, labels, secrets, trail } = await rotating(failing('testSecret'));
    await begin(TOKEN, { ...test_, RotationRules: { AutomaticallyAfterDays: 2 } });
    expect(await rotation().run()).toMatchObject({ outcome: 'failed', steps: [{ step: 'testSecret' }] });
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'] });
    expect(await secrets.describeSecret({ SecretId: 'n' })).toMatchObject({
      RotationEnabled: true,
      RotationRules: { AutomaticallyAfterDays: 2 },
    });
    expect(trail()).toEqual(['TestRotationStarted', 'TestRotationFailed']);
    expect(await begin(OTHER)).toMatchObject({ VersionId: OTHER });
  });

  test('copies bytes too', async () => {
    let seen: unknown;
    const { begin, rotation, secrets } = await rotating((local) => async ({ SecretId }) => {
      seen = (await local.getSecretValue({ SecretId, VersionStage: 'AWSPENDING' })).SecretBinary;
    });
    await secrets.putSecretValue({ SecretId: 'n', SecretBinary: Uint8Array.of(0, 255) });
    await begin(TOKEN, test_);
    await rotation().run();
    expect(seen).toEqual(Uint8Array.of(0, 255));
  });
});

describe('RotateSecret', () => {
  test('with the token of the rotation that is under way starts nothing (assumed)', async () => {
    const { begin, labels, trail } = await rotating();
    await begin();
    expect(await begin()).toMatchObject({ VersionId: TOKEN });
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] });
    expect(trail()).toEqual(['RotationStarted']);
  });

  test('refuses the token of a version that exists', async () => {
    const { begin } = await rotating();
    await expect(begin(FIRST)).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test.each(['arn:aws:lambda:us-east-1:123456789012:function:f', 'arn:aws:s3:::bucket', 'f'])(
    'refuses the function %s',
    async (RotationLambdaARN) => {
      const { begin, secrets } = await rotating();
      await expect(begin(TOKEN, { RotationLambdaARN })).rejects.toMatchObject({
        message:
          'Invalid rotation Lambda ARN. Ensure the ARN matches format arn:aws:lambda:eu-west-1:123456789012:function:<functionName>.',
      });
      expect(await secrets.describeSecret({ SecretId: 'n' })).not.toHaveProperty('RotationEnabled');
    },
  );

  test('takes the ARN of an alias or a version', async () => {
    const { begin, rotation, steps } = await rotating();
    await begin(TOKEN, { RotationLambdaARN: 'arn:aws:lambda:eu-west-1:123456789012:function:f:live' });
    await rotation().run();
    expect(steps()).toEqual(STEPS);
  });

  test('refuses a secret that has 20 labels already, and changes nothing', async () => {
    const { begin, secrets } = await rotating();
    const VersionStages = Array.from({ length: 19 }, (_, index) => `label${index}`);
    await secrets.putSecretValue({ SecretId: 'n', SecretString: 'B', VersionStages });
    await expect(begin()).rejects.toMatchObject({ name: 'LimitExceededException' });
    expect(await secrets.describeSecret({ SecretId: 'n' })).not.toHaveProperty('RotationEnabled');
  });

  test('after CancelRotateSecret turns rotation on again', async () => {
    const { begin, rotation, secrets } = await rotating();
    await begin();
    await rotation().run();
    expect(await secrets.cancelRotateSecret({ SecretId: 'n' })).not.toHaveProperty('VersionId');
    await secrets.rotateSecret({ SecretId: 'n' });
    expect(await secrets.describeSecret({ SecretId: 'n' })).toMatchObject({ RotationEnabled: true });
  });

  test('was never called: CancelRotateSecret has nothing to cancel', async () => {
    const { secrets } = await rotating();
    await expect(secrets.cancelRotateSecret({ SecretId: 'n' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    expect(await secrets.describeSecret({ SecretId: 'n' })).not.toHaveProperty('RotationEnabled');
  });
});

describe('the event log', () => {
  test('tells of a success', async () => {
    const { begin, rotation, secrets } = await rotating();
    const { ARN } = await begin();
    await rotation().run();
    const event = {
      eventTime: NOW,
      eventSource: 'secretsmanager.amazonaws.com',
      eventType: 'AwsServiceEvent',
      requestID: `Rotation-${ARN}-${TOKEN}`,
      additionalEventData: { SecretId: ARN },
    };
    expect(secrets.events).toEqual([
      { ...event, eventName: 'RotationStarted' },
      { ...event, eventName: 'RotationSucceeded' },
    ]);
  });

  test('tells of a failure which function and which step it was, and nothing that the function said', async () => {
    const { begin, rotation, secrets } = await rotating(failing('setSecret'));
    await begin();
    await rotation().run();
    expect(secrets.events.at(-1)).toMatchObject({
      eventName: 'RotationFailed',
      errorMessage:
        'Error when executing lambda arn:aws:lambda:eu-west-1:123456789012:function:f during setSecret step',
    });
    expect(JSON.stringify(secrets.events)).not.toContain('broken');
  });

  test('tells of a test', async () => {
    const { begin, rotation, trail } = await rotating();
    await begin(TOKEN, { RotateImmediately: false });
    await rotation().run();
    expect(trail()).toEqual(['TestRotationStarted', 'TestRotationSucceeded']);
  });
});

describe('an observer', () => {
  test('is told of calls, steps and ends, and of no value', async () => {
    const seen: unknown[] = [];
    const { begin, rotation } = await rotating(
      (local) => async (event, context) => {
        if (event.Step === 'setSecret') throw new Error(`cannot set made in ${TOKEN}`);
        await template(local)(event, context);
      },
      { observe: (observation) => seen.push(observation) },
    );
    await begin();
    await rotation().run();
    expect(seen).toMatchObject([
      { kind: 'call', operation: 'CreateSecret', secretId: 'n', error: undefined },
      { kind: 'call', operation: 'RotateSecret', secretId: 'n' },
      { kind: 'call', operation: 'PutSecretValue', secretId: 'n' },
      { kind: 'step', secret: 'n', step: 'createSecret', attempt: 1, error: undefined },
      { kind: 'step', secret: 'n', step: 'setSecret', error: new Error('cannot set [redacted]') },
      { kind: 'end', secret: 'n', outcome: 'failed' },
    ]);
  });
});

describe('an observer that throws', () => {
  test('changes nothing', async () => {
    const { begin, rotation } = await rotating(template, {
      observe: () => {
        throw new Error('observer');
      },
    });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  });
});

describe('automatic', () => {
  test('rotations follow upon RotateSecret, after it has answered', async () => {
    const { begin, secrets, steps, labels } = await rotating(template, { automatic: true });
    await begin();
    expect(steps()).toEqual([]);
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] });
    await secrets.idle();
    expect(steps()).toEqual(STEPS);
    expect(await labels()).toEqual({ [FIRST]: ['AWSPREVIOUS'], [TOKEN]: ['AWSCURRENT'] });
  });

  test('rotations that failed are started over by the next RotateSecret, although it is refused', async () => {
    const { begin, secrets, labels } = await rotating(failing('setSecret', 1), { automatic: true });
    await begin();
    await secrets.idle();
    expect(secrets.unfinished).toEqual(['n']);
    await expect(begin(OTHER)).rejects.toMatchObject({
      message: "A previous rotation isn't complete. That rotation will be reattempted.",
    });
    await secrets.idle();
    expect(await labels()).toEqual({ [FIRST]: ['AWSPREVIOUS'], [TOKEN]: ['AWSCURRENT'] });
    expect(secrets.unfinished).toEqual([]);
  });

  test('rotations that are begun before the last one has come to its end are driven too', async () => {
    const { begin, secrets, labels } = await rotating(
      (local) => async (event, context) => {
        await template(local)(event, context);
        if (event.Step !== 'setSecret' || event.ClientRequestToken !== TOKEN) return;
        await local.putSecretValue({ SecretId: 'n', SecretString: 'by hand' });
        await local.rotateSecret({ SecretId: 'n', ClientRequestToken: OTHER });
      },
      { automatic: true },
    );
    await begin();
    await secrets.idle();
    expect((await labels())?.[OTHER]).toEqual(['AWSCURRENT']);
    expect(secrets.unfinished).toEqual([]);
  });

  test('rotations that failed are not started over by a call that is refused for another reason', async () => {
    const { begin, secrets, steps } = await rotating(failing('setSecret'), { automatic: true });
    await begin();
    await secrets.idle();
    await begin();
    await begin(OTHER, { RotationLambdaARN: 'f' }).catch(() => {});
    secrets.inject({ operation: 'RotateSecret', kind: 'throttle' });
    await begin(OTHER).catch(() => {});
    await secrets.idle();
    expect(steps()).toEqual(['createSecret', 'setSecret']);
  });

  test('rotations that are cancelled or deleted at once are not missed', async () => {
    const { begin, secrets, steps } = await rotating(template, { automatic: true });
    await begin();
    await secrets.cancelRotateSecret({ SecretId: 'n' });
    await secrets.idle();
    await secrets.updateSecretVersionStage({
      SecretId: 'n',
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: TOKEN,
    });
    await begin(OTHER);
    await secrets.deleteSecret({ SecretId: 'n', ForceDeleteWithoutRecovery: true });
    await secrets.idle();
    expect(steps()).toEqual([]);
  });

  test('rotations may be driven by hand too, or by the schedule', async () => {
    const { begin, secrets, rotation, steps } = await rotating(template, { automatic: true });
    await begin(TOKEN, { RotationRules: { AutomaticallyAfterDays: 1 } });
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    await secrets.idle();
    expect(steps()).toEqual(STEPS);
    await begin(OTHER);
    const reports = await secrets.advanceTo(new Date('2026-02-04T12:00:00Z'));
    expect(reports.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded']);
    await secrets.idle();
    expect(steps()).toHaveLength(16);
  });

  test('rotations follow upon a RotateSecret whose answer is lost', async () => {
    const { begin, secrets, steps } = await rotating(template, { automatic: true });
    secrets.inject({ operation: 'RotateSecret', kind: 'dropped', when: 'after' });
    await expect(begin()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await secrets.idle();
    expect(steps()).toEqual(STEPS);
  });

  test('rotations that were broken off by a deletion are started over after RestoreSecret', async () => {
    let isDeleted = false;
    const { begin, secrets, labels } = await rotating(
      (local) => async (event, context) => {
        await template(local)(event, context);
        if (event.Step !== 'setSecret' || isDeleted) return;
        isDeleted = true;
        await local.deleteSecret({ SecretId: 'n' });
      },
      { automatic: true },
    );
    await begin();
    await secrets.idle();
    expect(secrets.unfinished).toEqual([]);
    await secrets.restoreSecret({ SecretId: 'n' });
    expect(secrets.unfinished).toEqual(['n']);
    await expect(begin(OTHER)).rejects.toThrow('will be reattempted');
    await secrets.idle();
    expect((await labels())?.[TOKEN]).toEqual(['AWSCURRENT']);
  });

  test('rotations are not driven twice at once', async () => {
    const { begin, secrets, steps } = await rotating(template, { automatic: true });
    await Promise.all([begin(), begin(), begin(OTHER).catch(() => {})]);
    await secrets.idle();
    expect(steps()).toEqual(STEPS);
  });

  test('rotations begin no more after stop(), and resume() goes on with them', async () => {
    const stopped = await rotating(template, { automatic: true });
    await stopped.begin();
    expect(stopped.secrets.stop()).toEqual(['n']);
    await stopped.secrets.idle();
    await expect(stopped.begin(OTHER)).rejects.toThrow('does not support new rotations while it is stopping');
    expect(stopped.steps()).toEqual(STEPS);
    const resumed = await rotating();
    await resumed.begin();
    resumed.secrets.resume();
    await resumed.secrets.idle();
    expect(resumed.steps()).toEqual(STEPS);
  });
});

describe('strict mode', () => {
  const rogue =
    (what: (local: LocalSecretsManager, event: RotationEvent) => Promise<unknown>, step = 'setSecret') =>
    (local: LocalSecretsManager): LocalFunction =>
    async (event, context) => {
      await template(local)(event, context);
      if (event.Step === step) await what(local, event);
    };

  test('lets a function through that does what it may', async () => {
    const { begin, rotation } = await rotating(
      rogue(async (local, { SecretId }) => {
        await local.getRandomPassword();
        await local.getSecretValue({ SecretId });
      }),
      { strict: true },
    );
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('refuses a call that the role does not allow, and fails the test although the function goes on', async () => {
    const refusals: unknown[] = [];
    const { begin, rotation, secrets, steps } = await rotating(
      rogue(async (local, { SecretId }) => {
        await local
          .tagResource({ SecretId, Tags: [{ Key: 'k', Value: 'v' }] })
          .catch((error) => refusals.push(error));
      }),
      { strict: true },
    );
    await begin();
    await expect(rotation().run()).rejects.toThrow(
      'strict mode: in setSecret the rotation function of n called TagResource, which a rotation function’s role does not allow',
    );
    expect(refusals).toMatchObject([{ name: 'AccessDeniedException' }]);
    expect(steps()).toEqual(['createSecret', 'setSecret']);
    expect(await secrets.describeSecret({ SecretId: 'n' })).not.toHaveProperty('Tags');
  });

  test('fails the test when a value is stored without the rotation’s token', async () => {
    const put = (local: LocalSecretsManager, { SecretId }: RotationEvent) =>
      local.putSecretValue({ SecretId, SecretString: 'mine', VersionStages: ['MINE'] });
    const { begin, rotation } = await rotating(rogue(put), { strict: true });
    await begin();
    await expect(rotation().run()).rejects.toThrow(
      'called PutSecretValue without the rotation’s ClientRequestToken',
    );
  });

  test('fails the test when AWSPENDING is left on another version than AWSCURRENT', async () => {
    const { begin, rotation, labels } = await rotating(
      rogue(async (local, { SecretId, ClientRequestToken }) => {
        const move = { SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: ClientRequestToken };
        await local.updateSecretVersionStage({ ...move, MoveToVersionId: FIRST });
      }, 'finishSecret'),
      { strict: true },
    );
    await begin();
    await expect(rotation().run()).rejects.toThrow('left AWSPENDING on a version that is not AWSCURRENT');
    expect(await labels()).toEqual({ [FIRST]: ['AWSPREVIOUS', 'AWSPENDING'], [TOKEN]: ['AWSCURRENT'] });
  });

  test('tells apart whose call it is when several functions call over the socket', async () => {
    const secrets = new LocalSecretsManager({ strict: true, automatic: true });
    const listener = await secrets.listen();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new SecretsManager({ endpoint: listener.url, region: 'eu-west-1', credentials });
    const RotationLambdaARN = secrets.addFunction('f', template(client));
    const names = ['a', 'b', 'c'];
    for (const Name of names) {
      await secrets.createSecret({ Name, SecretString: 'first' });
      await secrets.rotateSecret({ SecretId: Name, RotationLambdaARN });
    }
    await secrets.idle();
    expect(secrets.unfinished).toEqual([]);
    client.destroy();
    await listener.close();
  });

  test('does not mind what the test itself calls', async () => {
    const { begin, rotation, secrets } = await rotating(template, { strict: true });
    await begin();
    await rotation().runStep();
    await secrets.updateSecret({ SecretId: 'n', Description: 'by the test' });
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('blames the function that rotates the secret of the call, among several that run', async () => {
    const secrets = new LocalSecretsManager({ strict: true, automatic: true });
    const listener = await secrets.listen();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new SecretsManager({ endpoint: listener.url, region: 'eu-west-1', credentials });
    let tagged = () => {};
    const untilTagged = new Promise<void>((resolve) => {
      tagged = resolve;
    });
    const good = secrets.addFunction('good', () => untilTagged);
    const bad = secrets.addFunction('bad', ({ SecretId }) =>
      client.tagResource({ SecretId, Tags: [] }).finally(() => tagged()),
    );
    for (const [Name, RotationLambdaARN] of Object.entries({ patient: good, rogue: bad })) {
      await secrets.createSecret({ Name, SecretString: 'first' });
      await secrets.rotateSecret({ SecretId: Name, RotationLambdaARN });
    }
    // The other one is not complete either, since its function does nothing.
    await expect(secrets.idle()).rejects.toThrow(/function of rogue called TagResource/);
    client.destroy();
    await listener.close();
  });

  test('fails idle() when the rotation is automatic', async () => {
    const tag = (local: LocalSecretsManager, { SecretId }: RotationEvent) =>
      local.tagResource({ SecretId, Tags: [] });
    const { begin, secrets } = await rotating(rogue(tag), { strict: true, automatic: true });
    await begin();
    await expect(secrets.idle()).rejects.toThrow('called TagResource');
    await secrets.idle();
  });
});
