import { answer, type Bench, NOW, refused, UNKNOWN, V1, V2, V3, V4 } from './bench.js';

/**
 * Where it is known from that AWS does so: recorded from AWS (S), an emulator's tests that were run against AWS (M),
 * AWS's documents (D), a client library's code and tests (T), outputs that users have published (U), projects that say
 * that they measured it (P). Assumed (A) is what nobody has published.
 */
type Source = 'S' | 'M' | 'D' | 'T' | 'U' | 'P' | 'A';

export interface ConformanceCase {
  readonly number: number;
  readonly sources: readonly Source[];
  readonly text: string;
  readonly run: (bench: Bench) => Promise<void>;
}

const NOT_FOUND = "Secrets Manager can't find the specified secret.";
const NO_VALUE = "Secrets Manager can't find the specified secret value for";
const INVALID_NAME =
  /^Invalid name\. Must be a valid name containing alphanumeric characters, or any of the following: -\/_\+=\.@!$/;
const TOKEN_NEEDED = 'You must provide a ClientRequestToken value. We recommend a UUID-type value.';
const DELETED = "You can't perform this operation on the secret because it was marked for deletion.";
const UNFINISHED = "A previous rotation isn't complete. That rotation will be reattempted.";
const IPE = 'InvalidParameterException';
const IRE = 'InvalidRequestException';
const REE = 'ResourceExistsException';
const RNF = 'ResourceNotFoundException';
const VE = 'ValidationException';

export const CASES: readonly ConformanceCase[] = [];

const cases = CASES as ConformanceCase[];
function that(number: number, sources: string, text: string, run: (bench: Bench) => Promise<void>): void {
  cases.push({ number, sources: [...sources] as Source[], text, run });
}

// CreateSecret, names, ARNs

that(
  1,
  'S',
  'CreateSecret answers with an ARN that ends in six random characters, and the token as VersionId',
  async (bench) => {
    const made = await bench.client.createSecret({ Name: 'n', ClientRequestToken: V1, SecretString: 'A' });
    expect(answer(made)).toEqual({
      ARN: expect.stringMatching(/^arn:aws:secretsmanager:eu-west-1:\d{12}:secret:n-[A-Za-z0-9]{6}$/),
      Name: 'n',
      VersionId: V1,
    });
  },
);

that(2, 'M', 'CreateSecret with the same token and value answers the same again', async (bench) => {
  const request = { Name: 'n', ClientRequestToken: V1, SecretString: 'A' };
  const made = await bench.client.createSecret(request);
  expect(answer(await bench.client.createSecret(request))).toEqual(answer(made));
});

that(3, 'M', 'CreateSecret refuses a token that has another value', async (bench) => {
  const arn = await bench.secret();
  await refused(
    bench.client.createSecret({ Name: 's', ClientRequestToken: V1, SecretString: 'B' }),
    REE,
    `You can't use ClientRequestToken ${V1} because that value is already in use for a version of secret ${arn}.`,
  );
  expect(await bench.get()).toMatchObject({ SecretString: 'A' });
});

that(4, 'S', 'CreateSecret refuses a name that is taken', async (bench) => {
  await bench.secret();
  await refused(
    bench.client.createSecret({ Name: 's', ClientRequestToken: V2, SecretString: 'A' }),
    REE,
    'The operation failed because the secret s already exists.',
  );
});

that(5, 'S', 'CreateSecret refuses a name with a space', async (bench) => {
  await refused(bench.client.createSecret({ Name: 'Inv Name', SecretString: 'A' }), VE, INVALID_NAME);
});

that(6, 'S', 'every operation calls a malformed name invalid, not missing', async ({ client }) => {
  const SecretId = 'Inv Name';
  await refused(client.describeSecret({ SecretId }), VE, INVALID_NAME);
  await refused(client.getSecretValue({ SecretId }), VE, INVALID_NAME);
  await refused(client.listSecretVersionIds({ SecretId }), VE, INVALID_NAME);
  await refused(client.putSecretValue({ SecretId, SecretString: 'A' }), VE, INVALID_NAME);
  await refused(client.tagResource({ SecretId, Tags: [{ Key: 'k', Value: 'v' }] }), VE, INVALID_NAME);
  await refused(client.untagResource({ SecretId, TagKeys: ['k'] }), VE, INVALID_NAME);
  await refused(client.updateSecret({ SecretId, Description: 'd' }), VE, INVALID_NAME);
  await refused(client.deleteSecret({ SecretId }), VE, INVALID_NAME);
  await refused(client.validateResourcePolicy({ SecretId, ResourcePolicy: '{}' }), VE, INVALID_NAME);
  await refused(client.rotateSecret({ SecretId }), VE, INVALID_NAME);
});

that(7, 'S', 'CreateSecret without a value answers without a VersionId', async (bench) => {
  expect(answer(await bench.empty())).toEqual({ ARN: expect.any(String), Name: 's' });
});

that(8, 'S', 'DescribeSecret shows only what has a value', async (bench) => {
  await bench.empty();
  expect(answer(await bench.describe())).toEqual({
    ARN: expect.any(String),
    Name: 's',
    CreatedDate: NOW,
    LastChangedDate: NOW,
  });
});

that(9, 'S', 'CreateSecret needs a ClientRequestToken', async (bench) => {
  expect(await bench.raw('CreateSecret', { Name: 'n', SecretString: 'A' })).toMatchObject({
    status: 400,
    body: { __type: IRE, Message: TOKEN_NEEDED },
  });
});

that(10, 'S', 'PutSecretValue and UpdateSecret miss the token before they miss the secret', async (bench) => {
  for (const operation of ['PutSecretValue', 'UpdateSecret']) {
    expect(await bench.raw(operation, { SecretId: 'missing', SecretString: 'A' })).toMatchObject({
      status: 400,
      body: { __type: IRE, Message: TOKEN_NEEDED },
    });
  }
});

that(11, 'S', 'RotateSecret misses the token with another code', async (bench) => {
  expect(await bench.raw('RotateSecret', { SecretId: 'missing' })).toMatchObject({
    status: 400,
    body: { __type: IPE, Message: TOKEN_NEEDED },
  });
});

that(12, 'S', 'a partial ARN finds a secret', async ({ client }) => {
  const { ARN = '' } = await client.createSecret({ Name: 'x/_+=.@-Name-a1b2', SecretString: 'A' });
  expect(await client.getSecretValue({ SecretId: ARN.slice(0, -7) })).toMatchObject({
    ARN,
    SecretString: 'A',
  });
});

that(13, 'S', 'a partial ARN whose name ends like a full one finds nothing', async ({ client }) => {
  const { ARN = '' } = await client.createSecret({ Name: 'Name-a1b2c3', SecretString: 'A' });
  await refused(client.getSecretValue({ SecretId: ARN.slice(0, -7) }), RNF, NOT_FOUND);
});

that(14, 'S', 'such a secret is found by its name and by its full ARN', async ({ client }) => {
  const { ARN = '' } = await client.createSecret({ Name: 'Name-a1b2c3', SecretString: 'A' });
  expect(await client.getSecretValue({ SecretId: 'Name-a1b2c3' })).toMatchObject({ ARN });
  expect(await client.getSecretValue({ SecretId: ARN })).toMatchObject({ ARN });
});

that(15, 'S', 'CreateSecret refuses the name of a secret that is marked for deletion', async (bench) => {
  await bench.secret();
  await bench.client.deleteSecret({ SecretId: 's' });
  await refused(
    bench.client.createSecret({ Name: 's', SecretString: 'A' }),
    IRE,
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
  );
});

that(16, 'S', 'after a forced deletion the name is free, and gets another ARN', async (bench) => {
  const arn = await bench.secret();
  await bench.client.deleteSecret({ SecretId: 's', ForceDeleteWithoutRecovery: true });
  const { ARN } = await bench.client.createSecret({ Name: 's', SecretString: 'A' });
  expect(ARN).not.toBe(arn);
  await refused(bench.describe(arn), RNF, NOT_FOUND);
});

that(17, 'P', 'CreateSecret refuses a string and bytes at once', async ({ client }) => {
  const SecretBinary = Uint8Array.of(0);
  await refused(
    client.createSecret({ Name: 'n', SecretString: 'A', SecretBinary }),
    IPE,
    "You can't specify both a binary secret value and a string secret value in the same secret.",
  );
  await refused(client.describeSecret({ SecretId: 'n' }), RNF);
});

that(18, 'S', 'bytes are base64 on the wire, and there is no SecretString beside them', async (bench) => {
  await bench.client.createSecret({ Name: 's', SecretBinary: Uint8Array.of(0x00, 0xff, 0x41) });
  const { body } = await bench.raw('GetSecretValue', { SecretId: 's' });
  expect(body).toMatchObject({ SecretBinary: 'AP9B' });
  expect(body).not.toHaveProperty('SecretString');
});

// GetSecretValue

that(19, 'S', 'a missing secret is answered with 400, not 404', async (bench) => {
  await refused(bench.get(), RNF, NOT_FOUND);
});

that(20, 'S', 'a secret without a value has no AWSCURRENT', async (bench) => {
  await bench.empty();
  await refused(bench.get(), RNF, `${NO_VALUE} staging label: AWSCURRENT`);
});

that(21, 'S', 'an unknown VersionId is named', async (bench) => {
  await bench.empty();
  await refused(bench.get({ VersionId: UNKNOWN }), RNF, `${NO_VALUE} VersionId: ${UNKNOWN}`);
});

that(22, 'S', 'a missing AWSPENDING is named', async (bench) => {
  await bench.empty();
  await refused(bench.get({ VersionStage: 'AWSPENDING' }), RNF, `${NO_VALUE} staging label: AWSPENDING`);
});

that(23, 'S', 'a missing AWSPREVIOUS is named', async (bench) => {
  await bench.secret();
  await refused(bench.get({ VersionStage: 'AWSPREVIOUS' }), RNF, `${NO_VALUE} staging label: AWSPREVIOUS`);
});

that(24, 'S', 'a VersionId and a VersionStage must belong together', async (bench) => {
  await bench.secret();
  await refused(
    bench.get({ VersionId: V1, VersionStage: 'AWSPREVIOUS' }),
    IRE,
    'You provided a VersionStage that is not associated to the provided VersionId.',
  );
});

that(
  25,
  'S',
  'GetSecretValue follows AWSCURRENT after a move, and lists all labels of the version',
  async (bench) => {
    await bench.secret([V2, ['AWSPENDING']]);
    await bench.move('AWSCURRENT', V1, V2);
    const { VersionStages, ...rest } = await bench.get();
    expect(rest).toMatchObject({ VersionId: V2, SecretString: 'value of v2' });
    expect(VersionStages?.sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
  },
);

that(26, 'S', 'reading sets LastAccessedDate to the beginning of the day', async (bench) => {
  await bench.secret();
  expect(await bench.describe()).not.toHaveProperty('LastAccessedDate');
  await bench.get();
  await bench.get();
  expect(await bench.describe()).toMatchObject({
    LastAccessedDate: new Date('2026-02-02T00:00:00Z'),
    LastChangedDate: NOW,
  });
});

that(27, 'D', 'a deprecated version can be read by its id', async (bench) => {
  await bench.secret([V2], [V3]);
  const found = await bench.get({ VersionId: V1 });
  expect(found).toMatchObject({ VersionId: V1, SecretString: 'A' });
  expect(found.VersionStages).toBeUndefined();
});

// PutSecretValue, UpdateSecretVersionStage, UpdateSecret

that(
  28,
  'S',
  'PutSecretValue makes the new version AWSCURRENT and the old one AWSPREVIOUS',
  async (bench) => {
    await bench.secret([V2]);
    expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'] });
  },
);

that(
  29,
  'S',
  'a version without labels is deprecated: listed only on demand, without VersionStages',
  async (bench) => {
    await bench.secret([V2], [V3]);
    expect(await bench.labels()).toEqual({ v2: ['AWSPREVIOUS'], v3: ['AWSCURRENT'] });
    const list = (IncludeDeprecated: boolean) =>
      bench.client.listSecretVersionIds({ SecretId: 's', IncludeDeprecated });
    const { Versions = [] } = await list(false);
    expect(Versions.map(({ VersionId }) => VersionId)).not.toContain(V1);
    const { Versions: all = [] } = await list(true);
    const deprecated = all.find(({ VersionId }) => VersionId === V1);
    expect(deprecated).toBeDefined();
    expect(deprecated).not.toHaveProperty('VersionStages');
  },
);

that(30, 'S', 'a version that is put as AWSPENDING leaves AWSCURRENT alone', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
  expect(await bench.get()).toMatchObject({ SecretString: 'A' });
});

that(31, 'S', 'custom labels move to the version that is put with them', async (bench) => {
  await bench.secret([V2, ['one', 'two', 'three']], [V3, ['one', 'two', 'four']]);
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['three'], v3: ['four', 'one', 'two'] });
});

that(32, 'S', 'a version that loses its last custom label is no longer listed', async (bench) => {
  await bench.secret([V2, ['one', 'two', 'three']], [V3, ['one', 'two', 'three', 'four']]);
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v3: ['four', 'one', 'three', 'two'] });
});

that(33, 'S', 'PutSecretValue strips AWSPENDING from the version that was current', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  await bench.move('AWSCURRENT', V1, V2);
  await bench.put(V3);
  expect(await bench.labels()).toEqual({ v2: ['AWSPREVIOUS'], v3: ['AWSCURRENT'] });
});

that(34, 'DT', 'PutSecretValue strips AWSPENDING from a version of its own', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']], [V3]);
  expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], v3: ['AWSCURRENT'] });
});

that(35, 'A', 'custom labels stay on the version that was current', async (bench) => {
  await bench.secret();
  await bench.move('CUSTOM', undefined, V1);
  await bench.put(V2);
  expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS', 'CUSTOM'], v2: ['AWSCURRENT'] });
});

that(36, 'D', 'the first version of a secret gets AWSCURRENT too', async (bench) => {
  await bench.empty();
  await bench.put(V1, ['AWSPENDING']);
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT', 'AWSPENDING'] });
});

that(37, 'M', 'PutSecretValue with the same token and value does nothing', async (bench) => {
  await bench.secret();
  expect(await bench.put(V1, undefined, { SecretString: 'A' })).toMatchObject({
    VersionId: V1,
    VersionStages: ['AWSCURRENT'],
  });
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'] });
});

that(38, 'M', 'PutSecretValue refuses a token that has another value', async (bench) => {
  const arn = await bench.secret();
  await refused(
    bench.put(V1),
    REE,
    `You can't use ClientRequestToken ${V1} because that value is already in use for a version of secret ${arn}.`,
  );
});

that(39, 'D', 'a pending version cannot be overwritten: versions are immutable', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  await refused(bench.put(V2, ['AWSPENDING'], { SecretString: 'other' }), REE);
  expect(await bench.get({ VersionStage: 'AWSPENDING' })).toMatchObject({ SecretString: 'value of v2' });
});

that(40, 'SM', 'moving AWSCURRENT leaves AWSPENDING where it is', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  const moved = await bench.move('AWSCURRENT', V1, V2);
  expect(answer(moved)).toEqual({ ARN: expect.any(String), Name: 's' });
  expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT', 'AWSPENDING'] });
});

that(41, 'S', 'a second cycle takes AWSPREVIOUS from the oldest version', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  await bench.move('AWSCURRENT', V1, V2);
  await bench.put(V3, ['AWSPENDING']);
  await bench.move('AWSCURRENT', V2, V3);
  expect(await bench.labels()).toEqual({ v2: ['AWSPREVIOUS'], v3: ['AWSCURRENT', 'AWSPENDING'] });
});

that(42, 'S', 'UpdateSecretVersionStage answers with ARN and Name alone', async (bench) => {
  const ARN = await bench.secret();
  expect(answer(await bench.move('CUSTOM', undefined, V1))).toEqual({ ARN, Name: 's' });
});

that(43, 'S', 'custom labels stay on the version that AWSCURRENT leaves', async (bench) => {
  await bench.secret([V2, ['AWSPENDING', 'AWSSOMETHING', 'PUT1']]);
  await bench.move('AWSCURRENT', V1, V2);
  await bench.put(V3, ['AWSPENDING', 'PUT2']);
  await bench.move('AWSCURRENT', V2, V3);
  expect(await bench.labels()).toEqual({
    v2: ['AWSPREVIOUS', 'AWSSOMETHING', 'PUT1'],
    v3: ['AWSCURRENT', 'AWSPENDING', 'PUT2'],
  });
});

that(44, 'S', 'a version that loses AWSPREVIOUS is still listed with a custom label', async (bench) => {
  await bench.secret();
  await bench.put(V2, ['AWSCURRENT', 'PUT0']);
  await bench.put(V3, ['AWSCURRENT']);
  await bench.put(V4, ['NEXT']);
  await bench.move('AWSCURRENT', V3, V4);
  expect(await bench.labels()).toEqual({ v2: ['PUT0'], v3: ['AWSPREVIOUS'], v4: ['AWSCURRENT', 'NEXT'] });
});

that(45, 'S', 'removing AWSPENDING removes that label alone', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  await bench.move('AWSCURRENT', V1, V2);
  await bench.move('AWSPENDING', V2);
  expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'] });
});

const mustName = (label: string) =>
  `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${V1}, so you must explicitly reference that version in RemoveFromVersionId.`;

that(46, 'M', 'AWSCURRENT moves only if the version that has it is named', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  await refused(bench.move('AWSCURRENT', undefined, V2), IPE, mustName('AWSCURRENT'));
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
});

that(47, 'D', 'so does a custom label', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  await bench.move('CUSTOM', undefined, V1);
  await refused(bench.move('CUSTOM', undefined, V2), IPE, mustName('CUSTOM'));
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT', 'CUSTOM'], v2: ['AWSPENDING'] });
});

that(48, 'D', 'a move from a version that does not have the label changes nothing', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  await expect(bench.move('AWSCURRENT', V2, V2)).rejects.toMatchObject({
    $metadata: { httpStatusCode: 400 },
  });
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
});

that(49, 'T', 'AWSCURRENT cannot be removed', async (bench) => {
  await bench.secret();
  await refused(
    bench.move('AWSCURRENT', V1),
    IPE,
    /^You can only move staging label AWSCURRENT to a different secret version\. It can.t be completely removed\.$/,
  );
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'] });
});

that(50, 'D', 'a move to an unknown version changes nothing', async (bench) => {
  await bench.secret([V2, ['AWSPENDING']]);
  await expect(bench.move('AWSCURRENT', V1, UNKNOWN)).rejects.toMatchObject({
    $metadata: { httpStatusCode: 400 },
  });
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
});

that(51, 'D', 'AWSCURRENT and AWSPREVIOUS swap', async (bench) => {
  await bench.secret([V2]);
  await bench.move('AWSCURRENT', V2, V1);
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPREVIOUS'] });
});

that(52, 'U', 'AWSCURRENT that is nowhere attaches without RemoveFromVersionId', async (bench) => {
  await bench.empty();
  await bench.rotate(V1, { RotationLambdaARN: bench.function() });
  await bench.put(V1, ['AWSPENDING']);
  await bench.move('AWSCURRENT', undefined, V1);
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT', 'AWSPENDING'] });
});

that(53, 'S', 'UpdateSecret of a description makes no version, and moves LastChangedDate', async (bench) => {
  await bench.secret();
  await bench.local.advanceTo(new Date(NOW.getTime() + 1000));
  const updated = await bench.client.updateSecret({ SecretId: 's', Description: 'new' });
  expect(answer(updated)).toEqual({ ARN: expect.any(String), Name: 's' });
  expect(await bench.describe()).toMatchObject({
    Description: 'new',
    CreatedDate: NOW,
    LastChangedDate: new Date(NOW.getTime() + 1000),
    VersionIdsToStages: { [V1]: ['AWSCURRENT'] },
  });
});

that(54, 'S', 'UpdateSecret of the value makes a version as PutSecretValue does', async (bench) => {
  await bench.secret();
  expect(
    await bench.client.updateSecret({ SecretId: 's', ClientRequestToken: V2, SecretString: 'B' }),
  ).toMatchObject({ VersionId: V2 });
  expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'] });
});

that(55, 'S', 'UpdateSecret of nothing succeeds', async (bench) => {
  await bench.secret();
  expect(answer(await bench.client.updateSecret({ SecretId: 's' }))).toEqual({
    ARN: expect.any(String),
    Name: 's',
  });
});

that(56, 'M', 'UpdateSecret with the same token and value succeeds', async (bench) => {
  await bench.secret();
  expect(
    await bench.client.updateSecret({ SecretId: 's', ClientRequestToken: V1, SecretString: 'A' }),
  ).toMatchObject({ VersionId: V1 });
});

that(57, 'M', 'UpdateSecret refuses a token that has another value', async (bench) => {
  await bench.secret();
  await refused(
    bench.client.updateSecret({ SecretId: 's', ClientRequestToken: V1, SecretString: 'B' }),
    REE,
    /^You can't use ClientRequestToken/,
  );
});

that(58, 'U', 'PutSecretValue needs a value', async (bench) => {
  await bench.secret();
  const message = 'You must provide either SecretString or SecretBinary.';
  await refused(bench.client.putSecretValue({ SecretId: 's' }), IRE, message);
  await refused(bench.client.putSecretValue({ SecretId: 's', SecretString: '' }), IRE, message);
});

that(59, 'S', 'bytes come back as they went', async (bench) => {
  const bytes = (...values: number[]) => ({ SecretBinary: Uint8Array.of(...values) });
  await bench.client.createSecret({ Name: 's', ...bytes(1) });
  await bench.put(V2, undefined, bytes(0, 255, 10));
  expect(Uint8Array.from((await bench.get()).SecretBinary ?? [])).toEqual(Uint8Array.of(0, 255, 10));
  await bench.client.updateSecret({ SecretId: 's', ...bytes(13, 0) });
  expect(Uint8Array.from((await bench.get()).SecretBinary ?? [])).toEqual(Uint8Array.of(13, 0));
});

// Lists, descriptions, tags, deletion

that(60, 'S', 'ListSecretVersionIds shows the full ARN and the key', async (bench) => {
  const ARN = await bench.secret();
  expect(answer(await bench.client.listSecretVersionIds({ SecretId: 's' }))).toEqual({
    ARN,
    Name: 's',
    Versions: [
      {
        VersionId: V1,
        VersionStages: ['AWSCURRENT'],
        CreatedDate: NOW,
        KmsKeyIds: ['DefaultEncryptionKey'],
      },
    ],
  });
});

that(61, 'S', 'ListSecretVersionIds misses a secret', async ({ client }) => {
  await refused(client.listSecretVersionIds({ SecretId: 'missing' }), RNF, NOT_FOUND);
});

that(
  62,
  'S',
  'ListSecrets filters by the beginning of names, and of words of descriptions',
  async ({ client }) => {
    const secrets = { '/one': 'a secret', '/two': 'an secret', three: 'asecret', four: 'thesecret' };
    for (const [Name, Description] of Object.entries(secrets))
      await client.createSecret({ Name, Description });
    const names = async (Key: 'name' | 'description', ...Values: string[]) =>
      (await client.listSecrets({ Filters: [{ Key, Values }] })).SecretList?.map(({ Name }) => Name);
    expect(await names('name', '/')).toEqual(['/one', '/two']);
    expect(await names('name', '!/')).toEqual(['three', 'four']);
    expect(await names('description', 'a')).toEqual(['/one', '/two', 'three']);
    expect(await names('description', 'a secret')).toEqual(['/one', '/two']);
    expect(await names('description', '!c')).toEqual(['/one', '/two', 'three', 'four']);
  },
);

that(63, 'S', 'after its last tag a secret has an empty list of tags', async (bench) => {
  await bench.secret();
  await bench.client.tagResource({ SecretId: 's', Tags: [{ Key: 'k', Value: 'v' }] });
  expect(await bench.describe()).toMatchObject({ Tags: [{ Key: 'k', Value: 'v' }] });
  await bench.client.untagResource({ SecretId: 's', TagKeys: ['k', 'absent'] });
  expect(await bench.describe()).toMatchObject({ Tags: [] });
});

that(64, 'S', 'a secret that is marked for deletion takes no tags', async (bench) => {
  await bench.secret();
  await bench.client.deleteSecret({ SecretId: 's' });
  await refused(bench.client.tagResource({ SecretId: 's', Tags: [{ Key: 'k' }] }), IRE, DELETED);
  await refused(bench.client.untagResource({ SecretId: 's', TagKeys: ['k'] }), IRE, DELETED);
});

that(65, 'S', 'a secret that is marked for deletion is described, with its DeletedDate', async (bench) => {
  await bench.secret();
  await bench.client.deleteSecret({ SecretId: 's', RecoveryWindowInDays: 7 });
  expect(await bench.describe()).toMatchObject({ DeletedDate: new Date(NOW.getTime() + 7 * 86_400_000) });
});

that(66, 'TA', 'a secret that is marked for deletion is not read or written', async (bench) => {
  await bench.secret();
  await bench.client.deleteSecret({ SecretId: 's' });
  await refused(bench.get(), IRE, DELETED);
  await refused(bench.put(V2), IRE, DELETED);
  await refused(bench.client.updateSecret({ SecretId: 's', Description: 'd' }), IRE, DELETED);
  await refused(bench.move('CUSTOM', undefined, V1), IRE, DELETED);
  await refused(bench.rotate(V2), IRE, DELETED);
});

that(67, 'S', 'a forced deletion of a secret that is marked for deletion succeeds', async (bench) => {
  const ARN = await bench.secret();
  await bench.client.deleteSecret({ SecretId: 's' });
  const deleted = await bench.client.deleteSecret({ SecretId: 's', ForceDeleteWithoutRecovery: true });
  expect(answer(deleted)).toEqual({ ARN, Name: 's', DeletionDate: NOW });
});

that(68, 'S', 'a forced deletion of a missing secret succeeds', async ({ client }) => {
  const deleted = await client.deleteSecret({ SecretId: 'missing', ForceDeleteWithoutRecovery: true });
  expect(answer(deleted)).toEqual({
    ARN: expect.stringMatching(/:secret:missing-[A-Za-z0-9]{6}$/),
    Name: 'missing',
    DeletionDate: NOW,
  });
});

that(69, 'D', 'a deletion of a missing secret does not', async ({ client }) => {
  await refused(client.deleteSecret({ SecretId: 'missing' }), RNF, NOT_FOUND);
});

that(70, 'S', 'RestoreSecret takes the mark away', async (bench) => {
  const ARN = await bench.secret();
  await bench.client.deleteSecret({ SecretId: 's' });
  expect(answer(await bench.client.restoreSecret({ SecretId: 's' }))).toEqual({ ARN, Name: 's' });
  expect(await bench.describe()).not.toHaveProperty('DeletedDate');
  expect(await bench.get()).toMatchObject({ SecretString: 'A' });
});

that(71, 'A', 'a recovery window has 7 to 30 days, and none if the deletion is forced', async (bench) => {
  await bench.secret();
  await refused(bench.client.deleteSecret({ SecretId: 's', RecoveryWindowInDays: 3 }), IPE);
  await refused(
    bench.client.deleteSecret({ SecretId: 's', RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }),
    IPE,
  );
  expect(await bench.describe()).not.toHaveProperty('DeletedDate');
});

that(72, 'S', 'a resource policy comes back as it went, until it is deleted', async (bench) => {
  const ARN = await bench.secret();
  const ResourcePolicy =
    '{"Version":"2012-10-17",  "Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}';
  const identity = { ARN, Name: 's' };
  const { client } = bench;
  expect(answer(await client.putResourcePolicy({ SecretId: 's', ResourcePolicy }))).toEqual(identity);
  expect(answer(await client.getResourcePolicy({ SecretId: 's' }))).toEqual({ ...identity, ResourcePolicy });
  expect(answer(await client.deleteResourcePolicy({ SecretId: 's' }))).toEqual(identity);
  expect(answer(await client.getResourcePolicy({ SecretId: 's' }))).toEqual(identity);
});

that(73, 'D', 'BatchGetSecretValue answers for each secret by itself', async (bench) => {
  await bench.secret();
  const found = await bench.client.batchGetSecretValue({ SecretIdList: ['s', 'missing'] });
  expect(found.SecretValues).toEqual([expect.objectContaining({ Name: 's', SecretString: 'A' })]);
  expect(found.Errors).toEqual([{ SecretId: 'missing', ErrorCode: RNF, Message: NOT_FOUND }]);
});

that(74, 'P', 'GetRandomPassword refuses a length that cannot have every type', async ({ client }) => {
  await refused(
    client.getRandomPassword({ PasswordLength: 3 }),
    IPE,
    'Password length is too short based on the required types.',
  );
});

that(75, 'P', 'GetRandomPassword may be shorter if no type is required', async ({ client }) => {
  const { RandomPassword } = await client.getRandomPassword({
    PasswordLength: 3,
    RequireEachIncludedType: false,
  });
  expect(RandomPassword).toMatch(/^[!-~]{3}$/);
});

that(76, 'P', 'GetRandomPassword refuses a required type of which nothing is left', async ({ client }) => {
  await refused(
    client.getRandomPassword({ ExcludeCharacters: '0123456789' }),
    IPE,
    'All characters of the desired type have been excluded.',
  );
});

// Rotation

that(77, 'S', 'RotateSecret refuses a secret that has no function', async (bench) => {
  await bench.secret();
  const before = answer(await bench.describe());
  await refused(bench.rotate(V2), IRE, 'No Lambda rotation function ARN is associated with this secret.');
  expect(answer(await bench.describe())).toEqual(before);
});

that(78, 'S', 'RotateSecret refuses a function that it cannot invoke, and changes nothing', async (bench) => {
  await bench.secret();
  const before = answer(await bench.describe());
  const RotationLambdaARN = 'arn:aws:lambda:eu-west-1:123456789012:function:missing';
  await refused(
    bench.rotate(V2, { RotationLambdaARN, RotationRules: { AutomaticallyAfterDays: 1 } }),
    'AccessDeniedException',
    'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
  );
  expect(answer(await bench.describe())).toEqual(before);
});

that(
  79,
  'S',
  'a rotation ends with its version as AWSCURRENT, and shows in DescribeSecret',
  async (bench) => {
    await bench.secret();
    const RotationLambdaARN = bench.function();
    const RotationRules = { AutomaticallyAfterDays: 1 };
    expect(await bench.rotate(V2, { RotationLambdaARN, RotationRules })).toMatchObject({ VersionId: V2 });
    await bench.local.rotation('s').run();
    expect(await bench.describe()).toMatchObject({
      LastRotatedDate: NOW,
      NextRotationDate: new Date('2026-02-03T23:59:59Z'),
      RotationEnabled: true,
      RotationLambdaARN,
      RotationRules,
    });
    expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'] });
  },
);

that(80, 'S', 'a second RotateSecret needs no more than the SecretId', async (bench) => {
  await bench.secret();
  const RotationLambdaARN = bench.function();
  const RotationRules = { AutomaticallyAfterDays: 1 };
  await bench.rotate(V2, { RotationLambdaARN, RotationRules });
  await bench.local.rotation('s').run();
  await bench.rotate(V3);
  await bench.local.rotation('s').run();
  expect(await bench.labels()).toEqual({ v2: ['AWSPREVIOUS'], v3: ['AWSCURRENT'] });
  expect(await bench.describe()).toMatchObject({ RotationLambdaARN, RotationRules });
});

/** A rotation of which no step has been taken yet. */
async function begun(bench: Bench): Promise<void> {
  await bench.secret();
  await bench.rotate(V2, { RotationLambdaARN: bench.function() });
}

that(81, 'M', 'a rotation begins with a version that is described and cannot be read', async (bench) => {
  await begun(bench);
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
  expect(await bench.describe()).toMatchObject({ RotationEnabled: true });
  await refused(bench.get({ VersionId: V2, VersionStage: 'AWSPENDING' }), RNF);
  await refused(bench.get({ VersionStage: 'AWSPENDING' }), RNF, `${NO_VALUE} staging label: AWSPENDING`);
});

that(82, 'D', 'ListSecretVersionIds may leave the empty version out', async (bench) => {
  await begun(bench);
  const { Versions = [] } = await bench.client.listSecretVersionIds({
    SecretId: 's',
    IncludeDeprecated: true,
  });
  expect(Versions.map(({ VersionId }) => VersionId)).toEqual([V1]);
});

that(83, 'M', 'PutSecretValue fills the empty version', async (bench) => {
  await begun(bench);
  expect(await bench.put(V2, ['AWSPENDING'])).toMatchObject({ VersionId: V2, VersionStages: ['AWSPENDING'] });
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
});

that(84, 'D', 'a repeated createSecret finds the value of the first attempt', async (bench) => {
  await begun(bench);
  await bench.put(V2, ['AWSPENDING']);
  expect(await bench.get({ VersionId: V2, VersionStage: 'AWSPENDING' })).toMatchObject({
    SecretString: 'value of v2',
  });
});

that(
  85,
  'D',
  'the function is called once for each step, with the full ARN and both tokens',
  async (bench) => {
    const ARN = await bench.secret();
    const events: object[] = [];
    const RotationLambdaARN = bench.local.addFunction('rotate', async (event, context) => {
      events.push({ ...event });
      await bench.template(event, context);
    });
    await bench.rotate(V2, { RotationLambdaARN });
    await bench.local.rotation('s').run();
    const RotationToken = expect.stringMatching(/^[a-zA-Z0-9-]{36,256}$/);
    expect(events).toEqual(
      ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((Step) => ({
        Step,
        SecretId: ARN,
        ClientRequestToken: V2,
        RotationToken,
      })),
    );
  },
);

that(86, 'PT', 'four steps that succeed and do not move AWSCURRENT are no success', async (bench) => {
  await bench.unfinished();
  expect(bench.steps).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
  expect(await bench.describe()).not.toHaveProperty('LastRotatedDate');
  expect(await bench.get()).toMatchObject({ VersionId: V1 });
});

that(
  87,
  'TDP',
  'after such a rotation RotateSecret is refused, even if it only changes the rules',
  async (bench) => {
    await bench.unfinished();
    await refused(bench.rotate(V3), IRE, UNFINISHED);
    const RotationRules = { AutomaticallyAfterDays: 5 };
    await refused(bench.rotate(V3, { RotateImmediately: false, RotationRules }), IRE, UNFINISHED);
    expect(await bench.describe()).not.toHaveProperty('RotationRules');
  },
);

that(88, 'T', 'a value that is put by hand makes RotateSecret possible again', async (bench) => {
  await bench.unfinished();
  await bench.put(V3);
  expect(await bench.labels()).toEqual({ v1: ['AWSPREVIOUS'], v3: ['AWSCURRENT'] });
  expect(await bench.rotate(V4)).toMatchObject({ VersionId: V4 });
});

that(89, 'D', 'so does taking AWSPENDING away', async (bench) => {
  await bench.unfinished();
  await bench.move('AWSPENDING', V2);
  expect(await bench.rotate(V4)).toMatchObject({ VersionId: V4 });
});

that(
  90,
  'D',
  'a step that fails leaves AWSPENDING with its value, and the next attempt starts at createSecret',
  async (bench) => {
    await bench.secret();
    let isBroken = true;
    const setSecret = () => {
      if (isBroken) throw new Error('broken');
    };
    await bench.rotate(V2, { RotationLambdaARN: bench.function({ setSecret }) });
    expect(await bench.local.rotation('s').run()).toMatchObject({ outcome: 'failed' });
    expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
    expect(await bench.get({ VersionStage: 'AWSPENDING' })).toMatchObject({ SecretString: `made for ${V2}` });
    isBroken = false;
    expect(await bench.local.rotation('s').reattempt()).toMatchObject({ outcome: 'succeeded' });
    const all = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
    expect(bench.steps).toEqual(['createSecret', 'setSecret', ...all]);
    expect(await bench.get()).toMatchObject({ VersionId: V2, SecretString: `made for ${V2}` });
  },
);

that(91, 'D', 'a createSecret that fails leaves AWSPENDING on the empty version', async (bench) => {
  await bench.secret();
  const createSecret = () => {
    throw new Error('broken');
  };
  await bench.rotate(V2, { RotationLambdaARN: bench.function({ createSecret }) });
  expect(await bench.local.rotation('s').run()).toMatchObject({ outcome: 'failed' });
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
  await refused(bench.get({ VersionStage: 'AWSPENDING' }), RNF);
});

that(
  92,
  'DU',
  'the function need not remove AWSPENDING: the next RotateSecret is accepted',
  async (bench) => {
    await begun(bench);
    await bench.local.rotation('s').run();
    const { v2 } = await bench.labels();
    expect([['AWSCURRENT'], ['AWSCURRENT', 'AWSPENDING']]).toContainEqual(v2);
    expect(await bench.rotate(V3)).toMatchObject({ VersionId: V3 });
  },
);

that(
  93,
  'DM',
  'RotateImmediately=false runs testSecret alone, on a copy of the current value',
  async (bench) => {
    await bench.secret();
    let seen: object = {};
    const testSecret = async () => {
      seen = await bench.get({ VersionStage: 'AWSPENDING' });
    };
    const RotationLambdaARN = bench.function({ testSecret });
    await bench.rotate(V2, { RotationLambdaARN, RotateImmediately: false });
    expect(await bench.local.rotation('s').run()).toMatchObject({ outcome: 'succeeded' });
    expect(bench.steps).toEqual(['testSecret']);
    expect(seen).toMatchObject({ VersionId: V2, SecretString: 'A' });
    expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'] });
    expect(await bench.describe()).not.toHaveProperty('LastRotatedDate');
  },
);

that(94, 'TU', 'a secret without a value can be rotated', async (bench) => {
  await bench.empty();
  await bench.rotate(V2, { RotationLambdaARN: bench.function() });
  expect(await bench.labels()).toEqual({ v2: ['AWSPENDING'] });
});

that(95, 'D', 'CancelRotateSecret turns rotation off, and leaves AWSPENDING and the rules', async (bench) => {
  const ARN = await bench.secret();
  const RotationLambdaARN = bench.function();
  const RotationRules = { AutomaticallyAfterDays: 3 };
  await bench.rotate(V2, { RotationLambdaARN, RotationRules });
  const cancelled = await bench.client.cancelRotateSecret({ SecretId: 's' });
  expect(answer(cancelled)).toEqual({ ARN, Name: 's', VersionId: V2 });
  const described = await bench.describe();
  expect(described).toMatchObject({ RotationEnabled: false, RotationLambdaARN, RotationRules });
  expect(described).not.toHaveProperty('NextRotationDate');
  expect(await bench.labels()).toEqual({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] });
});

that(96, 'P', 'rules are days or an expression, not both', async (bench) => {
  await bench.secret();
  const RotationRules = { AutomaticallyAfterDays: 3, ScheduleExpression: 'rate(3 days)' };
  const message = 'You cannot specify both rotation frequency and schedule expression together.';
  const call = bench.rotate(V2, { RotationLambdaARN: bench.function(), RotationRules });
  await expect(call).rejects.toMatchObject({ message, $metadata: { httpStatusCode: 400 } });
  expect(await bench.describe()).not.toHaveProperty('RotationEnabled');
});

that(97, 'T', 'an expression is kept', async (bench) => {
  await bench.secret();
  const RotationRules = { ScheduleExpression: 'rate(10 days)' };
  await bench.rotate(V2, { RotationLambdaARN: bench.function(), RotationRules });
  await bench.local.rotation('s').run();
  expect(await bench.describe()).toMatchObject({ RotationEnabled: true, RotationRules });
});

that(98, 'U', 'NextRotationDate is the end of the day, so many days after the rotation', async (bench) => {
  await bench.secret();
  const RotationRules = { AutomaticallyAfterDays: 30 };
  await bench.rotate(V2, { RotationLambdaARN: bench.function(), RotationRules });
  await bench.local.rotation('s').run();
  expect(await bench.describe()).toMatchObject({ NextRotationDate: new Date('2026-03-04T23:59:59Z') });
});

that(
  99,
  'DU',
  'a value that is put by hand counts for NextRotationDate, not for LastRotatedDate',
  async (bench) => {
    await bench.secret();
    const RotationRules = { AutomaticallyAfterDays: 30 };
    await bench.rotate(V2, { RotationLambdaARN: bench.function(), RotationRules });
    await bench.local.rotation('s').run();
    await bench.local.advanceTo(new Date('2026-02-03T09:00:00Z'));
    await bench.put(V3);
    expect(await bench.describe()).toMatchObject({
      LastRotatedDate: NOW,
      NextRotationDate: new Date('2026-03-05T23:59:59Z'),
    });
  },
);

// The wire

that(100, 'S', 'an error is a JSON object with __type and Message', async (bench) => {
  expect(await bench.raw('GetSecretValue', { SecretId: 'missing' })).toMatchObject({
    status: 400,
    body: { __type: RNF, Message: NOT_FOUND },
  });
});

that(101, 'D', 'an answer has the content type of AWS JSON 1.1 and a request id', async (bench) => {
  await bench.secret();
  const { status, headers } = await bench.raw('GetSecretValue', { SecretId: 's' });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect(headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
});

that(102, 'D', 'times are seconds since the epoch, with milliseconds as decimals', async (bench) => {
  await bench.local.advanceTo(new Date('2026-02-02T17:16:24.729Z'));
  await bench.secret();
  const { body } = await bench.raw('DescribeSecret', { SecretId: 's' });
  expect(body).toMatchObject({ CreatedDate: 1770052584.729, LastChangedDate: 1770052584.729 });
});

that(103, 'A', 'a request without its required member names it', async (bench) => {
  expect(await bench.raw('GetSecretValue', {})).toMatchObject({
    status: 400,
    body: { __type: VE, Message: expect.stringContaining("'secretId'") },
  });
});

that(104, 'D', 'TagResource answers with nothing that a client stumbles over', async (bench) => {
  await bench.secret();
  expect(answer(await bench.client.tagResource({ SecretId: 's', Tags: [{ Key: 'k', Value: 'v' }] }))).toEqual(
    {},
  );
  expect(await bench.raw('UntagResource', { SecretId: 's', TagKeys: ['k'] })).toMatchObject({
    status: 200,
    body: {},
  });
});

that(
  105,
  'M',
  'ListSecrets finds words in all that a secret is described by: they begin at a capital',
  async ({ client }) => {
    const made = { SecretOne3f: {}, SecretTwo3f: { Description: 'DescTwo' }, Thirdsecret3f: {} };
    for (const [Name, more] of Object.entries(made)) await client.createSecret({ Name, ...more });
    await client.createSecret({ Name: 'SecretFTag3f', Tags: [{ Key: '1', Value: 'foo' }] });
    await client.createSecret({ Name: 'SecretFValue3f', Tags: [{ Key: 'foo', Value: 'v' }] });
    await client.createSecret({ Name: 'none3f' });
    const found = async (...Values: string[]) =>
      (await client.listSecrets({ Filters: [{ Key: 'all', Values }] })).SecretList?.map(({ Name }) => Name);
    const secrets = ['SecretOne3f', 'SecretTwo3f', 'SecretFTag3f', 'SecretFValue3f'];
    expect(await found('SecretOne')).toEqual(['SecretOne3f']);
    expect(await found('foo')).toEqual(['SecretFTag3f', 'SecretFValue3f']);
    for (const part of ['Secret', 'secret', 'sec']) expect(await found(part)).toEqual(secrets);
    for (const part of ['ret', 'SomeSecret']) expect(await found(part)).toEqual([]);
    for (const part of ['d', 'd t']) expect(await found(part)).toEqual(['SecretTwo3f']);
    expect(await found('t')).toEqual(['SecretTwo3f', 'Thirdsecret3f', 'SecretFTag3f']);
  },
);

that(
  106,
  'M',
  'ListSecrets finds words between signs, and capitals that stand together as one',
  async ({ client }) => {
    const signs = ['/', '_', '+', '=', '.', '@', '-'].map((sign) => ['prod', 'AppBeta', '1a2b3c'].join(sign));
    const names = [...signs, 'uat/COMPANY/1a2b3c', 'uat/COMPANYthings/1a2b3c'];
    for (const Name of names) await client.createSecret({ Name });
    const found = async (...Values: string[]) =>
      (await client.listSecrets({ Filters: [{ Key: 'all', Values }] })).SecretList?.map(({ Name }) => Name);
    for (const values of [['AppBeta'], ['Beta'], ['AppBeta', 'prod']])
      expect(await found(...values)).toEqual(signs);
    expect(await found('1a2b3c')).toEqual(names);
    expect(await found('company')).toEqual(['uat/COMPANY/1a2b3c']);
    expect(await found('Ythings')).toEqual(['uat/COMPANYthings/1a2b3c']);
    for (const part of ['+', 'things', 'N', 'pany']) expect(await found(part)).toEqual([]);
  },
);

that(107, 'M', 'descriptions are searched by words, all of which must be there', async ({ client }) => {
  const made = { foo: 'one two', bar: 'one and two', baz: 'one', qux: 'two', none: 'unrelated' };
  for (const [Name, Description] of Object.entries(made)) await client.createSecret({ Name, Description });
  const found = async (...values: string[]) => {
    const Filters = values.map((value) => ({ Key: 'description' as const, Values: [value] }));
    return (await client.listSecrets({ Filters })).SecretList?.map(({ Name }) => Name);
  };
  for (const values of [['one two'], ['o t'], ['one', 'two']])
    expect(await found(...values)).toEqual(['foo', 'bar']);
  expect(await found('t')).toEqual(['foo', 'bar', 'qux']);
});
