import { LocalSecretsManager } from '../../src/testing/index.js';

/** Conformance: what Secrets Manager does, by recordings of AWS and its documents; `assumed` where neither says. */
const V1 = 'version-1-00000000-0000-0000-000000000001';
const V2 = 'version-2-00000000-0000-0000-000000000002';
const V3 = 'version-3-00000000-0000-0000-000000000003';

const VALUES: Record<string, string> = { [V1]: '{"v":"A"}', [V2]: '{"v":"B"}', [V3]: '{"v":"C"}' };

async function service(...versions: readonly (readonly [id: string, stages?: string[]])[]) {
  const secrets = new LocalSecretsManager();
  await secrets.createSecret({ Name: 'app/db', ClientRequestToken: V1, SecretString: VALUES[V1] });
  for (const [id, stages] of versions) await put(secrets, id, stages);
  return secrets;
}

const put = (secrets: LocalSecretsManager, id: string, VersionStages?: string[]) =>
  secrets.putSecretValue({
    SecretId: 'app/db',
    ClientRequestToken: id,
    SecretString: VALUES[id],
    VersionStages,
  });

const move = (secrets: LocalSecretsManager, VersionStage: string, from?: string, to?: string) =>
  secrets.updateSecretVersionStage({
    SecretId: 'app/db',
    VersionStage,
    RemoveFromVersionId: from,
    MoveToVersionId: to,
  });

async function labels(secrets: LocalSecretsManager) {
  const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: 'app/db' });
  return Object.fromEntries(
    Object.entries(VersionIdsToStages).map(([id, stages]) => [id, [...stages].sort()]),
  );
}

const refusal = (name: string, message: string | RegExp) =>
  expect.objectContaining({
    name,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
    $fault: 'client',
    $metadata: expect.objectContaining({ httpStatusCode: 400 }),
  });

describe('CreateSecret', () => {
  test('gives an ARN with six random characters, and the token as VersionId', async () => {
    const secrets = new LocalSecretsManager();
    const request = { Name: 'n', ClientRequestToken: V1, SecretString: 'x' };
    const made = await secrets.createSecret(request);
    expect(made).toEqual({
      ARN: expect.stringMatching(/^arn:aws:secretsmanager:[a-z0-9-]+:\d{12}:secret:n-[A-Za-z0-9]{6}$/),
      Name: 'n',
      VersionId: V1,
    });
    expect(await secrets.createSecret(request)).toEqual(made);
  });

  test('without a value makes no version', async () => {
    const secrets = new LocalSecretsManager();
    expect(await secrets.createSecret({ Name: 'n' })).toEqual({ ARN: expect.any(String), Name: 'n' });
    expect(await secrets.describeSecret({ SecretId: 'n' })).toEqual({
      ARN: expect.any(String),
      Name: 'n',
      CreatedDate: expect.any(Date),
      LastChangedDate: expect.any(Date),
    });
    await expect(secrets.getSecretValue({ SecretId: 'n' })).rejects.toEqual(
      refusal(
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
      ),
    );
  });

  test('refuses a name that is taken, and a token with another value', async () => {
    const secrets = await service();
    await expect(secrets.createSecret({ Name: 'app/db', SecretString: 'x' })).rejects.toEqual(
      refusal('ResourceExistsException', 'The operation failed because the secret app/db already exists.'),
    );
    await expect(
      secrets.createSecret({ Name: 'app/db', ClientRequestToken: V1, SecretString: 'x' }),
    ).rejects.toEqual(
      refusal('ResourceExistsException', new RegExp(`^You can't use ClientRequestToken ${V1} because`)),
    );
  });

  test.each(['Inv Name', 'a#b', '', 'n'.repeat(513)])('refuses the name "%s"', async (Name) => {
    const secrets = new LocalSecretsManager();
    await expect(secrets.createSecret({ Name })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('refuses two kinds of value at once, and 65,537 bytes', async () => {
    const secrets = new LocalSecretsManager();
    const SecretBinary = Uint8Array.of(0);
    await expect(secrets.createSecret({ Name: 'n', SecretString: 'x', SecretBinary })).rejects.toEqual(
      refusal('InvalidParameterException', /both a binary secret value and a string secret value/),
    );
    await expect(secrets.createSecret({ Name: 'n', SecretString: 'x'.repeat(65_537) })).rejects.toEqual(
      refusal('ValidationException', /secretString/),
    );
  });
});

describe('a SecretId', () => {
  test('may be a name, an ARN or a partial ARN', async () => {
    const secrets = await service();
    const { ARN = '' } = await secrets.describeSecret({ SecretId: 'app/db' });
    for (const SecretId of [ARN, ARN.slice(0, -7)]) {
      expect(await secrets.describeSecret({ SecretId })).toMatchObject({ Name: 'app/db', ARN });
    }
  });

  test('may not be a partial ARN that looks like a full one, nor an ARN of elsewhere', async () => {
    const secrets = new LocalSecretsManager();
    const { ARN = '' } = await secrets.createSecret({ Name: 'Name-a1b2c3' });
    const notFound = refusal('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    await expect(secrets.describeSecret({ SecretId: ARN.slice(0, -7) })).rejects.toEqual(notFound);
    await expect(secrets.describeSecret({ SecretId: ARN.replace('eu-west-1', 'us-east-1') })).rejects.toEqual(
      notFound,
    );
    expect(await secrets.describeSecret({ SecretId: ARN })).toMatchObject({ Name: 'Name-a1b2c3' });
  });

  test('that is no name is invalid, not missing', async () => {
    const secrets = await service();
    for (const call of [
      secrets.describeSecret({ SecretId: 'Inv Name' }),
      secrets.getSecretValue({ SecretId: 'Inv Name' }),
      secrets.rotateSecret({ SecretId: 'Inv Name' }),
    ]) {
      await expect(call).rejects.toEqual(
        refusal('ValidationException', /^Invalid name\. Must be a valid name/),
      );
    }
    await expect(secrets.getSecretValue({ SecretId: undefined })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('GetSecretValue', () => {
  test('gives AWSCURRENT unless told otherwise, with all its labels', async () => {
    const secrets = await service([V2, ['AWSPENDING']]);
    await move(secrets, 'AWSCURRENT', V1, V2);
    const found = await secrets.getSecretValue({ SecretId: 'app/db' });
    expect(found).toMatchObject({
      Name: 'app/db',
      VersionId: V2,
      SecretString: VALUES[V2],
      CreatedDate: expect.any(Date),
    });
    expect(found.VersionStages?.sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
  });

  test('says which value it cannot find', async () => {
    const secrets = await service();
    const missing = 'version-9-00000000-0000-0000-000000000009';
    const prefix = "Secrets Manager can't find the specified secret value for";
    await expect(secrets.getSecretValue({ SecretId: 'app/db', VersionStage: 'AWSPREVIOUS' })).rejects.toEqual(
      refusal('ResourceNotFoundException', `${prefix} staging label: AWSPREVIOUS`),
    );
    await expect(secrets.getSecretValue({ SecretId: 'app/db', VersionId: missing })).rejects.toEqual(
      refusal('ResourceNotFoundException', `${prefix} VersionId: ${missing}`),
    );
    await expect(
      secrets.getSecretValue({ SecretId: 'app/db', VersionId: V1, VersionStage: 'AWSPREVIOUS' }),
    ).rejects.toEqual(
      refusal(
        'InvalidRequestException',
        'You provided a VersionStage that is not associated to the provided VersionId.',
      ),
    );
    await expect(secrets.getSecretValue({ SecretId: 'app/db', VersionId: 'short' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('reads a deprecated version by its id, and binary values as they were', async () => {
    const secrets = await service([V2], [V3]);
    const { VersionStages, ...found } = await secrets.getSecretValue({ SecretId: 'app/db', VersionId: V1 });
    expect(found).toMatchObject({ SecretString: VALUES[V1] });
    expect(VersionStages).toBeUndefined();
    const SecretBinary = Uint8Array.of(0, 255, 65);
    await secrets.putSecretValue({ SecretId: 'app/db', SecretBinary });
    const binary = await secrets.getSecretValue({ SecretId: 'app/db' });
    expect(binary.SecretBinary).toEqual(SecretBinary);
    expect(binary.SecretString).toBeUndefined();
  });
});

describe('PutSecretValue', () => {
  test('without stages moves AWSCURRENT and AWSPREVIOUS, and strips AWSPENDING', async () => {
    const secrets = await service([V2, ['AWSPENDING']]);
    await put(secrets, V3);
    expect(await labels(secrets)).toEqual({ [V3]: ['AWSCURRENT'], [V1]: ['AWSPREVIOUS'] });
  });

  test('strips AWSPENDING from the version that was current too', async () => {
    const secrets = await service([V2, ['AWSPENDING']]);
    await move(secrets, 'AWSCURRENT', V1, V2);
    await put(secrets, V3);
    expect(await labels(secrets)).toEqual({ [V3]: ['AWSCURRENT'], [V2]: ['AWSPREVIOUS'] });
  });

  test('with stages attaches these and no other', async () => {
    const secrets = await service([V2, ['one', 'two', 'three']], [V3, ['one', 'two', 'four']]);
    expect(await labels(secrets)).toEqual({
      [V1]: ['AWSCURRENT'],
      [V2]: ['three'],
      [V3]: ['four', 'one', 'two'],
    });
  });

  test('drops a version that loses its last label, and keeps the custom labels of the old current one', async () => {
    const secrets = await service([V2, ['AWSCURRENT', 'CUSTOM']], [V3]);
    expect(await labels(secrets)).toEqual({ [V2]: ['AWSPREVIOUS', 'CUSTOM'], [V3]: ['AWSCURRENT'] });
  });

  test('gives AWSCURRENT to the first version of all, whatever it is told', async () => {
    const secrets = new LocalSecretsManager();
    await secrets.createSecret({ Name: 'app/db' });
    await put(secrets, V2, ['AWSPENDING']);
    expect(await labels(secrets)).toEqual({ [V2]: ['AWSCURRENT', 'AWSPENDING'] });
  });

  test('with the same token and value does nothing; with another value it is refused', async () => {
    const secrets = await service([V2, ['AWSPENDING']]);
    expect(await put(secrets, V2)).toMatchObject({ VersionId: V2, VersionStages: ['AWSPENDING'] });
    expect(await labels(secrets)).toEqual({ [V1]: ['AWSCURRENT'], [V2]: ['AWSPENDING'] });
    const { ARN } = await secrets.describeSecret({ SecretId: 'app/db' });
    await expect(
      secrets.putSecretValue({
        SecretId: 'app/db',
        ClientRequestToken: V2,
        SecretString: 'other',
        VersionStages: ['AWSPENDING'],
      }),
    ).rejects.toEqual(
      refusal(
        'ResourceExistsException',
        `You can't use ClientRequestToken ${V2} because that value is already in use for a version of secret ${ARN}.`,
      ),
    );
    expect(await secrets.getSecretValue({ SecretId: 'app/db', VersionId: V2 })).toMatchObject({
      SecretString: VALUES[V2],
    });
  });

  test.each([{}, { SecretString: '' }])('refuses %j as a value', async (value) => {
    const secrets = await service();
    await expect(secrets.putSecretValue({ SecretId: 'app/db', ...value })).rejects.toEqual(
      refusal('InvalidRequestException', 'You must provide either SecretString or SecretBinary.'),
    );
  });
});

describe('UpdateSecretVersionStage', () => {
  test('moves AWSCURRENT, and leaves AWSPENDING and custom labels where they are', async () => {
    const secrets = await service([V2, ['AWSPENDING', 'CUSTOM']]);
    expect(await move(secrets, 'AWSCURRENT', V1, V2)).toEqual({ ARN: expect.any(String), Name: 'app/db' });
    expect(await labels(secrets)).toEqual({
      [V1]: ['AWSPREVIOUS'],
      [V2]: ['AWSCURRENT', 'AWSPENDING', 'CUSTOM'],
    });
  });

  test('swaps AWSCURRENT and AWSPREVIOUS', async () => {
    const secrets = await service([V2]);
    await move(secrets, 'AWSCURRENT', V2, V1);
    expect(await labels(secrets)).toEqual({ [V1]: ['AWSCURRENT'], [V2]: ['AWSPREVIOUS'] });
  });

  test.each([
    [
      'AWSCURRENT',
      undefined,
      V2,
      `The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${V1}, so you must explicitly reference that version in RemoveFromVersionId.`,
    ],
    ['CUSTOM', undefined, V1, /^The parameter RemoveFromVersionId can't be empty\. Staging label CUSTOM/],
    ['AWSCURRENT', V2, V3, /AWSCURRENT/],
    ['AWSCURRENT', V1, undefined, /It can.t be completely removed\.$/],
    ['AWSCURRENT', V1, 'version-9-00000000-0000-0000-000000000009', /version-9/],
    ['CUSTOM', undefined, undefined, /./],
    ['NOWHERE', V1, undefined, /NOWHERE/],
  ])('refuses to move %s from %s to %s, and changes nothing', async (label, from, to, message) => {
    const secrets = await service([V2, ['CUSTOM']], [V3, ['AWSPENDING']]);
    const before = await labels(secrets);
    await expect(move(secrets, label, from, to)).rejects.toEqual(
      refusal('InvalidParameterException', message),
    );
    expect(await labels(secrets)).toEqual(before);
  });

  test('removes a label, attaches a new one, and does nothing for one that is there already', async () => {
    const secrets = await service([V2, ['AWSPENDING']]);
    await move(secrets, 'AWSPENDING', V2);
    expect(await labels(secrets)).toEqual({ [V1]: ['AWSCURRENT'] });
    await move(secrets, 'AWSPENDING', undefined, V2);
    await move(secrets, 'AWSPENDING', undefined, V2);
    await move(secrets, 'AWSCURRENT', V1, V1);
    expect(await labels(secrets)).toEqual({ [V1]: ['AWSCURRENT'], [V2]: ['AWSPENDING'] });
  });

  test('does not make an empty version AWSCURRENT (assumed)', async () => {
    const secrets = await service();
    const RotationLambdaARN = secrets.addFunction('f', () => {});
    await secrets.rotateSecret({ SecretId: 'app/db', RotationLambdaARN, ClientRequestToken: V2 });
    await expect(move(secrets, 'AWSCURRENT', V1, V2)).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});

test('many secrets do not mind one another', async () => {
  const secrets = await service([V2, ['AWSPENDING']]);
  await secrets.createSecret({ Name: 'other', ClientRequestToken: V1, SecretString: 'mine' });
  await put(secrets, V3);
  expect(await secrets.getSecretValue({ SecretId: 'other' })).toMatchObject({
    VersionId: V1,
    SecretString: 'mine',
  });
});
