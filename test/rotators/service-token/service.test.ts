import { serviceToken } from '../../../rotators/service-token/index.js';
import { jwks } from '../../../rotators/service-token/sign/index.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { TokenService, tokenRig } from '../../support/token-service.js';

const FIRST = { previous: 'prv-9Kx2-7bqw-1', current: 'crr-4Hn8-2zty-1', next: 'nxt-6Fm3-8rpd-1' };

const service = new TokenService();
beforeAll(() => service.start());
beforeEach(() => service.reset({ tokens: Object.values(FIRST) }));
afterAll(() => service.stop());

const READS = () => ({ probe: service.options().probe as (token: string) => { url: string } });

test('from setSecret on the service accepts what AWSCURRENT and AWSPENDING hold, and no more', async () => {
  const { begin, rotation, value } = await tokenRig(FIRST, service.options());
  await begin();
  await rotation().deliver('createSecret');
  expect(service.told).toEqual([]);
  await rotation().deliver('setSecret');
  const { next } = await value('AWSPENDING');
  expect(service.told.map((body) => JSON.parse(body))).toEqual([
    [FIRST.previous, FIRST.current, FIRST.next, next],
  ]);
});

test('the probe asks with what clients will send, and with what nobody has made', async () => {
  const { rotate } = await tokenRig(FIRST, service.options());
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  const [token, impostor, ...others] = service.asked;
  expect(token).toBe(FIRST.next);
  expect(Object.values(FIRST)).not.toContain(impostor);
  expect(others).toEqual([]);
});

test('a service that reads the secret and has not since the last rotation holds the next one up until it has', async () => {
  const { rotate, rotation, value } = await tokenRig(FIRST, READS());
  service.read(FIRST);
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  const current = await value('AWSCURRENT');
  const report = await rotate();
  expect(report).toMatchObject({ outcome: 'failed' });
  expect(report.steps.at(-1)).toMatchObject({
    step: 'testSecret',
    error: { code: 'ERR_CREDENTIAL_REJECTED' },
  });
  expect(await value('AWSCURRENT')).toEqual(current);
  service.read(current);
  expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
});

describe.each(['random', 'Ed25519', 'RSA'] as const)('with %s,', (kind) => {
  async function rigOf() {
    const made = await tokenRig({}, { kind });
    await made.rotate();
    const first = await made.value('AWSCURRENT');
    service.reset(kind === 'random' ? { tokens: Object.values(first) } : { jwks: jwks(first) });
    return { first, ...(await tokenRig(first, service.options(kind))) };
  }

  test.each([
    [200, 'ERR_CREDENTIAL_UNPROVEN'],
    [401, 'ERR_CREDENTIAL_REJECTED'],
    [302, 'ERR_SERVICE_FAILED'],
    [400, 'ERR_SERVICE_FAILED'],
    [403, 'ERR_RIGHTS_MISSING'],
    [429, 'ERR_SERVICE_FAILED'],
    [500, 'ERR_SERVICE_FAILED'],
  ])(
    'a service that answers %i to whatever it is asked is told as that, and no secret is',
    async (status, code) => {
      const { first, begin, rotation, value, log } = await rigOf();
      await begin();
      await rotation().deliver('createSecret');
      await rotation().deliver('setSecret');
      service.status = status;
      const error = await rejection(rotation().deliver('testSecret'));
      expect(error).toMatchObject({ code, step: 'testSecret', hint: expect.any(String) });
      expect(await value('AWSCURRENT')).toEqual(first);
      const pending = await value('AWSPENDING');
      for (const secret of [
        ...Object.values(first),
        ...Object.values(pending),
        ...service.asked.map(signatureOf),
      ]) {
        expect(leaks(allOf([error, log]), secret)).toBeUndefined();
      }
    },
  );

  test.each([
    [302, 'ERR_SERVICE_FAILED'],
    [403, 'ERR_RIGHTS_MISSING'],
    [503, 'ERR_SERVICE_FAILED'],
  ])(
    'a service that will not be told (%i) fails setSecret; another attempt goes on from there',
    async (status, code) => {
      const { first, rotate, rotation, value } = await rigOf();
      service.status = status;
      const { steps } = await rotate();
      expect(steps.at(-1)).toMatchObject({ step: 'setSecret', error: { code } });
      expect(await value('AWSCURRENT')).toEqual(first);
      expect(service.takes(first)).toBe(true);
      service.status = undefined;
      expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(service.takes(await value('AWSCURRENT'))).toBe(true);
      expect(service.takes(first)).toBe(true);
    },
  );
});

test('what a service is told of keys is their public half', async () => {
  const { rotate, value } = await tokenRig({}, service.options('RSA'));
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  const secret = await value('AWSCURRENT');
  for (const { keys } of service.told.map((body) => JSON.parse(body))) {
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  }
  // The modulus is part of both halves; what follows it in the private one is not.
  for (const pem of Object.values(secret)) {
    const secretHalf = Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64').subarray(330);
    expect(leaks(service.told.join(), secretHalf.toString('base64url'))).toBeUndefined();
  }
});

test('an unreachable service is no refusal, and AWSCURRENT stays', async () => {
  const { rotate, value } = await tokenRig(FIRST, READS());
  service.isCut = true;
  const { steps } = await rotate();
  expect(steps.at(-1)).toMatchObject({ step: 'testSecret', error: { code: 'ERR_SERVICE_UNREACHABLE' } });
  expect(await value('AWSCURRENT')).toEqual(FIRST);
});

test('other statuses can be named as refusals', async () => {
  const probe = (token: string) => ({ ...READS().probe(token), refusedBy: [401, 403] });
  const { begin, rotation } = await tokenRig(FIRST, { probe });
  await begin();
  await rotation().deliver('createSecret');
  service.status = 403;
  expect(await rejection(rotation().deliver('testSecret'))).toMatchObject({
    code: 'ERR_CREDENTIAL_REJECTED',
  });
});

test('a token that no header can hold is an error that does not quote it', async () => {
  const bad = `bad-5Rt7-2qLk\r\nx-more: 1`;
  const rig = await tokenRig({ ...FIRST, next: bad }, READS());
  await rig.begin();
  await rig.rotation().deliver('createSecret');
  const error = await rejection(rig.rotation().deliver('testSecret'));
  expect(error).toMatchObject({
    code: 'ERR_ROTATOR_FAILED',
    message: expect.stringContaining('"authorization"'),
  });
  expect(allOf(error)).not.toContain('bad-5Rt7');
  expect(service.asked).toEqual([]);
});

test('only what rotates is declared, and nothing is shown', () => {
  expect(serviceToken()).toMatchObject({ rotates: ['previous', 'current', 'next'], shows: [] });
});

/** Of a JWT, the header tells nothing. */
function signatureOf(token: string): string {
  return token.split('.').at(-1) ?? '';
}
