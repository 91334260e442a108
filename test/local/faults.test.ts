import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { LocalSecretsManager } from '../../src/testing/index.js';

const TOKEN = 'token-00000000-0000-0000-0000-00000000001';

async function secret(options: { staleReads?: number } = {}) {
  const secrets = new LocalSecretsManager(options);
  await secrets.createSecret({ Name: 's', SecretString: 'A' });
  return secrets;
}

const put = (secrets: LocalSecretsManager, SecretString: string) =>
  secrets.putSecretValue({ SecretId: 's', SecretString });
const value = async (secrets: LocalSecretsManager) =>
  (await secrets.getSecretValue({ SecretId: 's' })).SecretString;

describe('a fault', () => {
  test.each([
    ['throttle', { name: 'ThrottlingException', $fault: 'client', $retryable: { throttling: true } }],
    ['internal', { name: 'InternalServiceError', $fault: 'server', $metadata: { httpStatusCode: 500 } }],
    ['dropped', { name: 'TimeoutError', code: 'ECONNRESET' }],
  ] as const)('%s hits the next call, before it has taken effect', async (kind, error) => {
    const secrets = await secret();
    const fault = secrets.inject({ operation: 'PutSecretValue', kind });
    await expect(put(secrets, 'B')).rejects.toMatchObject(error);
    expect(await value(secrets)).toBe('A');
    await put(secrets, 'C');
    expect(await value(secrets)).toBe('C');
    expect(fault.hits).toBe(1);
  });

  test('can hit after the call has taken effect', async () => {
    const secrets = await secret();
    secrets.inject({ operation: 'PutSecretValue', kind: 'internal', when: 'after' });
    await expect(put(secrets, 'B')).rejects.toMatchObject({ name: 'InternalServiceError' });
    expect(await value(secrets)).toBe('B');
  });

  test('hits the call of its number, and as many as it is told', async () => {
    const secrets = await secret();
    const fault = secrets.inject({ operation: 'PutSecretValue', kind: 'throttle', call: 2, times: 2 });
    const outcomes = await Promise.allSettled(['B', 'C', 'D', 'E'].map((text) => put(secrets, text)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(fault.hits).toBe(2);
  });

  test('that never comes about says so', async () => {
    const secrets = await secret();
    const fault = secrets.inject({ operation: 'DeleteSecret', kind: 'throttle' });
    await put(secrets, 'B');
    expect(fault.hits).toBe(0);
  });

  test.each([{ call: 0 }, { times: 0 }, { times: 1.5 }])(
    'that is ordered as %j is refused',
    async (count) => {
      const secrets = await secret();
      expect(() => secrets.inject({ kind: 'throttle', ...count })).toThrow(
        'call and times must be whole numbers from 1',
      );
    },
  );

  test('of no operation hits any', async () => {
    const secrets = await secret();
    secrets.inject({ kind: 'throttle' });
    await expect(secrets.listSecrets({})).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(await value(secrets)).toBe('A');
  });

  test('reaches a client over the socket, which tries again as it does with AWS', async () => {
    const secrets = await secret();
    const listener = await secrets.listen();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new SecretsManager({ endpoint: listener.url, region: 'eu-west-1', credentials });
    try {
      for (const kind of ['throttle', 'internal', 'dropped'] as const) {
        const fault = secrets.inject({ operation: 'GetSecretValue', kind, times: 2 });
        expect(await client.getSecretValue({ SecretId: 's' })).toMatchObject({
          SecretString: 'A',
          $metadata: { attempts: 3 },
        });
        expect(fault.hits).toBe(2);
      }
    } finally {
      client.destroy();
      await listener.close();
    }
  });
});

describe('a stale read', () => {
  test('does not see the last change', async () => {
    const secrets = await secret();
    await put(secrets, 'B');
    secrets.inject({ operation: 'GetSecretValue', kind: 'stale' });
    expect(await value(secrets)).toBe('A');
    expect(await value(secrets)).toBe('B');
  });

  test('is a read: a write in between is not hit', async () => {
    const secrets = await secret();
    await put(secrets, 'B');
    const fault = secrets.inject({ kind: 'stale' });
    await put(secrets, 'C');
    expect(fault.hits).toBe(0);
    expect(await value(secrets)).toBe('B');
    expect(fault.hits).toBe(1);
  });

  test('does not see the value that has filled the version of a rotation', async () => {
    const secrets = await secret();
    const RotationLambdaARN = secrets.addFunction('f', () => {});
    await secrets.rotateSecret({ SecretId: 's', RotationLambdaARN, ClientRequestToken: TOKEN });
    await secrets.putSecretValue({
      SecretId: 's',
      ClientRequestToken: TOKEN,
      SecretString: 'B',
      VersionStages: ['AWSPENDING'],
    });
    secrets.inject({ operation: 'GetSecretValue', kind: 'stale' });
    const read = () => secrets.getSecretValue({ SecretId: 's', VersionStage: 'AWSPENDING' });
    await expect(read()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(await read()).toMatchObject({ SecretString: 'B' });
  });

  test('sees the labels as they were, in descriptions and lists too', async () => {
    const secrets = await secret();
    const { VersionIdsToStages: before } = await secrets.describeSecret({ SecretId: 's' });
    await put(secrets, 'B');
    secrets.inject({ kind: 'stale', times: 3 });
    expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject({ VersionIdsToStages: before });
    const { SecretList } = await secrets.listSecrets({});
    expect(SecretList?.[0]?.SecretVersionsToStages).toEqual(before);
    const { Versions } = await secrets.listSecretVersionIds({ SecretId: 's' });
    expect(Versions).toMatchObject([{ VersionStages: ['AWSCURRENT'] }]);
    expect((await secrets.listSecretVersionIds({ SecretId: 's' })).Versions).toHaveLength(2);
  });

  test('can follow upon every change', async () => {
    const secrets = await secret({ staleReads: 2 });
    for (const [text, before] of [
      ['B', 'A'],
      ['C', 'B'],
    ] as const) {
      await put(secrets, text);
      expect([await value(secrets), await value(secrets), await value(secrets)]).toEqual([
        before,
        before,
        text,
      ]);
    }
  });
});
