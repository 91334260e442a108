import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandRig } from '../support/command.js';
import { cleanEnvironment, type StandInAnswer, standIn, VALUE } from '../support/operator.js';

/**
 * What AWS, or its SDK, can have against a call: one line that says so and one that says what to do, without a stack.
 */

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf';
const ME = 'arn:aws:sts::123456789012:assumed-role/operator/me';

let rig: CommandRig;
let aws: Awaited<ReturnType<typeof standIn>>;
let answer: StandInAnswer;

beforeAll(async () => {
  rig = await CommandRig.make(VALUE);
  aws = await standIn(() => answer);
});
afterAll(async () => {
  aws.close();
  await rig.end();
});

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: VALUE };
const run = (
  args: readonly string[],
  env: Record<string, string | undefined> = { ...KEYS, AWS_REGION: 'eu-west-1' },
) =>
  rig.start(args, { ...cleanEnvironment(rig.folder), AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url, ...env }).end;

const lines = (problem: string, hint: string) => ({
  ...{ code: 1, stdout: '' },
  stderr: expect.stringMatching(new RegExp(`^quarterturn: ${problem}\nhint: ${hint}\n$`)),
});

const denied = (action: string, more = 'because no identity-based policy allows the action') => ({
  type: 'AccessDeniedException',
  message: `User: ${ME} is not authorized to perform: ${action} on resource: ${ARN} ${more}`,
});

describe('a call that AWS refuses', () => {
  test.each([
    [
      'names the right that is missing',
      ['status', 'app/db'],
      denied('secretsmanager:DescribeSecret'),
      'DescribeSecret of app/db was denied: secretsmanager:DescribeSecret is missing on this secret',
      'allow secretsmanager:DescribeSecret on this secret; quarterturn policy --for operator prints .*',
    ],
    [
      'names the right that is missing for lists',
      ['status'],
      denied('secretsmanager:ListSecrets'),
      'ListSecrets was denied: secretsmanager:ListSecrets is missing',
      'allow secretsmanager:ListSecrets; quarterturn policy --for operator prints .*',
    ],
    [
      'names it, too, where AWS does not',
      ['status', 'app/db'],
      { type: 'AccessDeniedException', message: '' },
      'DescribeSecret of app/db was denied: secretsmanager:DescribeSecret is missing on this secret',
      'allow secretsmanager:DescribeSecret on this secret; .*',
    ],
    [
      'names that of the KMS key',
      ['status', 'app/db'],
      { type: 'AccessDeniedException', message: 'Access to KMS is not allowed' },
      'DescribeSecret of app/db was denied: kms:Decrypt is missing on the secret’s KMS key',
      'allow kms:Decrypt on the secret’s KMS key; .*',
    ],
    [
      'says that a policy denies it, where one does',
      ['status', 'app/db'],
      denied('secretsmanager:DescribeSecret', 'with an explicit deny in a service control policy'),
      'DescribeSecret of app/db was denied: .*',
      'allow .*; a policy denies it explicitly: a permissions boundary, an SCP, .*',
    ],
    [
      'says that the secret is another account’s',
      ['status', ARN.replace('123456789012', '210987654321')],
      denied('secretsmanager:DescribeSecret', 'because no resource-based policy allows the action'),
      'DescribeSecret of arn:\\S+ was denied: .*',
      'allow .*; the secret is in account 210987654321, you are in 123456789012: the secret’s resource policy .*',
    ],
    [
      'says that there is no such secret here',
      ['status', 'app/db'],
      { type: 'ResourceNotFoundException', message: "Secrets Manager can't find the specified secret." },
      'DescribeSecret of app/db found no such secret in eu-west-1',
      'check the name, --region and --profile. .*',
    ],
    [
      'says that it was throttled',
      ['status', 'app/db'],
      { type: 'ThrottlingException', message: 'Rate exceeded' },
      'DescribeSecret of app/db was throttled',
      'the account’s quota for these calls is used up: wait a minute, then try again',
    ],
    [
      'says that credentials have expired',
      ['status', 'app/db', '--endpoint-url', 'URL'],
      { type: 'ExpiredTokenException', message: 'The security token included in the request is expired' },
      'DescribeSecret of app/db was refused: the AWS credentials have expired',
      'sign in again \\(aws sso login\\), or renew the credentials at their source',
    ],
    [
      'says that credentials are not valid',
      ['status', 'app/db'],
      {
        type: 'UnrecognizedClientException',
        message: 'The security token included in the request is invalid.',
      },
      'DescribeSecret of app/db was refused: the AWS credentials are not valid',
      'check --profile, the access key and this machine’s clock',
    ],
    [
      'says that a secret is in deletion',
      ['status', 'app/db'],
      {
        type: 'InvalidRequestException',
        message: "You can't perform this operation on the secret because it was marked for deletion.",
      },
      'DescribeSecret of app/db was refused: the secret is marked for deletion',
      'to bring it back: aws secretsmanager restore-secret --secret-id app/db',
    ],
    [
      'says that it failed at AWS',
      ['status', 'app/db'],
      { type: 'InternalServiceError', message: 'An error occurred on the server side.', status: 500 },
      'DescribeSecret of app/db failed at AWS',
      'try again; .*',
    ],
    [
      'says the name of what is not known, and repeats nothing of it',
      ['status', 'app/db'],
      { type: 'WhateverException', message: `it says ${VALUE}` },
      'DescribeSecret of app/db failed with WhateverException',
      'look up the error in .*',
    ],
  ])('%s', async (_, args, refused, problem, hint) => {
    answer = refused;
    expect(await run(args.map((arg) => (arg === 'URL' ? aws.url : arg)))).toEqual(lines(problem, hint));
  });

  test('is an object with --json, for each secret', async () => {
    answer = denied('secretsmanager:DescribeSecret');
    const { code, stdout } = await run(['status', 'app/db', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      ...{ type: 'error', secretId: 'app/db', code: 'ERR_SECRETS_MANAGER_FAILED' },
      message: expect.stringContaining('was denied'),
      hint: expect.stringContaining('allow secretsmanager:DescribeSecret'),
    });
    expect(code).toBe(1);
  });
});

describe('a call that is not sent', () => {
  const config = async (text: string) => {
    await writeFile(join(rig.folder, 'config'), text);
    return { AWS_CONFIG_FILE: join(rig.folder, 'config') };
  };

  test('says that there are no credentials', async () => {
    expect(await run(['status', 'app/db'], { AWS_REGION: 'eu-west-1' })).toEqual(
      lines(
        'DescribeSecret of app/db was not sent: no AWS credentials were found',
        'give --profile, set AWS_PROFILE, or sign in: aws sso login',
      ),
    );
  });

  test('says that no Region is set', async () => {
    expect(await run(['status', 'app/db'], KEYS)).toEqual(
      lines('DescribeSecret of app/db was not sent: no Region is set', 'give --region, or set AWS_REGION'),
    );
  });

  test('says how to sign in again, with the profile, when the SSO session has expired', async () => {
    const settings = await config(
      '[profile work]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = operator\nregion = eu-west-1\n' +
        '[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n',
    );
    expect(await run(['status', 'app/db', '--profile', 'work'], settings)).toEqual(
      lines(
        'DescribeSecret of app/db was not sent: the SSO session has expired',
        'sign in again: aws sso login --profile work',
      ),
    );
  });

  test('says that there is no such profile', async () => {
    expect(await run(['status', 'app/db', '--profile', 'at wrk', '--region', 'eu-west-1'], {})).toEqual(
      lines(
        'DescribeSecret of app/db was not sent: the profile "at wrk" does not exist, or has no credentials',
        "aws configure list-profiles lists the profiles; aws sso login --profile 'at wrk' signs in .*",
      ),
    );
  });

  test('has the credentials and the Region of the profile', async () => {
    answer = { type: 'ResourceNotFoundException' };
    const settings = await config(
      `[profile prod]\nregion = eu-central-1\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = ${VALUE}\n`,
    );
    expect((await run(['status', 'app/db', '--profile', 'prod'], settings)).stderr).toContain(
      'found no such secret in eu-central-1',
    );
  });

  test('has the credentials of --profile, then of the environment, then of AWS_PROFILE, as the AWS CLI has', async () => {
    const settings = await config(
      `[profile prod]\nregion = eu-central-1\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = ${VALUE}\n`,
    );
    const who: string[] = [];
    const seen = await standIn((_, { authorization = '' }) => {
      who.push(/Credential=(\w+)/.exec(authorization)?.[1] ?? '');
      return { type: 'ResourceNotFoundException' };
    });
    const env = { ...settings, AWS_ENDPOINT_URL_SECRETS_MANAGER: seen.url };
    const both = { ...env, ...KEYS };
    const ends = [
      await run(['status', 'app/db', '--profile', 'prod'], both),
      await run(['status', 'app/db'], { ...both, AWS_PROFILE: 'prod' }),
      await run(['status', 'app/db'], { ...env, AWS_PROFILE: 'prod' }),
    ];
    seen.close();
    expect(who).toEqual(['AKIAPROFILE', KEYS.AWS_ACCESS_KEY_ID, 'AKIAPROFILE']);
    // And nothing of the SDK's warnings.
    for (const { stderr } of ends)
      expect(stderr).toMatch(/^quarterturn: DescribeSecret of app\/db found .*\nhint: .*\n$/);
  });

  test('does not fall back to other credentials where the profile has none', async () => {
    const settings = await config('[profile empty]\nregion = eu-central-1\n');
    expect((await run(['status', 'app/db', '--profile', 'empty'], { ...settings, ...KEYS })).stderr).toMatch(
      /^quarterturn: DescribeSecret of app\/db was not sent: the profile "empty" does not exist, or has no credentials\n/,
    );
  });

  test('has the Region of an ARN, whatever the environment says', async () => {
    answer = { type: 'ResourceNotFoundException' };
    expect((await run(['status', ARN], { ...KEYS, AWS_REGION: 'us-east-1' })).stderr).toContain(
      'found no such secret in eu-west-1',
    );
  });

  test('says which variable of the endpoint is not a URL', async () => {
    const wrong = { ...KEYS, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_SECRETS_MANAGER: 'localhost:4580' };
    expect(await run(['status', 'app/db'], wrong)).toEqual(
      lines(
        'DescribeSecret of app/db was not sent: AWS_ENDPOINT_URL_SECRETS_MANAGER is not a URL',
        'set AWS_ENDPOINT_URL_SECRETS_MANAGER to a URL that begins with https://, or unset it',
      ),
    );
  });

  test('says that nobody answers', async () => {
    const nobody = {
      ...KEYS,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:9',
    };
    expect(await run(['status', 'app/db'], nobody)).toEqual(
      lines(
        'DescribeSecret of app/db got no answer \\(ECONNREFUSED\\)',
        'check network, VPN and proxy: this machine must reach secretsmanager.eu-west-1.amazonaws.com on port 443, .*',
      ),
    );
    // With an endpoint of one's own no host of AWS is asked.
    expect(await run(['status', 'app/db', '--endpoint-url', 'http://127.0.0.1:9'], nobody)).toEqual(
      lines('DescribeSecret of app/db got no answer \\(ECONNREFUSED\\)', 'check --endpoint-url: .*'),
    );
  });
});
