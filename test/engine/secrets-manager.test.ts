import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rotationHandler } from '../../src/index.js';
import { built } from '../support/built.js';
import { Door, doorRig, doorRotator } from '../support/door-rig.js';
import { rejection } from '../support/errors.js';
import { FaultyClient } from '../support/faulty-client.js';
import { lambdaFor } from '../support/lambda-time.js';

const SecretId = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:door-AbCdEf';
const ClientRequestToken = 'c0ffee00-0000-4000-8000-000000000002';

describe('a Secrets Manager that cannot be reached', () => {
  const environment = { ...process.env };
  let silent: Server;

  beforeEach(async () => {
    silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    process.env.SECRETS_MANAGER_ENDPOINT = `http://127.0.0.1:${port}`;
    Object.assign(process.env, {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKID',
      AWS_SECRET_ACCESS_KEY: 'none',
    });
  });

  afterEach(() => {
    process.env = { ...environment };
    silent.close();
    silent.closeAllConnections();
  });

  const event = { Step: 'setSecret', SecretId, ClientRequestToken } as const;

  test('ends the step before Lambda does, and says what it waited for and why', async () => {
    const handler = rotationHandler(doorRotator(new Door()), { log: () => {} });
    const { lambda, context } = await lambdaFor(2000);
    const error = await rejection(handler(event, context));
    expect(error).toMatchObject({
      code: 'ERR_DEADLINE',
      message: expect.stringContaining('Secrets Manager to answer DescribeSecret'),
      hint: expect.stringContaining('interface endpoint'),
    });
    expect(lambda.hasEnded).toBe(false);
  });

  test('is an error of its own when the SDK gives up on it', async () => {
    const handler = rotationHandler(doorRotator(new Door()), { log: () => {} });
    expect(await rejection(handler(event))).toMatchObject({
      code: 'ERR_SECRETS_MANAGER_UNREACHABLE',
      message: expect.stringMatching(/^DescribeSecret of \S+ got no answer \((ETIMEDOUT|TimeoutError)\)$/),
    });
  });

  test.each([
    ['SECRETS_MANAGER_ENDPOINT', 'secretsmanager.eu-west-1.amazonaws.com'],
    ['SECRETS_MANAGER_ENDPOINT', '127.0.0.1:4580'],
    ['SECRETS_MANAGER_ENDPOINT', 'https//secretsmanager.eu-west-1.amazonaws.com'],
    ['SECRETS_MANAGER_ENDPOINT', 'localhost:4580'],
    ['AWS_ENDPOINT_URL_SECRETS_MANAGER', 'https://'],
    ['AWS_ENDPOINT_URL', 'ftp://secretsmanager.eu-west-1.amazonaws.com'],
  ])('names the variable if %s is %s', async (variable, value) => {
    delete process.env.SECRETS_MANAGER_ENDPOINT;
    process.env[variable] = value;
    const handler = rotationHandler(doorRotator(new Door()), { log: () => {} });
    expect(await rejection(handler(event))).toMatchObject({
      code: 'ERR_SECRETS_MANAGER_FAILED',
      message: `DescribeSecret of ${SecretId} was not sent: ${variable} is not a URL`,
      hint: `set ${variable} to a URL that begins with https://, or unset it`,
    });
  });

  test('is not asked while no Region is set, and the hint says which variable sets it', async () => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) delete process.env[name];
    process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';
    const handler = rotationHandler(doorRotator(new Door()), { log: () => {} });
    expect(await rejection(handler(event))).toMatchObject({
      code: 'ERR_SECRETS_MANAGER_FAILED',
      message: `DescribeSecret of ${SecretId} was not sent: no Region is set`,
      hint: 'outside Lambda, set AWS_REGION',
    });
  });

  // In a separate process, on the built package: in Jest's realm the SDK does not recognize Node's errors.
  test('likewise when it refuses the connection', async () => {
    await new Promise((resolve) => silent.close(resolve));
    const script = `
      import { rotationHandler } from ${JSON.stringify(join(built('esm'), 'src/index.js'))};
      const rotator = { name: 'none', rotates: ['password'], shows: [], parse: (json) => json };
      const handler = rotationHandler(rotator, { log: () => {} });
      await handler(${JSON.stringify(event)}).catch(({ code, message }) => console.log(code, message));
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { env: process.env },
    );
    expect(stdout).toBe(
      `ERR_SECRETS_MANAGER_UNREACHABLE DescribeSecret of ${SecretId} got no answer (ECONNREFUSED)\n`,
    );
  });
});

test.each([
  [{ name: 'AbortError' }, 'ERR_SECRETS_MANAGER_UNREACHABLE', 'got no answer (AbortError)'],
  [
    { name: 'TimeoutError', code: 'ECONNRESET' },
    'ERR_SECRETS_MANAGER_UNREACHABLE',
    'got no answer (ECONNRESET)',
  ],
  [{ code: 'no code: a text' }, 'ERR_SECRETS_MANAGER_FAILED', 'failed with of the SDK'],
  [{ name: 'Refused', $fault: 'client', code: 'X' }, 'ERR_SECRETS_MANAGER_FAILED', 'failed with Refused'],
  [{ name: '' }, 'ERR_SECRETS_MANAGER_FAILED', 'failed with an unknown error'],
])('the SDK’s error %j is %s', async (parts, code, problem) => {
  let client: FaultyClient | undefined;
  const { begin, deliver } = await doorRig({
    client: (secrets) => {
      client = new FaultyClient(secrets);
      return client;
    },
  });
  await begin();
  client?.fail('describeSecret', Object.assign(new Error('of the SDK'), parts));
  expect(await rejection(deliver('createSecret'))).toMatchObject({
    code,
    message: expect.stringContaining(` ${problem}`),
  });
});
