import {
  BatchGetSecretValueCommand,
  GetSecretValueCommand,
  paginateListSecrets,
  SecretsManager,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { LocalSecretsManager } from '../../src/testing/index.js';

/** Beside the conformance table: what the documents say and no recording shows. */
const NOW = new Date('2026-02-02T17:16:24Z');
const DAY_MS = 86_400_000;
const TOKEN = 'token-00000000-0000-0000-0000-00000000001';

async function secretNamed(Name: string, parts: object = {}) {
  const secrets = new LocalSecretsManager({ standsAt: NOW });
  await secrets.createSecret({ Name, ClientRequestToken: TOKEN, SecretString: 'A', ...parts });
  return secrets;
}

/** What a caller without types can send. */
const untyped = (secrets: LocalSecretsManager, operation: string, input: unknown): Promise<unknown> =>
  Reflect.apply(Reflect.get(secrets, operation), secrets, [input]);

describe('the model’s constraints', () => {
  test.each([
    [
      'createSecret',
      {},
      /^1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null$/,
    ],
    ['createSecret', { Name: 'n'.repeat(513) }, /at 'name' .* length less than or equal to 512/],
    ['createSecret', { Name: 'n', Description: 'd'.repeat(2049) }, /'description'/],
    [
      'createSecret',
      { Name: 'n', SecretString: 'é'.repeat(32_769) },
      /^1 validation error detected: Value at 'secretString'/,
    ],
    ['createSecret', { Name: 'n', SecretString: '' }, /'secretString'/],
    [
      'createSecret',
      { Name: 'n', SecretBinary: new Uint8Array(65_537) },
      /^1 validation error detected: Value at 'secretBinary'/,
    ],
    ['createSecret', { Name: 'n', Tags: [{ Key: '' }] }, /Value '' at 'tags\.1\.member\.key'/],
    ['getSecretValue', { SecretId: '' }, /'secretId' .* length greater than or equal to 1/],
    ['getSecretValue', { SecretId: 's', VersionId: 'short' }, /Value 'short' at 'versionId'/],
    ['getSecretValue', { SecretId: 's', VersionStage: '' }, /'versionStage'/],
    [
      'putSecretValue',
      { SecretId: 's', ClientRequestToken: 't'.repeat(65), SecretString: 'B' },
      /'clientRequestToken'/,
    ],
    ['putSecretValue', { SecretId: 's', SecretString: 'B', VersionStages: [] }, /'versionStages'/],
    [
      'putSecretValue',
      { SecretId: 's', SecretString: 'B', RotationToken: 'has a space, and is long enough for a token' },
      /Value at 'rotationToken' .* regular expression pattern/,
    ],
    [
      'rotateSecret',
      { SecretId: 's', RotationRules: { AutomaticallyAfterDays: 0 } },
      /Value '0' at 'rotationRules\.automaticallyAfterDays'/,
    ],
    ['rotateSecret', { SecretId: 's', RotationRules: { Duration: '2d' } }, /'rotationRules\.duration'/],
    ['listSecrets', { MaxResults: 101 }, /Value '101' at 'maxResults' .* value less than or equal to 100/],
    ['listSecrets', { SortOrder: 'up' }, /'sortOrder' .* enum value set: \[asc, desc\]/],
    ['listSecrets', { Filters: [{ Key: 'name', Values: [] }] }, /'filters\.1\.member\.values'/],
    ['getRandomPassword', { PasswordLength: 5000 }, /Value '5000' at 'passwordLength'/],
    ['updateSecretVersionStage', { SecretId: 's' }, /Value null at 'versionStage'/],
    ['untagResource', { SecretId: 's' }, /Value null at 'tagKeys'/],
  ])('%s refuses %j', async (operation, input, message) => {
    const secrets = await secretNamed('s');
    await expect(untyped(secrets, operation, input)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(message),
      $fault: 'client',
    });
    expect((await secrets.listSecrets({})).SecretList).toHaveLength(1);
  });

  test('all violations are told at once, before the secret is looked up', async () => {
    const secrets = new LocalSecretsManager();
    await expect(untyped(secrets, 'getSecretValue', { SecretId: '', VersionId: 'x' })).rejects.toMatchObject({
      message: expect.stringMatching(/^2 validation errors detected: .*'secretId'.*; .*'versionId'/),
    });
  });

  test.each([
    ['createSecret', { Name: 5 }],
    ['createSecret', { Name: 'n', SecretBinary: 'text' }],
    ['createSecret', { Name: 'n', Tags: 'text' }],
    ['createSecret', { Name: 'n', Tags: ['text'] }],
    ['createSecret', { Name: 'n', Tags: { 0: { Key: 'k' } } }],
    ['createSecret', { Name: 'n', Tags: [[]] }],
    ['createSecret', { Name: 'n', Tags: [new Date()] }],
    ['createSecret', { Name: 'n', AddReplicaRegions: [['eu-west-1']] }],
    ['rotateSecret', { SecretId: 's', RotationRules: [] }],
    ['rotateSecret', { SecretId: 's', RotationRules: new Uint8Array(1) }],
    ['rotateSecret', { SecretId: 's', ExternalSecretRotationMetadata: [[]] }],
    ['listSecrets', { Filters: [[]] }],
    ['listSecrets', { Filters: [['name', ['a']]] }],
    ['batchGetSecretValue', { Filters: [[]] }],
    ['batchGetSecretValue', { SecretIdList: { 0: 's' } }],
    ['tagResource', { SecretId: 's', Tags: [['k', 'v']] }],
    ['untagResource', { SecretId: 's', TagKeys: { 0: 'k' } }],
    ['putSecretValue', { SecretId: 's', SecretString: 'x', VersionStages: { 0: 'l' } }],
    ['getRandomPassword', { PasswordLength: 1.5 }],
    ['getRandomPassword', { IncludeSpace: 'yes' }],
  ])('%s does not take %j for anything', async (operation, input) => {
    const secrets = new LocalSecretsManager();
    await expect(untyped(secrets, operation, input)).rejects.toMatchObject({
      name: 'SerializationException',
    });
  });

  test('absent members may be null or undefined', async () => {
    const secrets = await secretNamed('s');
    const input = { SecretId: 's', SecretString: 'B', VersionStages: null, SecretBinary: undefined };
    await untyped(secrets, 'putSecretValue', input);
    expect(await secrets.getSecretValue({ SecretId: 's' })).toMatchObject({ SecretString: 'B' });
  });
});

describe('as an SDK client', () => {
  test('it is one, and takes commands', async () => {
    const secrets = await secretNamed('s');
    expect(secrets).toBeInstanceOf(SecretsManager);
    expect(secrets).toBeInstanceOf(SecretsManagerClient);
    expect(await secrets.send(new GetSecretValueCommand({ SecretId: 's' }))).toMatchObject({
      SecretString: 'A',
      $metadata: { httpStatusCode: 200 },
    });
  });

  test('paginators walk through it', async () => {
    const secrets = new LocalSecretsManager();
    const names = Array.from({ length: 7 }, (_, index) => `s${index}`);
    for (const Name of names) await secrets.createSecret({ Name });
    const pages: string[][] = [];
    for await (const { SecretList = [] } of paginateListSecrets({ client: secrets, pageSize: 3 }, {})) {
      pages.push(SecretList.map(({ Name = '' }) => Name));
    }
    expect(pages).toEqual([names.slice(0, 3), names.slice(3, 6), names.slice(6)]);
  });

  test('callbacks are called', async () => {
    const secrets = await secretNamed('s');
    const value = await new Promise((resolve) => {
      secrets.getSecretValue({ SecretId: 's' }, (_error: unknown, data) => resolve(data?.SecretString));
    });
    expect(value).toBe('A');
  });

  test('it shares no object with its callers', async () => {
    const SecretBinary = Uint8Array.of(1, 2);
    const secrets = await secretNamed('s', { SecretString: undefined, SecretBinary });
    SecretBinary[0] = 9;
    const first = await secrets.getSecretValue({ SecretId: 's' });
    first.SecretBinary?.fill(7);
    first.VersionStages?.push('MINE');
    first.CreatedDate?.setTime(0);
    expect(await secrets.getSecretValue({ SecretId: 's' })).toMatchObject({
      SecretBinary: Uint8Array.of(1, 2),
      VersionStages: ['AWSCURRENT'],
      CreatedDate: NOW,
    });
  });

  test('what AWS can do and it cannot is refused by name', async () => {
    const secrets = await secretNamed('s');
    await expect(
      secrets.replicateSecretToRegions({ SecretId: 's', AddReplicaRegions: [{ Region: 'us-east-1' }] }),
    ).rejects.toMatchObject({
      message: 'The local Secrets Manager does not support ReplicateSecretToRegions.',
    });
    await expect(
      secrets.createSecret({ Name: 'n', AddReplicaRegions: [{ Region: 'us-east-1' }] }),
    ).rejects.toMatchObject({
      message: 'The local Secrets Manager does not support replication to other Regions.',
    });
    expect((await secrets.listSecrets({})).SecretList).toHaveLength(1);
  });
});

describe('ListSecrets', () => {
  async function many() {
    const secrets = new LocalSecretsManager({ standsAt: NOW });
    const tags = (key: string, value: string) => ({ Tags: [{ Key: key, Value: value }] });
    await secrets.createSecret({ Name: 'b', Description: 'One and Two', ...tags('team', 'blue') });
    await secrets.advanceTo(new Date(NOW.getTime() + 1000));
    await secrets.createSecret({ Name: 'a', SecretString: 'A', ...tags('team', 'red') });
    await secrets.advanceTo(new Date(NOW.getTime() + 2000));
    await secrets.createSecret({ Name: 'c', Description: 'two' });
    const names = async (input: Parameters<typeof secrets.listSecrets>[0]) =>
      (await secrets.listSecrets(input ?? {})).SecretList?.map(({ Name }) => Name);
    return { secrets, names };
  }

  test('shows what DescribeSecret does, with labels under another name', async () => {
    const { secrets } = await many();
    const { SecretList = [] } = await secrets.listSecrets({ Filters: [{ Key: 'name', Values: ['a'] }] });
    const {
      VersionIdsToStages,
      $metadata: _,
      ...described
    } = await secrets.describeSecret({ SecretId: 'a' });
    expect(SecretList).toEqual([{ ...described, SecretVersionsToStages: VersionIdsToStages }]);
  });

  test('sorts by creation, or as it is told', async () => {
    const { secrets, names } = await many();
    await secrets.advanceTo(new Date(NOW.getTime() + 3000));
    await secrets.updateSecret({ SecretId: 'b', Description: 'newest' });
    expect(await names({})).toEqual(['b', 'a', 'c']);
    expect(await names({ SortOrder: 'desc' })).toEqual(['c', 'a', 'b']);
    expect(await names({ SortBy: 'name' })).toEqual(['a', 'b', 'c']);
    expect(await names({ SortBy: 'last-changed-date', SortOrder: 'desc' })).toEqual(['b', 'c', 'a']);
  });

  test.each([
    [[{ Key: 'description', Values: ['one two'] }], ['b']],
    [[{ Key: 'description', Values: ['o t'] }], ['b']],
    [[{ Key: 'description', Values: ['TWO'] }], ['b', 'c']],
    [[{ Key: 'tag-key', Values: ['te'] }], ['b', 'a']],
    [[{ Key: 'tag-key', Values: ['Te'] }], []],
    [[{ Key: 'tag-value', Values: ['red', 'blue'] }], ['b', 'a']],
    [
      [
        { Key: 'tag-key', Values: ['team'] },
        { Key: 'tag-value', Values: ['!red'] },
      ],
      ['b'],
    ],
    [[{ Key: 'all', Values: ['blue'] }], ['b']],
    [[{ Key: 'owning-service', Values: ['rds'] }], []],
    [[{ Key: 'name', Values: ['A'] }], []],
    [[{ Key: 'description', Values: ['/'] }], []],
  ] as const)('filters by %j', async (filters, expected) => {
    const { names } = await many();
    const Filters = filters.map(({ Key, Values }) => ({ Key, Values: [...Values] }));
    expect(await names({ Filters })).toEqual(expected);
  });

  test.each([
    [{ Values: ['a'] }, 'Invalid filter key'],
    [{}, 'Invalid filter key'],
    [{ Key: 'description' }, 'Invalid filter values for key: description'],
    [{ Key: 'all', Values: null }, 'Invalid filter values for key: all'],
  ])('refuses the filter %j, as BatchGetSecretValue does', async (filter, message) => {
    const { secrets } = await many();
    const Filters = [{ Key: 'name', Values: ['a'] }, filter];
    for (const operation of ['listSecrets', 'batchGetSecretValue']) {
      await expect(untyped(secrets, operation, { Filters })).rejects.toMatchObject({
        name: 'InvalidParameterException',
        message,
      });
    }
  });

  test('leaves out what is marked for deletion, unless asked for', async () => {
    const { secrets, names } = await many();
    await secrets.deleteSecret({ SecretId: 'a' });
    expect(await names({})).toEqual(['b', 'c']);
    expect(await names({ IncludePlannedDeletion: true })).toEqual(['b', 'a', 'c']);
  });

  test('leaves none out when those that were shown are deleted', async () => {
    for (const sorting of [{}, { SortBy: 'name', SortOrder: 'desc' }] as const) {
      const secrets = new LocalSecretsManager({ standsAt: NOW });
      for (const Name of ['a', 'b', 'c', 'd', 'e']) await secrets.createSecret({ Name });
      const seen: string[] = [];
      let NextToken: string | undefined;
      do {
        const page = await secrets.listSecrets({ ...sorting, MaxResults: 2, NextToken });
        for (const { Name = '' } of page.SecretList ?? []) {
          seen.push(Name);
          await secrets.deleteSecret({ SecretId: Name, ForceDeleteWithoutRecovery: true });
        }
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      expect(seen.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    }
  });

  test('refuses a NextToken that it has not given', async () => {
    const { secrets } = await many();
    await expect(secrets.listSecrets({ NextToken: 'mine' })).rejects.toMatchObject({
      name: 'InvalidNextTokenException',
    });
  });
});

test('BatchGetSecretValue takes filters and pages, and one kind of selection', async () => {
  const secrets = new LocalSecretsManager();
  for (const Name of ['a1', 'a2', 'b1']) await secrets.createSecret({ Name, SecretString: Name });
  await secrets.createSecret({ Name: 'a3' });
  const Filters = [{ Key: 'name' as const, Values: ['a'] }];
  const first = await secrets.send(new BatchGetSecretValueCommand({ Filters, MaxResults: 2 }));
  expect(first.SecretValues?.map(({ SecretString }) => SecretString)).toEqual(['a1', 'a2']);
  const rest = await secrets.batchGetSecretValue({ Filters, MaxResults: 2, NextToken: first.NextToken });
  expect(rest).toMatchObject({
    SecretValues: [],
    Errors: [{ SecretId: expect.stringContaining(':secret:a3-'), ErrorCode: 'ResourceNotFoundException' }],
  });
  expect(rest).not.toHaveProperty('NextToken');
  for (const input of [{}, { Filters, SecretIdList: ['a1'] }, { SecretIdList: ['a1'], MaxResults: 2 }]) {
    await expect(secrets.batchGetSecretValue(input)).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  }
});

describe('DeleteSecret', () => {
  test('lets a secret go when its recovery window has passed, and not before', async () => {
    const secrets = await secretNamed('s');
    const { DeletionDate } = await secrets.deleteSecret({ SecretId: 's' });
    expect(DeletionDate).toEqual(new Date(NOW.getTime() + 30 * DAY_MS));
    await secrets.advanceTo(new Date(NOW.getTime() + 30 * DAY_MS - 1));
    expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject({ DeletedDate: DeletionDate });
    await secrets.advanceTo(new Date(NOW.getTime() + 30 * DAY_MS));
    await expect(secrets.describeSecret({ SecretId: 's' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(await secrets.createSecret({ Name: 's' })).toMatchObject({ Name: 's' });
  });

  test('that was forced may take a while, as on AWS', async () => {
    const secrets = new LocalSecretsManager({ standsAt: NOW, forcedDeletionMs: 5000 });
    await secrets.createSecret({ Name: 's' });
    await secrets.deleteSecret({ SecretId: 's', ForceDeleteWithoutRecovery: true });
    await expect(secrets.createSecret({ Name: 's' })).rejects.toMatchObject({
      message: expect.stringContaining('already scheduled for deletion'),
    });
    await secrets.advanceTo(new Date(NOW.getTime() + 5000));
    expect(await secrets.createSecret({ Name: 's' })).toMatchObject({ Name: 's' });
  });

  test('refuses to mark twice', async () => {
    const secrets = await secretNamed('s');
    const { DeletionDate } = await secrets.deleteSecret({ SecretId: 's', RecoveryWindowInDays: 7 });
    await expect(secrets.deleteSecret({ SecretId: 's' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject({ DeletedDate: DeletionDate });
  });
});

describe('GetRandomPassword', () => {
  const password = async (input: object = {}) =>
    (await new LocalSecretsManager().getRandomPassword(input)).RandomPassword ?? '';

  test('has 32 characters of four types, and no space', async () => {
    for (let round = 0; round < 50; round++) {
      const made = await password();
      expect(made).toMatch(/^[!-~]{32}$/);
      for (const type of [/[a-z]/, /[A-Z]/, /[0-9]/, /[!-/:-@[-`{-~]/]) expect(made).toMatch(type);
    }
  });

  test('leaves out what is excluded, and may have spaces', async () => {
    const made = await password({
      PasswordLength: 4096,
      ExcludePunctuation: true,
      ExcludeUppercase: true,
      ExcludeCharacters: 'abc0',
      IncludeSpace: true,
    });
    expect(made).toMatch(/^[d-z1-9 ]{4096}$/);
    expect(made).toContain(' ');
  });

  test('refuses to choose from nothing', async () => {
    const none = {
      ExcludeLowercase: true,
      ExcludeUppercase: true,
      ExcludeNumbers: true,
      ExcludePunctuation: true,
    };
    await expect(password(none)).rejects.toMatchObject({
      message: 'All characters have been excluded from selection.',
    });
    expect(await password({ ...none, IncludeSpace: true, PasswordLength: 3 })).toBe('   ');
  });
});

test('a value may be put as AWSCURRENT and AWSPREVIOUS at once, in any order: AWSCURRENT counts', async () => {
  for (const VersionStages of [
    ['AWSCURRENT', 'AWSPREVIOUS'],
    ['AWSPREVIOUS', 'AWSCURRENT'],
  ]) {
    const secrets = await secretNamed('s');
    await secrets.putSecretValue({ SecretId: 's', SecretString: 'B', VersionStages });
    expect((await secrets.getSecretValue({ SecretId: 's' })).VersionStages).toEqual(['AWSCURRENT']);
    expect(await secrets.getSecretValue({ SecretId: 's', VersionStage: 'AWSPREVIOUS' })).toMatchObject({
      VersionId: TOKEN,
    });
  }
});

test('bytes under a token are the same value again, and other bytes or a text are not', async () => {
  const SecretBinary = Uint8Array.of(1, 2);
  const secrets = await secretNamed('s', { SecretString: undefined, SecretBinary });
  const again = { SecretId: 's', ClientRequestToken: TOKEN };
  const same = await secrets.putSecretValue({ ...again, SecretBinary: Uint8Array.of(1, 2) });
  expect(same).toMatchObject({ VersionId: TOKEN });
  for (const other of [{ SecretBinary: Uint8Array.of(1, 3) }, { SecretString: '\u0001\u0002' }]) {
    await expect(secrets.putSecretValue({ ...again, ...other })).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  }
  expect(await secrets.getSecretValue({ SecretId: 's' })).toMatchObject({ SecretBinary });
});

describe('a label', () => {
  const PENDING = TOKEN.replace('1', '2');
  const OTHER = TOKEN.replace('1', '3');

  async function underWay() {
    const secrets = await secretNamed('s');
    const RotationLambdaARN = secrets.addFunction('rotate', async () => {});
    await secrets.rotateSecret({ SecretId: 's', ClientRequestToken: PENDING, RotationLambdaARN });
    const labels = async () => (await secrets.describeSecret({ SecretId: 's' })).VersionIdsToStages;
    return { secrets, labels, before: await labels() };
  }

  test.each([
    [['MINE'], { [TOKEN]: ['AWSCURRENT'], [PENDING]: ['AWSPENDING'], [OTHER]: ['MINE'] }],
    [
      ['AWSCURRENT', 'AWSPENDING'],
      { [TOKEN]: ['AWSPREVIOUS'], [OTHER]: expect.arrayContaining(['AWSCURRENT', 'AWSPENDING']) },
    ],
    // Assumed: see assumptions.ts.
    [['AWSCURRENT'], { [TOKEN]: ['AWSPREVIOUS'], [OTHER]: ['AWSCURRENT'] }],
    [undefined, { [TOKEN]: ['AWSPREVIOUS'], [OTHER]: ['AWSCURRENT'] }],
  ])(
    'of a rotation under way, when another value is put with %j, is where AWS has it',
    async (stages, after) => {
      const { secrets, labels } = await underWay();
      const value = { SecretId: 's', ClientRequestToken: OTHER, SecretString: 'B' };
      await secrets.putSecretValue({ ...value, ...(stages && { VersionStages: stages }) });
      expect(await labels()).toEqual(after);
    },
  );

  test.each([
    ['to a version that is not there', { MoveToVersionId: OTHER, RemoveFromVersionId: PENDING }],
    ['from a version that does not have it', { MoveToVersionId: PENDING, RemoveFromVersionId: OTHER }],
    ['if it is told from nowhere to nowhere', {}],
  ])('does not move %s', async (_, move) => {
    const { secrets, labels, before } = await underWay();
    for (const VersionStage of ['AWSPENDING', 'MINE', 'AWSCURRENT']) {
      const update = secrets.updateSecretVersionStage({ SecretId: 's', VersionStage, ...move });
      await expect(update).rejects.toMatchObject({ name: 'InvalidParameterException' });
    }
    expect(await labels()).toEqual(before);
  });

  test('AWSCURRENT does not move to the empty version of a rotation', async () => {
    const { secrets, labels, before } = await underWay();
    const move = { VersionStage: 'AWSCURRENT', MoveToVersionId: PENDING, RemoveFromVersionId: TOKEN };
    await expect(secrets.updateSecretVersionStage({ SecretId: 's', ...move })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    expect(await labels()).toEqual(before);
  });
});

test('UpdateSecret that repeats a value still changes what else it names', async () => {
  const secrets = await secretNamed('s');
  const value = { ClientRequestToken: TOKEN, SecretString: 'A' };
  await secrets.updateSecret({ SecretId: 's', ...value, Description: 'new' });
  expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject({ Description: 'new' });
});

test('UpdateSecret leaves what it does not name', async () => {
  const all = { Description: 'old', KmsKeyId: 'alias/a', Type: 'SalesforceClientSecret' };
  const secrets = await secretNamed('s');
  await secrets.updateSecret({ SecretId: 's', ...all });
  for (const [name, value] of Object.entries({ Description: 'new', KmsKeyId: 'alias/b' })) {
    await secrets.updateSecret({ SecretId: 's', [name]: value });
    Object.assign(all, { [name]: value });
    expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject(all);
  }
  await secrets.updateSecret({
    SecretId: 's',
    ClientRequestToken: TOKEN.replace('1', '2'),
    SecretString: 'B',
  });
  expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject(all);
});

test('refusals share nothing', async () => {
  const secrets = await secretNamed('s');
  const refusal = () => secrets.getSecretValue({ SecretId: 'missing' }).catch((error) => error.$metadata);
  const first = await refusal();
  first.httpStatusCode = 404;
  expect((await refusal()).httpStatusCode).toBe(400);
});

test.each([{ retries: -1 }, { retries: Number.NaN }, { timeoutMs: 3e9 }, { standsAt: new Date(Number.NaN) }])(
  'the option %j is refused',
  (options) => {
    expect(() => new LocalSecretsManager(options)).toThrow(RangeError);
  },
);

test('options that are undefined are as absent', async () => {
  const secrets = new LocalSecretsManager(JSON.parse('{"region":null}', () => undefined));
  expect(await secrets.createSecret({ Name: 's' })).toMatchObject({
    ARN: expect.stringContaining(':eu-west-1:'),
  });
});

test('redact takes out every form of the values that a function can know, and those only', async () => {
  const secrets = new LocalSecretsManager();
  const values = [
    '{"username":"app","password":"password-in-json","password":"doubled-key-value"}',
    'a plain string of a secret',
    '"a JSON string of a secret"',
    '{"keys":[{"username":"app"},"a key in a list"],"pem":"first line of it\\nlast"}',
  ];
  for (const [index, SecretString] of values.entries()) {
    await secrets.createSecret({ Name: `s${index}`, SecretString });
  }
  const SecretBinary = Buffer.from('bytes that are a text');
  await secrets.createSecret({ Name: 'bytes', SecretBinary });
  await secrets.createSecret({ Name: 'unread', SecretString: 'nobody has read this' });
  const RotationLambdaARN = secrets.addFunction('f', async () => {
    for (const SecretId of ['s1', 's2', 's3', 'bytes']) await secrets.getSecretValue({ SecretId });
    const refused = { SecretId: 'missing', SecretString: 'a value that is refused' };
    await secrets.putSecretValue(refused).catch(() => {});
  });
  await secrets.rotateSecret({ SecretId: 's0', RotationLambdaARN });
  await secrets.rotation('s0').runStep();
  for (const secret of [
    'password-in-json',
    'doubled-key-value',
    'a plain string of a secret',
    'a JSON string of a secret',
    'a key in a list',
    'first line of it',
    'last',
    'bytes that are a text',
    SecretBinary.toString('hex'),
    'a value that is refused',
  ]) {
    expect(secrets.redact(`the function says ${secret}!`)).toBe('the function says [redacted]!');
  }
  expect(secrets.redact('user app: nobody has read this')).toBe('user app: nobody has read this');
});

test('a version keeps the key that was the secret’s when it was stored', async () => {
  const secrets = await secretNamed('s');
  await secrets.updateSecret({ SecretId: 's', KmsKeyId: 'alias/mine', SecretString: 'B' });
  expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject({ KmsKeyId: 'alias/mine' });
  const { Versions = [] } = await secrets.listSecretVersionIds({ SecretId: 's' });
  expect(Versions.map(({ KmsKeyIds }) => KmsKeyIds)).toEqual([['DefaultEncryptionKey'], ['alias/mine']]);
});

test('tags are merged by key, and are 50 at most', async () => {
  const secrets = await secretNamed('s', { Tags: [{ Key: 'a', Value: '1' }] });
  await secrets.tagResource({
    SecretId: 's',
    Tags: [
      { Key: 'b', Value: '2' },
      { Key: 'a', Value: '3' },
    ],
  });
  const tags = [
    { Key: 'a', Value: '3' },
    { Key: 'b', Value: '2' },
  ];
  expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject({ Tags: tags });
  await expect(
    untyped(secrets, 'tagResource', { SecretId: 's', Tags: [{ Value: 'v' }] }),
  ).rejects.toMatchObject({
    message: expect.stringContaining("'tags.1.member.key'"),
  });
  const Tags = Array.from({ length: 49 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
  await expect(secrets.tagResource({ SecretId: 's', Tags })).rejects.toMatchObject({
    name: 'LimitExceededException',
  });
  const TooMany = [...Tags, { Key: 'x' }, { Key: 'y' }];
  await expect(secrets.createSecret({ Name: 'n', Tags: TooMany })).rejects.toMatchObject({
    name: 'LimitExceededException',
  });
  expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject({ Tags: tags });
});

test('a secret has 20 labels at most; the one too many changes nothing', async () => {
  const secrets = await secretNamed('s');
  const VersionStages = Array.from({ length: 19 }, (_, index) => `label${index}`);
  await secrets.putSecretValue({ SecretId: 's', SecretString: 'B', VersionStages });
  const before = await secrets.describeSecret({ SecretId: 's' });
  const more = secrets.putSecretValue({ SecretId: 's', SecretString: 'C', VersionStages: ['one more'] });
  await expect(more).rejects.toMatchObject({ name: 'LimitExceededException' });
  expect(await secrets.describeSecret({ SecretId: 's' })).toEqual(before);
  const { Versions } = await secrets.listSecretVersionIds({ SecretId: 's', IncludeDeprecated: true });
  expect(Versions).toHaveLength(2);
});

describe('resource policies', () => {
  const policy = (statement: object) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: '*', Principal: { AWS: '123456789012' }, ...statement },
    });

  test.each([
    ...['not JSON', '[]', '{"Version":"2012-10-17"}', '{"Statement":"text"}', 'null', '{"Statement":[]}'],
    ...[
      { Effect: 'AllowSomething' },
      { Effect: undefined },
      { Action: undefined },
      { Action: [] },
      { Action: 5 },
    ].map(policy),
    ...[
      { Action: 'GetSecretValue' },
      { Action: { 0: '*' } },
      { NotAction: '*' },
      { Resource: 5 },
      { Resource: [] },
    ].map(policy),
    ...[
      { Resource: 'app' },
      { Principal: undefined },
      { Principal: {} },
      { Principal: ['*'] },
      { Principal: 'me' },
    ].map(policy),
    ...[
      { Principal: { Aws: '*' } },
      { Principal: { AWS: [] } },
      { Principal: { AWS: { 0: '*' } } },
      { Unknown: '*' },
    ].map(policy),
    ...[
      { Condition: [] },
      { Condition: { Equals: {} } },
      { Condition: { StringEquals: 'x' } },
      { Sid: 5 },
    ].map(policy),
    ...[{ Condition: { Bool: { 'aws:SecureTransport': {} } } }, { Resource: '*', NotResource: '*' }].map(
      policy,
    ),
    JSON.stringify({ Version: '2019-10-19', Statement: JSON.parse(policy({})).Statement }),
    JSON.stringify({ Statement: [[JSON.parse(policy({})).Statement]] }),
    JSON.stringify({ Statement: JSON.parse(policy({})).Statement, Other: 1 }),
  ])('refuse %s', async (ResourcePolicy) => {
    const secrets = await secretNamed('s');
    const malformed = {
      name: 'MalformedPolicyDocumentException',
      message: 'This resource policy contains a syntax error.',
    };
    await expect(secrets.putResourcePolicy({ SecretId: 's', ResourcePolicy })).rejects.toMatchObject(
      malformed,
    );
    await expect(secrets.validateResourcePolicy({ ResourcePolicy })).rejects.toMatchObject(malformed);
    expect(await secrets.getResourcePolicy({ SecretId: 's' })).not.toHaveProperty('ResourcePolicy');
  });

  test.each([
    [{ AWS: 'somebody' }, 'an unsupported principal'],
    [{ AWS: ['123456789012', 'arn:aws:iam::*:root'] }, 'an unsupported principal'],
    [{ Service: 'lambda' }, 'an unsupported service principal'],
  ])('refuse the principal %j', async (Principal, what) => {
    const secrets = await secretNamed('s');
    const ResourcePolicy = policy({ Principal });
    await expect(secrets.putResourcePolicy({ SecretId: 's', ResourcePolicy })).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: `This resource policy contains ${what}.`,
    });
  });

  test.each([
    {
      Principal: {
        AWS: ['arn:aws:iam::123456789012:role/a/b', 'arn:aws-cn:sts::123456789012:assumed-role/a/b'],
      },
    },
    { Principal: { AWS: 'AROAEXAMPLEEXAMPLE', Service: ['lambda.amazonaws.com', 'ecs.amazonaws.com.cn'] } },
    { Effect: 'Deny', NotPrincipal: { AWS: '123456789012' }, Principal: undefined },
    {
      Action: undefined,
      NotAction: ['secretsmanager:Get*', 'secretsmanager:?ut'],
      Sid: 'one',
      Resource: '*',
    },
    { Condition: { 'ForAnyValue:StringNotLikeIfExists': { 'aws:x': ['a', 'b'] }, Bool: { 'aws:y': true } } },
    { Resource: ['arn:aws:secretsmanager:*:*:secret:app-*'] },
  ])('take %j', async (statement) => {
    const secrets = await secretNamed('s');
    const ResourcePolicy = policy(statement);
    await secrets.putResourcePolicy({ SecretId: 's', ResourcePolicy });
    expect(await secrets.getResourcePolicy({ SecretId: 's' })).toMatchObject({ ResourcePolicy });
  });

  test('refuse everybody, if asked to', async () => {
    const secrets = await secretNamed('s');
    for (const statement of [
      ...['*', { AWS: '*' }, { AWS: ['*'] }].map((Principal) => ({ Principal })),
      { Principal: undefined, NotPrincipal: { AWS: '123456789012' } },
    ]) {
      const ResourcePolicy = policy(statement);
      await expect(
        secrets.putResourcePolicy({ SecretId: 's', ResourcePolicy, BlockPublicPolicy: true }),
      ).rejects.toMatchObject({ name: 'PublicPolicyException' });
      expect(await secrets.validateResourcePolicy({ ResourcePolicy })).toMatchObject({
        PolicyValidationPassed: false,
        ValidationErrors: [{ CheckName: expect.any(String) }],
      });
    }
    const ResourcePolicy = policy({ Principal: { AWS: 'arn:aws:iam::123456789012:root' } });
    await secrets.putResourcePolicy({ SecretId: 's', ResourcePolicy, BlockPublicPolicy: true });
    expect(await secrets.validateResourcePolicy({ ResourcePolicy })).toMatchObject({
      PolicyValidationPassed: true,
      ValidationErrors: [],
    });
  });
});

test('an ARN of elsewhere finds nothing', async () => {
  const secrets = await secretNamed('app/db');
  const { ARN = '' } = await secrets.describeSecret({ SecretId: 'app/db' });
  for (const SecretId of [
    ARN.replace('eu-west-1', 'us-east-1'),
    ARN.replace('123456789012', '210987654321'),
    `${ARN.slice(0, -6)}XXXXXX`,
    'arn:aws:s3:::bucket',
  ]) {
    await expect(secrets.getSecretValue({ SecretId })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  }
});

test('secrets do not mind one another', async () => {
  const secrets = await secretNamed('s');
  await secrets.createSecret({ Name: 'other', ClientRequestToken: TOKEN, SecretString: 'mine' });
  await secrets.putSecretValue({ SecretId: 's', SecretString: 'B' });
  await secrets.deleteSecret({ SecretId: 's', ForceDeleteWithoutRecovery: true });
  expect(await secrets.getSecretValue({ SecretId: 'other' })).toMatchObject({
    VersionId: TOKEN,
    SecretString: 'mine',
  });
});
