import { createServer, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { rotationHandler } from '../../src/index.js';
import { Door, doorRotator } from '../support/door-rig.js';
import { rejection } from '../support/errors.js';
import { lambdaFor } from '../support/lambda-time.js';
import { listening } from '../support/listening.js';

const SecretId = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:door-AbCdEf';
const ClientRequestToken = 'c0ffee00-0000-4000-8000-000000000002';
const event = { Step: 'setSecret', SecretId, ClientRequestToken } as const;

const environment = { ...process.env };
let service: Server;
/** So many tries of each call it throttles before it does what it is asked; then it may say nothing at all. */
let throttles = 0;
let isSilent = false;

beforeEach(async () => {
  // By which the SDK chooses how long it waits.
  jest.spyOn(Math, 'random').mockReturnValue(0.9);
  service = createServer(async (request, response) => {
    const input = await text(request);
    const [, attempt] = /attempt=(\d+)/.exec(String(request.headers['amz-sdk-request'])) ?? [];
    if (Number(attempt) <= throttles) {
      return answer(response, 400, { __type: 'ThrottlingException', message: 'Rate exceeded' });
    }
    if (isSilent) return;
    answer(
      response,
      200,
      request.headers['x-amz-target']?.toString().endsWith('DescribeSecret') ? LABELS : secretOf(input),
    );
  });
  process.env.SECRETS_MANAGER_ENDPOINT = `http://127.0.0.1:${await listening(service)}`;
  Object.assign(process.env, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKID',
    AWS_SECRET_ACCESS_KEY: 'none',
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  process.env = { ...environment };
  throttles = 0;
  isSilent = false;
  service.close();
  service.closeAllConnections();
});

const LABELS = {
  ARN: SecretId,
  RotationEnabled: true,
  VersionIdsToStages: { [ClientRequestToken]: ['AWSPENDING'], old: ['AWSCURRENT'] },
};

function secretOf(input: string): object {
  const { VersionId = 'old' } = JSON.parse(input);
  return {
    VersionId,
    SecretString: JSON.stringify({ user: 'app', password: `password-${VersionId.slice(0, 2)}` }),
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}

const handlerOf = () => rotationHandler(doorRotator(new Door()), { log: () => {} });

test.each([
  ['in the middle of a wait between two tries', 1000, false],
  ['while a later try gets no answer', 2500, true],
])('a deadline after a throttle, %s, says so, and does not blame the network', async (_, ms, silent) => {
  throttles = silent ? 1 : 3;
  isSilent = silent;
  const error = await rejection(handlerOf()(event, (await lambdaFor(ms)).context));
  expect(error).toMatchObject({ code: 'ERR_DEADLINE', hint: expect.stringContaining('throttled') });
  expect(error).not.toMatchObject({ hint: expect.stringContaining('VPC') });
});

test('a call that is throttled, and then gets no answer, was throttled', async () => {
  throttles = 1;
  isSilent = true;
  const error = await rejection(handlerOf()(event, (await lambdaFor(30_000)).context));
  expect(error).toMatchObject({
    code: 'ERR_SECRETS_MANAGER_UNREACHABLE',
    hint: expect.stringContaining('throttled'),
  });
});

test('a container that was throttled goes on at its own speed', async () => {
  const handler = handlerOf();
  for (let step = 0; step < 3; step++) {
    throttles = 3;
    const error = await rejection(handler(event, (await lambdaFor(30_000)).context));
    expect(error).toMatchObject({ message: expect.stringContaining('ThrottlingException') });
  }
  throttles = 0;
  const before = performance.now();
  for (let step = 0; step < 4; step++) {
    await handler(event, (await lambdaFor(30_000)).context).catch(() => {});
  }
  expect(performance.now() - before).toBeLessThan(1500);
});
