import fc from 'fast-check';
import { type ServiceTokenOptions, serviceToken } from '../../../rotators/service-token/index.js';
import { jwks, sign } from '../../../rotators/service-token/sign/index.js';
import { accepts, verified } from '../../../rotators/service-token/verify/index.js';
import type { Step } from '../../../src/index.js';
import { allOf, rejection } from '../../support/errors.js';
import { tokenRig } from '../../support/token-service.js';

type Secret = Record<string, unknown>;

/** A client and a service, each with its own copy of the secret. */
const KINDS: readonly {
  options: ServiceTokenOptions;
  isServed: (client: Secret, service: Secret) => boolean;
}[] = [
  { options: { kind: 'random' }, isServed: (client, service) => accepts(service, client.current) },
  {
    options: { kind: 'Ed25519' },
    isServed: (client, service) => verified(jwks(service), sign(client, { sub: 'client' })) !== undefined,
  },
];

describe.each(KINDS)('with $options.kind,', ({ options, isServed }) => {
  test('who is one rotation late is never refused, on either side; who is two late is', async () => {
    const { rotate, value } = await tokenRig({}, options);
    const copies: Secret[] = [];
    for (let n = 0; n <= 10; n++) {
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      copies.push(await value('AWSCURRENT'));
    }
    for (const [n, copy] of copies.entries()) {
      expect(isServed(copy, copy)).toBe(true);
      const [next, afterNext] = [copies[n + 1], copies[n + 2]];
      if (next) expect([isServed(copy, next), isServed(next, copy)]).toEqual([true, true]);
      // The first copy has one key for two: there was nothing before it.
      if (afterNext) expect([isServed(copy, afterNext), isServed(afterNext, copy)]).toEqual([false, false]);
    }
  });

  test('a rotation makes one value, and moves the others', async () => {
    const { rotate, value } = await tokenRig({}, options);
    await rotate();
    const before = await value('AWSCURRENT');
    await rotate();
    const after = await value('AWSCURRENT');
    expect([after.previous, after.current]).toEqual([before.current, before.next]);
    expect(Object.values(before)).not.toContain(after.next);
  });
});

test('a secret with only "current" keeps it for one rotation, and says so: services know no other yet', async () => {
  const first = { owner: 'team-a', current: 'crr-4Hn8-2zty' };
  const { rotate, value, log } = await tokenRig(first);
  const copies: Secret[] = [first];
  for (let n = 0; n < 3; n++) {
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    copies.push(await value('AWSCURRENT'));
  }
  expect(copies[1]).toEqual({
    owner: 'team-a',
    previous: first.current,
    current: first.current,
    next: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(copies[2]?.current).toBe(copies[1]?.next);
  for (const [n, copy] of copies.entries()) {
    const next = copies[n + 1];
    if (next) expect([accepts(next, copy.current), accepts(copy, next.current)]).toEqual([true, true]);
  }
  const warned = log.filter(({ warnings }) => warnings).map(({ step }) => step);
  expect(warned).toEqual(['createSecret']);
  expect(allOf(log)).not.toContain(first.current);
});

test('with "previous" taken out by hand, as for one that leaked, the next rotation is as any other', async () => {
  const { rotate, value } = await tokenRig({ current: 'crr-4Hn8-2zty', next: 'nxt-6Fm3-8rpd' });
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  expect(await value('AWSCURRENT')).toMatchObject({ previous: 'crr-4Hn8-2zty', current: 'nxt-6Fm3-8rpd' });
});

test.each([
  [{ next: 'nxt-6Fm3-8rpd' }, '"current" is missing'],
  [{ current: 7 }, '"current" must be a string that is not empty'],
  [{ current: '' }, '"current" must be a string that is not empty'],
  [{ current: 'crr-4Hn8-2zty', next: ['nxt-6Fm3-8rpd'] }, '"next" must be a string that is not empty'],
  [{ current: '-----BEGIN PRIVATE KEY-----\nhunter2hunter2' }, '"current" of AWSCURRENT is not a token'],
])('of %j nothing is made, and nothing quoted', async (secret, problem) => {
  const { begin, rotation, secrets } = await tokenRig(secret);
  const token = await begin();
  const error = await rejection(rotation().deliver('createSecret'));
  expect(error).toMatchObject({ code: 'ERR_SECRET_MALFORMED', message: expect.stringContaining(problem) });
  expect(allOf(error)).not.toMatch(/nxt-6Fm3|crr-4Hn8|hunter2/);
  await expect(secrets.getSecretValue({ SecretId: 'token', VersionId: token })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test.each([
  'random text of old',
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n',
])('a secret of tokens does not become one of keys (%j)', async (current) => {
  const { begin, rotation } = await tokenRig({ current }, { kind: 'Ed25519' });
  await begin();
  expect(await rejection(rotation().deliver('createSecret'))).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
});

test('keys of one algorithm give way to those of another, one rotation after the other', async () => {
  const first = await tokenRig({}, { kind: 'RSA' });
  await first.rotate();
  const { rotate, value } = await tokenRig(await first.value('AWSCURRENT'), { kind: 'Ed25519' });
  const algorithms: unknown[] = [];
  let before: Secret = await value('AWSCURRENT');
  for (let n = 0; n < 3; n++) {
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const after = await value('AWSCURRENT');
    expect(verified(jwks(after), sign(before, {}))).toEqual({});
    expect(verified(jwks(before), sign(after, {}))).toEqual({});
    algorithms.push(jwks(after).keys.map(({ alg }) => alg));
    before = after;
  }
  expect(algorithms).toEqual([
    ['RS256', 'RS256', 'EdDSA'],
    ['RS256', 'EdDSA', 'EdDSA'],
    ['EdDSA', 'EdDSA', 'EdDSA'],
  ]);
});

test('RotateImmediately=false tests what is there, and changes nothing', async () => {
  const first = { previous: 'prv-9Kx2-7bqw', current: 'crr-4Hn8-2zty', next: 'nxt-6Fm3-8rpd' };
  for (const secret of [first, { current: first.current }]) {
    const { begin, rotation, value } = await tokenRig(secret);
    await begin({ RotateImmediately: false });
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await value('AWSCURRENT')).toEqual(secret);
  }
  const { begin, rotation } = await tokenRig({});
  await begin({ RotateImmediately: false });
  expect(await rejection(rotation().deliver('testSecret'))).toMatchObject({
    code: 'ERR_CREDENTIAL_REJECTED',
    hint: expect.stringContaining('before its first rotation'),
  });
});

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

describe.each(['createSecret', 'setSecret', 'testSecret'] as const)(
  'a rotation that stops after %s',
  (last) => {
    test('and is given up leaves clients and services as they were; the next one goes on from there', async () => {
      const { begin, rotation, rotate, value, secrets } = await tokenRig({});
      await rotate();
      const before = await value('AWSCURRENT');
      const token = await begin();
      for (const step of STEPS.slice(0, STEPS.indexOf(last) + 1)) await rotation().deliver(step);
      const dropped = await value('AWSPENDING');
      await secrets.cancelRotateSecret({ SecretId: 'token' });
      await secrets.updateSecretVersionStage({
        SecretId: 'token',
        VersionStage: 'AWSPENDING',
        RemoveFromVersionId: token,
      });
      expect(await value('AWSCURRENT')).toEqual(before);
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      const after = await value('AWSCURRENT');
      expect([after.previous, after.current]).toEqual([before.current, before.next]);
      expect(after.next).not.toBe(dropped.next);
      // Nobody had read it.
      expect(accepts(after, dropped.next)).toBe(false);
    });

    test('while AWSCURRENT is moved back is refused, and once AWSPENDING is dropped the next one succeeds', async () => {
      const { begin, rotation, rotate, value, secrets } = await tokenRig({});
      await rotate();
      await rotate();
      const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
      const token = await begin();
      for (const step of STEPS.slice(0, STEPS.indexOf(last) + 1)) await rotation().deliver(step);
      await moveBack(secrets);
      const error = await rejection(
        rotation()
          .run()
          .then(({ steps }) => Promise.reject(steps.at(-1)?.error)),
      );
      expect(error).toMatchObject({
        code: 'ERR_PENDING_MISMATCH',
        hint: expect.stringContaining(`--remove-from-version-id ${token}`),
      });
      expect(await value('AWSCURRENT')).toEqual(previous);
      await secrets.updateSecretVersionStage({
        SecretId: 'token',
        VersionStage: 'AWSPENDING',
        RemoveFromVersionId: token,
      });
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      expect((await value('AWSCURRENT')).current).toBe(current.current);
    });
  },
);

type Secrets = Awaited<ReturnType<typeof tokenRig>>['secrets'];

async function dropPending(secrets: Secrets, token: string): Promise<void> {
  await secrets.updateSecretVersionStage({
    SecretId: 'token',
    VersionStage: 'AWSPENDING',
    RemoveFromVersionId: token,
  });
}

async function moveBack(secrets: Secrets): Promise<void> {
  const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: 'token' });
  const idOf = (label: string) =>
    Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes(label));
  const [from, to] = [idOf('AWSCURRENT'), idOf('AWSPREVIOUS')];
  if (from === undefined || to === undefined) return;
  await secrets.updateSecretVersionStage({
    SecretId: 'token',
    VersionStage: 'AWSCURRENT',
    RemoveFromVersionId: from,
    MoveToVersionId: to,
  });
}

test('whatever becomes of rotations and labels, AWSCURRENT never goes more than one step at a time', async () => {
  const event = fc.constantFrom('begin', 'run', 'moveBack', 'drop', ...STEPS);
  let moves = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 40, size: 'max' }), async (events) => {
      const { begin, rotation, value, secrets } = await tokenRig({ current: 'crr-4Hn8-2zty' });
      const acts: Record<(typeof events)[number], () => Promise<unknown>> = {
        begin: () => begin(),
        run: () =>
          begin()
            .catch(() => {})
            .then(() => rotation().run()),
        moveBack: () => moveBack(secrets),
        drop: () => dropPending(secrets, String(rotation().token)),
        createSecret: () => whileKnown().then(() => rotation().deliver('createSecret')),
        setSecret: () => afterCreate('setSecret'),
        testSecret: () => afterCreate('testSecret'),
        finishSecret: () => afterCreate('finishSecret'),
      };
      // The engine would wait seconds for a version or a value to come up, and nothing would come of it.
      const whileKnown = async (): Promise<void> => {
        const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: 'token' });
        if (!VersionIdsToStages[String(rotation().token)]) throw new Error('dropped');
      };
      const afterCreate = (step: Step) => value('AWSPENDING').then(() => rotation().deliver(step));
      let before: Secret = await value('AWSCURRENT');
      for (const next of events) {
        // A call that is refused, as there is no rotation, must have changed nothing.
        await Promise.resolve()
          .then(acts[next])
          .catch(() => {});
        const after = await value('AWSCURRENT');
        expect([accepts(before, after.current), accepts(after, before.current)]).toEqual([true, true]);
        if (after.current !== before.current) moves++;
        before = after;
      }
    }),
    { numRuns: 60, seed: 20261124 },
  );
  expect(moves).toBeGreaterThan(100);
});

test.each([
  [{ kind: 'HS256' }, 'kind must be random, Ed25519 or RSA'],
  [{ kind: 'RSA', modulusLength: 1024 }, 'modulusLength must be'],
  [{ kind: 'RSA', modulusLength: 2048.5 }, 'modulusLength must be'],
])('the options %j are refused when the rotator is made', (options, problem) => {
  expect(() => serviceToken(options as ServiceTokenOptions)).toThrow(problem);
});

test('a random token has 256 bits, and needs no quoting', async () => {
  const { rotate, value } = await tokenRig({});
  await rotate();
  for (const token of Object.values(await value('AWSCURRENT'))) expect(token).toMatch(/^[\w-]{43}$/);
});
