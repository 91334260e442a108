import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import { type RotationEvent, rotationHandler } from '../../src/index.js';
import { Door, doorRig, doorRotator, FIRST } from '../support/door-rig.js';
import { rejection } from '../support/errors.js';
import { FaultyClient, serviceError } from '../support/faulty-client.js';

const TOKEN = 'a'.repeat(36);
const OTHER = 'b'.repeat(36);

/** A rig whose DescribeSecret says something else than the local Secrets Manager can. */
async function rigDescribing(answer: Partial<DescribeSecretResponse>) {
  const touched = jest.fn();
  let client: FaultyClient | undefined;
  const rigged = await doorRig({
    parts: { createSecret: touched, setSecret: touched, testSecret: touched },
    client(secrets) {
      client = new FaultyClient({
        describeSecret: async (input) => ({ ...(await secrets.describeSecret(input)), ...answer }),
        getSecretValue: (input) => secrets.getSecretValue(input),
        putSecretValue: (input) => secrets.putSecretValue(input),
        updateSecretVersionStage: (input) => secrets.updateSecretVersionStage(input),
      });
      return client;
    },
  });
  return { ...rigged, client: client!, touched };
}

describe('the checks', () => {
  const managed = { OwningService: 'rds' };
  const external = { Type: 'SalesforceClientSecret' };
  const replica = { PrimaryRegion: 'us-east-1' };
  const deleted = { DeletedDate: new Date(0) };
  const disabled = { RotationEnabled: false };
  const unlisted = { VersionIdsToStages: { [OTHER]: ['AWSCURRENT'] } };

  test.each([
    ['ERR_MANAGED_BY_SERVICE', { ...managed, ...external, ...replica, ...deleted, ...disabled, ...unlisted }],
    ['ERR_MANAGED_EXTERNALLY', { ...external, ...replica, ...deleted, ...disabled, ...unlisted }],
    ['ERR_REPLICA', { ...replica, ...deleted, ...disabled, ...unlisted }],
    ['ERR_MARKED_FOR_DELETION', { ...deleted, ...disabled, ...unlisted }],
    ['ERR_ROTATION_DISABLED', { ...disabled, ...unlisted }],
    ['ERR_VERSION_UNKNOWN', unlisted],
    ['ERR_VERSION_UNKNOWN', { VersionIdsToStages: undefined }],
    ['ERR_VERSION_UNKNOWN', { VersionIdsToStages: {} }],
  ])('refuse with %s, which comes before the rest, and nothing is touched', async (code, answer) => {
    const { begin, deliver, client, touched, value, door } = await rigDescribing(answer);
    await begin();
    expect(await rejection(deliver('createSecret'))).toMatchObject({
      name: 'RotationError',
      code,
      step: 'createSecret',
      secretId: expect.stringContaining(':secret:door-'),
      hint: expect.any(String),
    });
    expect(touched).not.toHaveBeenCalled();
    expect(client.writes()).toEqual([]);
    expect((await value('AWSCURRENT')).password).toBe(FIRST);
    expect(door.changes).toBe(0);
  });

  test.each([
    ['ERR_ROTATION_UNDONE', ['AWSPREVIOUS']],
    ['ERR_ROTATION_UNDONE', ['AWSPREVIOUS', 'AWSPENDING']],
    ['ERR_ROTATION_ABANDONED', ['CUSTOM']],
  ])('refuse with %s a version that is labelled %j', async (code, stages) => {
    const answer: Partial<DescribeSecretResponse> = {};
    const { begin, deliver, touched } = await rigDescribing(answer);
    const token = await begin();
    answer.VersionIdsToStages = { [token]: stages, [OTHER]: ['AWSCURRENT'] };
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code,
      hint: expect.stringContaining(token),
    });
    expect(touched).not.toHaveBeenCalled();
  });

  test('refuse a secret without AWSCURRENT', async () => {
    const { secrets, begin, touched } = await rigDescribing({});
    await secrets.createSecret({ Name: 'empty' });
    await begin();
    const lambdaArn = (await secrets.describeSecret({ SecretId: 'door' })).RotationLambdaARN;
    await secrets.rotateSecret({ SecretId: 'empty', RotationLambdaARN: lambdaArn });
    expect(await rejection(secrets.rotation('empty').deliver('createSecret'))).toMatchObject({
      code: 'ERR_CURRENT_MISSING',
      hint: expect.stringMatching(/store a working value with PutSecretValue.*move AWSCURRENT to it/),
    });
    expect(touched).not.toHaveBeenCalled();
  });

  test('let a secret pass whose rotation was never configured, and the primary of a replicated one', async () => {
    const { begin, run } = await doorRig({
      client: (secrets) =>
        new FaultyClient({
          describeSecret: async (input) => {
            const { RotationEnabled: _, ...rest } = await secrets.describeSecret(input);
            return { ...rest, PrimaryRegion: 'eu-west-1' };
          },
          getSecretValue: (input) => secrets.getSecretValue(input),
          putSecretValue: (input) => secrets.putSecretValue(input),
          updateSecretVersionStage: (input) => secrets.updateSecretVersionStage(input),
        }),
    });
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('wait for a version that is not listed yet', async () => {
    const answer: Partial<DescribeSecretResponse> = { VersionIdsToStages: {} };
    const { begin, deliver, touched } = await rigDescribing(answer);
    await begin();
    setTimeout(() => delete answer.VersionIdsToStages, 150);
    touched.mockReturnValue({ password: 'made-password-1' });
    await deliver('createSecret');
    expect(touched).toHaveBeenCalledTimes(1);
  });

  test('tell an abandoned version, which is no longer listed, from one that never was', async () => {
    const { begin, deliver, secrets } = await doorRig();
    const token = await begin();
    await deliver('createSecret');
    await secrets.putSecretValue({ SecretId: 'door', SecretString: '{"user":"app","password":"by hand 1"}' });
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_ROTATION_ABANDONED',
      hint: expect.stringContaining(token),
    });
  });

  test('tell an abandoned version, though its value is no secret of the rotator', async () => {
    const { begin, deliver, secrets } = await doorRig();
    const ClientRequestToken = await begin();
    await secrets.putSecretValue({
      SecretId: 'door',
      ClientRequestToken,
      SecretString: 'not JSON',
      VersionStages: ['AWSPENDING'],
    });
    await secrets.putSecretValue({ SecretId: 'door', SecretString: '{"user":"app","password":"by hand 1"}' });
    expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_ROTATION_ABANDONED' });
  });

  test('take only "not found" for a version that never was', async () => {
    const { begin, client, secretId: SecretId } = await rigDescribing(unlisted);
    const ClientRequestToken = await begin();
    client.fail('getSecretValue', serviceError('AccessDeniedException'), {
      matches: ({ VersionStage }) => VersionStage === undefined,
    });
    const handler = rotationHandler(doorRotator(new Door()), { client, log: () => {} });
    const event = { Step: 'testSecret', SecretId, ClientRequestToken } as const;
    // Little time, so that the version is not waited for.
    const error = await rejection(handler(event, { getRemainingTimeInMillis: () => 2000 }));
    expect(error).toMatchObject({ code: 'ERR_SECRETS_MANAGER_FAILED' });
    expect(client.writes()).toEqual([]);
  });

  test('win over a read that failed', async () => {
    const { begin, deliver, client } = await rigDescribing(disabled);
    await begin();
    client.fail('getSecretValue', serviceError('DecryptionFailure'), { times: 2 });
    expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_ROTATION_DISABLED' });
  });

  test('that could not be made are an error of Secrets Manager', async () => {
    const { begin, deliver, client } = await rigDescribing({});
    await begin();
    client.fail('describeSecret', serviceError('AccessDeniedException'));
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_SECRETS_MANAGER_FAILED',
      message: expect.stringMatching(/^DescribeSecret of arn:\S+ failed with AccessDeniedException$/),
    });
  });
});

describe('an event', () => {
  const good = { Step: 'setSecret', SecretId: 'door', ClientRequestToken: TOKEN };
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'setSecret'],
    ['no step', { ...good, Step: undefined }],
    ['the step of the documentation', { ...good, Step: 'set_secret' }],
    ['a step that every object has', { ...good, Step: 'constructor' }],
    ['no secret', { ...good, SecretId: undefined }],
    ['an empty secret', { ...good, SecretId: '' }],
    ['a secret of 2,049 characters', { ...good, SecretId: 's'.repeat(2049) }],
    ['a secret with a space before it', { ...good, SecretId: ' door' }],
    ['a secret with a line break after it', { ...good, SecretId: 'door\n' }],
    ['a secret that is no text', { ...good, SecretId: 12345678 }],
    ['no token', { ...good, ClientRequestToken: undefined }],
    ['a token of 31 characters', { ...good, ClientRequestToken: 't'.repeat(31) }],
    ['a token of 65 characters', { ...good, ClientRequestToken: 't'.repeat(65) }],
    ['a token with a space before it', { ...good, ClientRequestToken: ` ${TOKEN}` }],
    ['a token with a line break', { ...good, ClientRequestToken: `${'t'.repeat(35)}\n` }],
    ['a RotationToken of 35 characters', { ...good, RotationToken: 'r'.repeat(35) }],
    ['a RotationToken of 257 characters', { ...good, RotationToken: 'r'.repeat(257) }],
    ['a RotationToken with a space before it', { ...good, RotationToken: ` ${TOKEN}` }],
    ['a RotationToken with a line break after it', { ...good, RotationToken: `${TOKEN}\n` }],
    ['a RotationToken with an underscore', { ...good, RotationToken: 'r_'.repeat(20) }],
  ])('with %s is refused before any call', async (_, event) => {
    const client = new FaultyClient({} as never);
    const handler = rotationHandler(doorRotator(new Door()), { client, log: () => {} });
    expect(await rejection(handler(event as RotationEvent))).toMatchObject({
      code: 'ERR_EVENT_INVALID',
      hint: expect.stringContaining('RotateSecret'),
    });
    expect(client.calls).toEqual([]);
  });

  test.each([undefined, null, 'setSecret'])('that is %p is told that it must be an object', async (event) => {
    const handler = rotationHandler(doorRotator(new Door()), { log: () => {} });
    expect(await rejection(handler(event as never))).toMatchObject({
      message: 'not a rotation event: the event must be an object',
    });
  });

  test.each([
    ['the longest secret', { ...good, SecretId: 's'.repeat(2048) }],
    ['a secret of one character', { ...good, SecretId: '~' }],
    ['the shortest token', { ...good, ClientRequestToken: 't'.repeat(32) }],
    ['the longest token', { ...good, ClientRequestToken: '!'.repeat(64) }],
    ['the shortest RotationToken', { ...good, RotationToken: 'aZ-9'.repeat(9) }],
    ['the longest RotationToken', { ...good, RotationToken: 'aZ-9'.repeat(64) }],
  ])('may have %s', async (_, event) => {
    const client = new FaultyClient({} as never);
    client.fail('describeSecret', serviceError('AccessDeniedException'));
    client.fail('getSecretValue', serviceError('AccessDeniedException'), { times: 2 });
    const handler = rotationHandler(doorRotator(new Door()), { client, log: () => {} });
    expect(await rejection(handler(event as RotationEvent))).toMatchObject({
      code: 'ERR_SECRETS_MANAGER_FAILED',
    });
  });

  test('may lack its RotationToken, or say null', async () => {
    const { begin, secrets, secretId: SecretId } = await doorRig();
    const ClientRequestToken = await begin();
    const handler = rotationHandler(doorRotator(new Door()), { client: secrets, log: () => {} });
    const event = { Step: 'createSecret', SecretId, ClientRequestToken } as const;
    expect(await handler(event)).toEqual({ step: 'createSecret', outcome: 'created' });
    const again = handler({ ...event, RotationToken: null } as never);
    expect(await again).toEqual({ step: 'createSecret', outcome: 'kept' });
  });
});
