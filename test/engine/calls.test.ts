import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManager,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { rotationHandler, type SecretsManagerApi } from '../../src/index.js';
import { Door, doorRig, doorRotator } from '../support/door-rig.js';
import { FaultyClient } from '../support/faulty-client.js';

const SecretId = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:door-AbCdEf';
const ClientRequestToken = 'c0ffee00-0000-4000-8000-000000000002';
const CURRENT = 'c0ffee00-0000-4000-8000-000000000001';
const RotationToken = 'd15ea5e0-1111-4222-9333-444444444444';

/** The exact calls, with the client that a deployed function makes. */
describe('the calls of', () => {
  const aws = mockClient(SecretsManagerClient);
  const event = { SecretId, ClientRequestToken, RotationToken };
  const pending = { SecretId, VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' };
  const current = { SecretId, VersionStage: 'AWSCURRENT' };
  const door = new Door();
  const handler = rotationHandler(
    doorRotator(door, {
      createSecret: () => ({ password: 'second-password' }),
      setSecret: () => {},
      testSecret: () => 'accepted',
    }),
    { log: () => {} },
  );

  beforeEach(() => {
    aws.reset();
    aws.on(DescribeSecretCommand).resolves({
      ARN: SecretId,
      RotationEnabled: true,
      VersionIdsToStages: { [CURRENT]: ['AWSCURRENT'], [ClientRequestToken]: ['AWSPENDING'] },
    });
    aws
      .on(GetSecretValueCommand, current)
      .resolves({ VersionId: CURRENT, SecretString: '{"user":"app","password":"first-password"}' });
    aws.on(GetSecretValueCommand, pending).resolves({
      VersionId: ClientRequestToken,
      SecretString: '{"user":"app","password":"second-password"}',
    });
    aws.on(PutSecretValueCommand).resolves({});
    aws.on(UpdateSecretVersionStageCommand).resolves({});
  });

  afterAll(() => aws.restore());

  const calls = () => aws.calls().map(({ args: [command] }) => [command.constructor.name, command.input]);

  test('createSecret', async () => {
    aws
      .on(GetSecretValueCommand, pending)
      .rejects(new ResourceNotFoundException({ message: '', $metadata: {} }));
    await handler({ Step: 'createSecret', ...event });
    expect(calls()).toEqual([
      ['DescribeSecretCommand', { SecretId }],
      ['GetSecretValueCommand', current],
      ['GetSecretValueCommand', pending],
      [
        'PutSecretValueCommand',
        {
          SecretId,
          ClientRequestToken,
          SecretString: '{"user":"app","password":"second-password"}',
          VersionStages: ['AWSPENDING'],
          RotationToken,
        },
      ],
    ]);
  });

  test('setSecret', async () => {
    await handler({ Step: 'setSecret', ...event });
    expect(calls()).toEqual([
      ['DescribeSecretCommand', { SecretId }],
      ['GetSecretValueCommand', current],
      ['GetSecretValueCommand', pending],
    ]);
  });

  test('testSecret', async () => {
    await handler({ Step: 'testSecret', ...event });
    expect(calls()).toEqual([
      ['DescribeSecretCommand', { SecretId }],
      ['GetSecretValueCommand', pending],
    ]);
  });

  test('finishSecret', async () => {
    await handler({ Step: 'finishSecret', ...event });
    expect(calls()).toEqual([
      ['DescribeSecretCommand', { SecretId }],
      [
        'UpdateSecretVersionStageCommand',
        {
          SecretId,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: ClientRequestToken,
          RemoveFromVersionId: CURRENT,
        },
      ],
    ]);
  });
});

test('a rotation makes 11 calls, 2 of them writes, in 6 sequential round trips', async () => {
  let inFlight = 0;
  let roundTrips = 0;
  /** Answers a turn later, and counts a round trip whenever a call is sent while none is under way. */
  const counted =
    <In, Out>(work: (input: In) => Promise<Out>) =>
    async (input: In): Promise<Out> => {
      if (inFlight++ === 0) roundTrips++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      inFlight--;
      return work(input);
    };
  let client: FaultyClient | undefined;
  const { begin, run } = await doorRig({
    client(secrets) {
      client = new FaultyClient({
        describeSecret: counted((input) => secrets.describeSecret(input)),
        getSecretValue: counted((input) => secrets.getSecretValue(input)),
        putSecretValue: counted((input) => secrets.putSecretValue(input)),
        updateSecretVersionStage: counted((input) => secrets.updateSecretVersionStage(input)),
        listSecretVersionIds: counted((input) => secrets.listSecretVersionIds(input)),
      });
      return client;
    },
  });
  await begin();
  await run();
  expect({ calls: client?.calls.length, writes: client?.writes().length, roundTrips }).toEqual({
    calls: 11,
    writes: 2,
    roundTrips: 6,
  });
});

test("the SDK's aggregated client is taken as it is", () => {
  const client: SecretsManagerApi = new SecretsManager({ region: 'eu-west-1' });
  expect(() => rotationHandler(doorRotator(new Door()), { client })).not.toThrow();
});
