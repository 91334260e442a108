import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { inspect, promisify } from 'node:util';
import { iam } from '../../../rotators/iam/index.js';
import { lineTo, rig, rotatorContract, type TcpLine } from '../../../src/testing/index.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { IamServer } from '../../support/iam-server.js';
import { certificate } from '../../support/postgres.js';
import { tried } from '../../support/thorough.js';

const AN_HOUR = 3_600_000;
const SIXTEEN_MINUTES = 960_000;
/** In Jest the SDK does not keep the code that tells the two apart. */
const UNREACHED = { code: expect.stringMatching(/^ERR_SERVICE_(UNREACHABLE|TIMEOUT)$/) };

let server: IamServer;
let line: TcpLine;

beforeAll(async () => {
  server = await IamServer.start();
  line = await lineTo(server.port);
  const url = `http://${line.host}:${line.port}`;
  Object.assign(process.env, { AWS_ENDPOINT_URL_IAM: url, AWS_ENDPOINT_URL_STS: url });
});

afterAll(async () => {
  await line.close();
  await server.stop();
});

beforeEach(() => {
  server.reset();
  line.mend();
  // A second for each key: IAM shows no more than seconds.
  let made = 0;
  const startedAt = Date.now();
  server.account.now = () => startedAt + 1000 * made++;
  server.account.users.set('app', []);
  server.account.users.set('other', []);
});

afterEach(() => jest.restoreAllMocks());

/** A rotator that waits for nobody. */
const quick = iam({ ownsEveryKey: true, propagationMs: 0 });

const rigFor = (rotator = quick) => rig(rotator, { secret: server.account.issue('app') });

describe('the contract', () => {
  const clauses = rotatorContract({
    rotator: () => iam({ ownsEveryKey: true, propagationMs: 0 }),
    reset() {
      server.reset();
      let made = 0;
      // So long ago that what a failed attempt leaves behind makes room at once: the suite does not wait for 15 minutes.
      server.account.now = () => Date.now() - AN_HOUR + 1000 * made++;
      server.account.users.set('app', []);
      return server.account.issue('app');
    },
    accepts: ({ accessKeyId, secretAccessKey }) => server.account.accepts(accessKeyId, secretAccessKey),
    line: () => line,
    credentials: () => server.account.live('app').length,
    overlaps: true,
  });
  test.each(tried(clauses))('$name', ({ run }) => run());
});

describe('a rotation', () => {
  test('on a schedule warns of no end of a key: there is none', async () => {
    const { rotate, warnings } = await rigFor();
    const RotationRules = { ScheduleExpression: 'rate(90 days)' };
    expect(await rotate({ RotationRules })).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([]);
  });

  test('leaves two keys live, three times over', async () => {
    const { rotate, value, warnings } = await rigFor();
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
      expect(server.account.live('app')).toEqual([previous.accessKeyId, current.accessKeyId]);
      expect(server.account.accepts(current.accessKeyId, current.secretAccessKey)).toBe(true);
      expect(current.userName).toBe('app');
    }
    expect(warnings()).toEqual([]);
  });

  test('makes room before it makes a key, and nothing inactive', async () => {
    const { rotate, value } = await rigFor();
    await rotate();
    const { accessKeyId } = await value('AWSPREVIOUS');
    server.requests.length = 0;
    await rotate();
    expect(server.actions()).toEqual([
      ...['ListAccessKeys', 'GetCallerIdentity', 'ListAccessKeys', 'DeleteAccessKey', 'CreateAccessKey'],
      // Once more, whatever the list says: it may be late.
      ...['GetCallerIdentity', 'ListAccessKeys', 'DeleteAccessKey'],
      // Ended means refused, several times in a row.
      ...Array(4).fill('GetCallerIdentity'),
      // And it is not everybody who is refused.
      'GetCallerIdentity',
    ]);
    expect(server.requests[3]?.params).toMatchObject({ UserName: 'app', AccessKeyId: accessKeyId });
  });

  test('reads all pages of the list', async () => {
    server.account.pageSize = 1;
    const { rotate } = await rigFor();
    await rotate();
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(server.account.live('app')).toHaveLength(2);
  });

  test('waits until AWS knows the new key', async () => {
    server.account.lag = 3;
    const { rotate, value } = await rigFor(iam({ ownsEveryKey: true, propagationMs: 5000 }));
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(server.actions().filter((action) => action === 'GetCallerIdentity')).toHaveLength(8);
    expect(server.account.live('app').at(-1)).toBe((await value('AWSCURRENT')).accessKeyId);
  });

  test('ends its wait: a key that AWS does not get to know is a rejected key', async () => {
    server.account.lag = 100;
    const { rotate, value } = await rigFor(iam({ ownsEveryKey: true, propagationMs: 250 }));
    const first = server.account.live('app');
    expect((await rotate()).steps.at(-1)).toMatchObject({
      step: 'testSecret',
      error: { code: 'ERR_CREDENTIAL_REJECTED' },
    });
    expect([(await value('AWSCURRENT')).accessKeyId]).toEqual(first);
    expect(server.account.live('app')).toEqual([...first, (await value('AWSPENDING')).accessKeyId]);
  });

  test('does not move AWSCURRENT before all of AWS knows the new key', async () => {
    server.account.firstChecks = [true, false, true, true, false, false];
    const { rotate, value } = await rigFor(iam({ ownsEveryKey: true, settleMs: 60 }));
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const { accessKeyId } = await value('AWSCURRENT');
    for (let reader = 1; reader <= 6; reader++) expect(server.account.lookUp(accessKeyId)).toBeDefined();
  });

  test.each([
    [2, undefined, 'succeeded'],
    [Number.POSITIVE_INFINITY, undefined, 'failed'],
    [Number.POSITIVE_INFINITY, 'late', 'succeeded'],
  ] as const)(
    'tries the deleted key, which works %d times, with ends %s: %s',
    async (echoes, ends, outcome) => {
      server.account.echoes = echoes;
      const { rotate, value, log } = await rigFor(iam({ ownsEveryKey: true, propagationMs: 0, ends }));
      await rotate();
      const [first, second] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
      const { steps } = await rotate();
      expect(steps.at(-1)).toMatchObject({ step: 'finishSecret' });
      const error = steps.at(-1)?.error;
      if (outcome === 'succeeded') {
        expect(error).toBeUndefined();
        expect(log.at(-1)?.endedKeyWorks).toBe(ends && 1);
      } else {
        expect(error).toMatchObject({
          code: 'ERR_KEY_STILL_WORKS',
          message: expect.stringContaining(first.accessKeyId),
        });
        expect(await value('AWSCURRENT')).toEqual(second);
      }
    },
  );

  test.each(['DeleteConflict', 'EntityTemporarilyUnmodifiable'])(
    'takes no 409 (%s) for the end of a key',
    async (code) => {
      const { rotate, value } = await rigFor();
      await rotate();
      const [first, second] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
      server.account.refusesToDelete = code;
      expect(await rotate()).toMatchObject({ outcome: 'failed' });
      expect(await value('AWSCURRENT')).toEqual(second);
      expect(server.account.live('app')).toEqual([first.accessKeyId, second.accessKeyId]);
    },
  );

  test('with RotateImmediately=false only asks whose the key is', async () => {
    const { begin, run } = await rigFor();
    await begin({ RotateImmediately: false });
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(server.actions()).toEqual(['GetCallerIdentity']);
  });
});

describe('a lost answer', () => {
  test('of CreateAccessKey is not asked for again, and the stray makes room after 15 minutes', async () => {
    const { begin, run, reattempt, rotate, value } = await rigFor();
    await begin();
    server.lost.add('CreateAccessKey');
    expect((await run()).steps.at(-1)?.error).toMatchObject(UNREACHED);
    const [first = '', stray = ''] = server.account.live('app');
    expect(server.actions().filter((action) => action === 'CreateAccessKey')).toHaveLength(1);

    expect((await reattempt()).steps.at(-1)?.error).toMatchObject({
      code: 'ERR_SERVICE_FULL',
      message: expect.stringContaining(stray),
    });
    expect(server.account.live('app')).toEqual([first, stray]);

    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + SIXTEEN_MINUTES);
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    jest.restoreAllMocks();
    expect(server.account.live('app')).toEqual([first, (await value('AWSCURRENT')).accessKeyId]);
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(server.account.live('app')).not.toContain(stray);
    expect(server.account.live('app')).toHaveLength(2);
  });

  test('of PutSecretValue, before it took effect, leaves no live stray in the end', async () => {
    const { secrets, begin, run, reattempt, rotate, value } = await rigFor();
    await begin();
    secrets.inject({ operation: 'PutSecretValue', kind: 'dropped' });
    await run();
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + SIXTEEN_MINUTES);
    await reattempt();
    await rotate();
    jest.restoreAllMocks();
    const held = [await value('AWSPREVIOUS'), await value('AWSCURRENT')].map(
      ({ accessKeyId }) => accessKeyId,
    );
    expect(server.account.live('app')).toEqual(held);
  });

  test('of DeleteAccessKey is asked for again, and "not found" is success', async () => {
    const { rotate, value } = await rigFor();
    await rotate();
    server.lost.add('DeleteAccessKey');
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(server.account.live('app')).toEqual([
      (await value('AWSPREVIOUS')).accessKeyId,
      (await value('AWSCURRENT')).accessKeyId,
    ]);
  });
});

describe('a key that is not this secret’s', () => {
  test('stays, if the user is not declared to be for this secret alone, and is named', async () => {
    const { rotate, value } = await rigFor(iam({ propagationMs: 0 }));
    const { accessKeyId: other } = server.account.issue('app');
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + SIXTEEN_MINUTES);
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({
      code: 'ERR_SERVICE_FULL',
      message: expect.stringContaining(other),
    });
    expect(server.account.live('app')).toEqual([(await value('AWSCURRENT')).accessKeyId, other]);
  });

  test('of another user makes no key for that user', async () => {
    const { accessKeyId } = server.account.issue('other');
    const { secretAccessKey } = server.account.issue('app');
    const { rotate } = await rig(quick, { secret: { userName: 'other', accessKeyId, secretAccessKey } });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
    const { rotate: rotateMine } = await rig(quick, {
      secret: {
        ...server.account.issue('app'),
        userName: 'other',
      },
    });
    expect((await rotateMine()).steps.at(-1)?.error).toMatchObject({
      code: 'ERR_CREDENTIAL_REJECTED',
      message: expect.stringContaining('"other" has no access key'),
    });
    expect(server.account.live('other')).toEqual([accessKeyId]);
    expect(server.actions()).not.toContain('CreateAccessKey');
    expect(server.actions()).not.toContain('DeleteAccessKey');
  });

  test('is told from one that is, when it is tested', async () => {
    const { begin, run } = await rig(quick, {
      secret: { ...server.account.issue('app'), userName: 'other' },
    });
    await begin({ RotateImmediately: false });
    expect((await run()).steps.at(-1)?.error).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining('user/apps/app, not to the user "other"'),
    });
  });

  test('is deleted by nobody when AWSCURRENT is dead', async () => {
    const { rotate } = await rigFor();
    server.account.users.set('app', []);
    const { accessKeyId } = server.account.issue('app');
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
    expect(server.account.live('app')).toEqual([accessKeyId]);
  });
});

describe('what went wrong with AWS', () => {
  test.each([
    ['CreateAccessKey', 'createSecret'],
    ['ListAccessKeys', 'createSecret'],
  ])('a denied %s is said to be a missing right', async (action, step) => {
    server.denied.add(action);
    const { rotate } = await rigFor();
    const first = server.account.live('app');
    expect((await rotate()).steps.at(-1)).toMatchObject({
      step,
      error: { code: 'ERR_RIGHTS_MISSING', message: `iam:${action} of "app" was denied` },
    });
    expect(server.account.live('app')).toEqual(first);
  });

  test('a user that is gone is missing', async () => {
    const { rotate } = await rigFor();
    server.account.users.delete('app');
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_USER_MISSING' });
  });

  test('a throttled call is tried again by the SDK', async () => {
    const { begin, deliver } = await rigFor();
    await begin();
    server.throttles = 1;
    await deliver('createSecret');
    expect(server.actions().filter((action) => action === 'ListAccessKeys')).toHaveLength(3);
  });

  test('a timeout is not a refusal', async () => {
    const { begin, deliver } = await rigFor();
    await begin();
    await deliver('createSecret');
    server.isUnplugged = true;
    expect(await rejection(deliver('testSecret'))).toMatchObject(UNREACHED);
  });

  // In a separate process, on the built package: in Jest's realm the SDK does not know Node's errors for errors.
  test('a server that nobody vouches for did not answer, like a port where nobody listens', async () => {
    const [key, cert] = await Promise.all([certificate('server.key'), certificate('server.pem')]);
    const stranger = createServer({ key, cert }).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    const script = `
      import { iam } from 'quarterturn/rotators/iam';
      const secret = { userName: 'app', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' };
      const context = { signal: AbortSignal.timeout(20_000), leftMs: 20_000 };
      for (const url of process.argv.slice(1)) {
        process.env.AWS_ENDPOINT_URL_STS = url;
        const tested = iam({ propagationMs: 0 }).testSecret(secret, context);
        await tested.catch(({ code, message }) => console.log(code, message));
      }`;
    const urls = [`https://localhost:${port}`, 'http://127.0.0.1:1'];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script, ...urls],
      { env: { ...process.env, AWS_REGION: 'eu-west-1', NODE_NO_WARNINGS: '1' } },
    ).finally(() => stranger.close());
    const reached = 'ERR_SERVICE_UNREACHABLE sts:GetCallerIdentity with the key itself did not reach AWS';
    expect(stdout).toBe(`${reached} (UNABLE_TO_VERIFY_LEAF_SIGNATURE)\n${reached} (ECONNREFUSED)\n`);
  });

  test('an answer that cannot be read gives nothing of the key away', async () => {
    const { begin, deliver, log } = await rigFor();
    await begin();
    server.garbled.add('CreateAccessKey');
    const error = await rejection(deliver('createSecret'));
    const { secret = '' } = server.account.users.get('app')?.at(-1) ?? {};
    expect(error).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
    expect(leaks(allOf(error) + inspect(log), secret)).toBeUndefined();
  });
});

test('an option that cannot be is refused at once', () => {
  expect(() => iam({ propagationMs: -1 })).toThrow(RangeError);
});
