import type { RotationEvent } from '../../src/index.js';
import { type LocalFunction, LocalSecretsManager } from '../../src/testing/index.js';

const TOKEN = 'token-00000000-0000-0000-0000-00000000001';
const FIRST = 'first-00000000-0000-0000-0000-00000000001';
const unfinished = {
  name: 'InvalidRequestException',
  message: "A previous rotation isn't complete. That rotation will be reattempted.",
};

/** What AWS's template does, without its service. */
const template =
  (secrets: LocalSecretsManager): LocalFunction =>
  async ({ Step, SecretId, ClientRequestToken }) => {
    const id = { SecretId, ClientRequestToken };
    if (Step === 'createSecret') {
      await secrets.putSecretValue({
        ...id,
        SecretString: `made in ${ClientRequestToken}`,
        VersionStages: ['AWSPENDING'],
      });
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

async function rotating(makeFunction: (secrets: LocalSecretsManager) => LocalFunction = template) {
  const secrets = new LocalSecretsManager();
  await secrets.createSecret({ Name: 'n', ClientRequestToken: FIRST, SecretString: 'first' });
  const RotationLambdaARN = secrets.addFunction('f', makeFunction(secrets));
  const begin = (ClientRequestToken = TOKEN) =>
    secrets.rotateSecret({ SecretId: 'n', RotationLambdaARN, ClientRequestToken });
  const labels = async () => (await secrets.describeSecret({ SecretId: 'n' })).VersionIdsToStages;
  return { secrets, begin, labels, RotationLambdaARN, rotation: () => secrets.rotation('n') };
}

describe('RotateSecret', () => {
  test('answers at once, with an empty version that is described and cannot be read', async () => {
    const { secrets, begin, labels } = await rotating();
    expect(await begin()).toEqual({ ARN: expect.stringMatching(/:secret:n-/), Name: 'n', VersionId: TOKEN });
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] });
    expect(await secrets.describeSecret({ SecretId: 'n' })).toMatchObject({ RotationEnabled: true });
    for (const selector of [
      { VersionStage: 'AWSPENDING' },
      { VersionId: TOKEN },
      { VersionId: TOKEN, VersionStage: 'AWSPENDING' },
    ]) {
      await expect(secrets.getSecretValue({ SecretId: 'n', ...selector })).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    }
  });

  test('refuses a secret without a function, and changes nothing', async () => {
    const { secrets } = await rotating();
    const before = await secrets.describeSecret({ SecretId: 'n' });
    await expect(secrets.rotateSecret({ SecretId: 'n' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'No Lambda rotation function ARN is associated with this secret.',
    });
    const RotationLambdaARN = 'arn:aws:lambda:eu-west-1:123456789012:function:none';
    await expect(secrets.rotateSecret({ SecretId: 'n', RotationLambdaARN })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/^Secrets Manager cannot invoke the specified Lambda function\./),
    });
    expect(await secrets.describeSecret({ SecretId: 'n' })).toEqual(before);
  });

  test('remembers the function and the rules', async () => {
    const { secrets, RotationLambdaARN, rotation, labels } = await rotating();
    const RotationRules = { AutomaticallyAfterDays: 30 };
    await secrets.rotateSecret({ SecretId: 'n', RotationLambdaARN, RotationRules });
    await rotation().run();
    await secrets.rotateSecret({ SecretId: 'n' });
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await secrets.describeSecret({ SecretId: 'n' })).toMatchObject({
      RotationLambdaARN,
      RotationRules,
    });
    expect(await labels()).not.toHaveProperty(FIRST);
  });

  test('refuses while another rotation is unfinished; with the same token it starts nothing (assumed)', async () => {
    const { begin, labels } = await rotating();
    await begin();
    await expect(begin('other-00000000-0000-0000-0000-00000000001')).rejects.toMatchObject(unfinished);
    expect(await begin()).toMatchObject({ VersionId: TOKEN });
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] });
  });

  test('works on a secret without a value', async () => {
    const { secrets, RotationLambdaARN } = await rotating();
    await secrets.createSecret({ Name: 'empty' });
    await secrets.rotateSecret({ SecretId: 'empty', RotationLambdaARN, ClientRequestToken: TOKEN });
    expect(await secrets.describeSecret({ SecretId: 'empty' })).toMatchObject({
      VersionIdsToStages: { [TOKEN]: ['AWSPENDING'] },
    });
  });
});

describe('a rotation', () => {
  test('takes the four steps in order, each with an event of its own', async () => {
    const events: RotationEvent[] = [];
    const { begin, rotation, labels, secrets } = await rotating((local) => async (event, context) => {
      events.push(event);
      expect(context.getRemainingTimeInMillis()).toBeGreaterThan(29_000);
      await template(local)({ ...event }, context);
      Object.assign(event, { SecretId: 'changed' });
    });
    await begin();
    expect(await rotation().run()).toEqual({
      outcome: 'succeeded',
      steps: ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((step) => ({
        step,
        attempt: 1,
      })),
    });
    expect(events.map(({ Step }) => Step)).toEqual([
      'createSecret',
      'setSecret',
      'testSecret',
      'finishSecret',
    ]);
    expect(new Set(events.map(({ RotationToken }) => RotationToken)).size).toBe(1);
    expect(events[0]).toMatchObject({
      ClientRequestToken: TOKEN,
      RotationToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(await labels()).toEqual({ [FIRST]: ['AWSPREVIOUS'], [TOKEN]: ['AWSCURRENT'] });
    expect((await secrets.describeSecret({ SecretId: 'n' })).LastRotatedDate).toBeInstanceOf(Date);
  });

  test('stops at a failure, leaves AWSPENDING, and starts over from createSecret with the same token', async () => {
    let isBroken = true;
    const events: RotationEvent[] = [];
    const { begin, rotation, labels, secrets } = await rotating((local) => async (event, context) => {
      events.push(event);
      if (event.Step === 'setSecret' && isBroken) throw new Error('broken');
      await template(local)(event, context);
    });
    await begin();
    expect(await rotation().run()).toMatchObject({
      outcome: 'failed',
      steps: [{ step: 'createSecret' }, { step: 'setSecret', attempt: 1, error: new Error('broken') }],
    });
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] });
    expect((await secrets.describeSecret({ SecretId: 'n' })).LastRotatedDate).toBeUndefined();
    await expect(begin('other-00000000-0000-0000-0000-00000000001')).rejects.toMatchObject(unfinished);
    isBroken = false;
    expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded', steps: { length: 4 } });
    expect(events.map(({ Step, ClientRequestToken }) => [Step, ClientRequestToken])).toEqual(
      ['createSecret', 'setSecret', 'createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((step) => [
        step,
        TOKEN,
      ]),
    );
  });

  test('is no success when four steps succeeded and AWSCURRENT did not move', async () => {
    const { begin, rotation, labels, secrets } = await rotating(() => () => {});
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'incomplete', steps: { length: 4 } });
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] });
    expect((await secrets.describeSecret({ SecretId: 'n' })).LastRotatedDate).toBeUndefined();
    await expect(begin('other-00000000-0000-0000-0000-00000000001')).rejects.toMatchObject(unfinished);
  });

  test('is abandoned by a new current value: no further step is taken, and the next rotation may begin', async () => {
    const events: RotationEvent[] = [];
    const { begin, rotation, secrets } = await rotating((local) => async (event, context) => {
      events.push(event);
      await template(local)(event, context);
    });
    await begin();
    await rotation().runStep();
    await secrets.putSecretValue({ SecretId: 'n', SecretString: 'by hand' });
    expect(await rotation().run()).toMatchObject({ outcome: 'abandoned' });
    expect(events).toHaveLength(1);
    expect(await begin('other-00000000-0000-0000-0000-00000000001')).toBeDefined();
  });

  test('with RotateImmediately=false tests a copy of the current value under an id of its own', async () => {
    const seen: unknown[] = [];
    const { secrets, RotationLambdaARN, rotation, labels } = await rotating(
      (local) =>
        async ({ Step, SecretId }) => {
          const { VersionId, SecretString } = await local.getSecretValue({
            SecretId,
            VersionStage: 'AWSPENDING',
          });
          seen.push(Step, VersionId, SecretString);
        },
    );
    await secrets.rotateSecret({
      SecretId: 'n',
      RotationLambdaARN,
      ClientRequestToken: TOKEN,
      RotateImmediately: false,
    });
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(seen).toEqual(['testSecret', TOKEN, 'first']);
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'] });
    expect((await secrets.describeSecret({ SecretId: 'n' })).LastRotatedDate).toBeUndefined();
  });

  test('with RotateImmediately=false that fails leaves nothing in the way (assumed)', async () => {
    const { secrets, begin, RotationLambdaARN, rotation, labels } = await rotating(() => () => {
      throw new Error('broken');
    });
    await secrets.rotateSecret({ SecretId: 'n', RotationLambdaARN, RotateImmediately: false });
    expect(await rotation().run()).toMatchObject({
      outcome: 'failed',
      steps: [{ error: new Error('broken') }],
    });
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'] });
    expect(await begin()).toMatchObject({ VersionId: TOKEN });
  });

  test('that failed goes on only by being started over', async () => {
    const { begin, rotation } = await rotating(() => () => {
      throw new Error('broken');
    });
    await begin();
    await rotation().run();
    await expect(rotation().run()).rejects.toThrow('reattempt() starts it over');
  });

  test('fails when the function takes longer than Lambda lets it', async () => {
    jest.useFakeTimers();
    const { begin, rotation, labels } = await rotating(() => () => new Promise(() => {}));
    await begin();
    const report = rotation().run();
    await jest.advanceTimersByTimeAsync(30_000);
    jest.useRealTimers();
    expect(await report).toMatchObject({
      outcome: 'failed',
      steps: [{ step: 'createSecret', error: new Error('Task timed out after 30.00 seconds') }],
    });
    expect(await labels()).toEqual({ [FIRST]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] });
  });

  test('cannot be driven before it has begun', async () => {
    const { rotation } = await rotating();
    await expect(rotation().run()).rejects.toThrow('no rotation of n is under way');
  });
});
