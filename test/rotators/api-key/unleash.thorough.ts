import { inspect } from 'node:util';
import { type ApiKeySpec, apiKey } from '../../../rotators/api-key/index.js';
import { rig, rotatorContract } from '../../../src/testing/index.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { describeIssuer } from '../../support/issuers.js';
import { startUnleash, UNLEASH, type Unleash } from '../../support/unleash.js';

/** Of a server that nobody here has written. */
const spec: ApiKeySpec = {
  name: 'unleash',
  key: 'token',
  id: 'tokenId',
  create: {
    method: 'POST',
    url: '{url}/api/admin/user/tokens',
    headers: { authorization: '{token}' },
    json: { description: '{key.name}', expiresAt: '{expiry.date}T00:00:00Z' },
    expiresInDays: 90,
    key: '/secret',
    id: '/id',
  },
  check: { url: '{url}/api/admin/user', headers: { authorization: '{token}' } },
  list: {
    url: '{url}/api/admin/user/tokens',
    headers: { authorization: '{token}' },
    items: '/pats',
    id: '/id',
    name: '/description',
    createdAt: '/createdAt',
  },
  revoke: {
    method: 'DELETE',
    url: '{url}/api/admin/user/tokens/{key.id}',
    headers: { authorization: '{token}' },
  },
};

describeIssuer(UNLEASH, 'on Unleash', (test) => {
  let unleash: Unleash;

  beforeAll(async () => {
    unleash = await startUnleash();
  }, 90_000);

  afterAll(() => unleash?.stop());

  const clauses = rotatorContract({
    rotator: () => apiKey(spec),
    reset: () => unleash.reset(),
    accepts: ({ token }) => unleash.accepts(token),
    line: () => unleash.line,
    credentials: async () => (await unleash.live()).length,
    overlaps: true,
  });
  for (const { name, run } of clauses) test(name, run);

  test('a rotation leaves two tokens live, three times over', async () => {
    const first = await unleash.reset();
    const { rotate, value, warnings } = await rig(apiKey(spec), { secret: first });
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
      expect(await unleash.live()).toEqual([previous.tokenId, current.tokenId]);
      expect(await unleash.accepts(current.token)).toBe(true);
    }
    expect(await unleash.accepts(first.token)).toBe(false);
    expect(warnings()).toEqual([]);
  });

  test('what an attempt left behind is ended, and nobody else’s token', async () => {
    const first = await unleash.reset();
    const { tokenId: theirs } = await unleash.issue('somebody else’s');
    const { secrets, begin, run, reattempt, rotate, value } = await rig(apiKey(spec), { secret: first });
    await begin();
    secrets.inject({ operation: 'PutSecretValue', kind: 'dropped' });
    expect(await run()).toMatchObject({ outcome: 'failed' });
    expect(await unleash.live()).toHaveLength(3);
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(await unleash.live()).toEqual([first.tokenId, theirs, (await value('AWSCURRENT')).tokenId]);
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(await unleash.live()).toHaveLength(3);
    expect(await unleash.live()).toContain(theirs);
  });

  test('a user who has ten tokens gets no eleventh, and keeps the ten', async () => {
    const first = await unleash.reset();
    for (let made = 1; made < 10; made++) await unleash.issue(`number ${made}`);
    const { begin, deliver, log } = await rig(apiKey(spec), { secret: first });
    await begin();
    const error = await rejection(deliver('createSecret'));
    expect(error).toMatchObject({ message: expect.stringContaining('403') });
    expect(leaks(allOf(error) + inspect(log), first.token)).toBeUndefined();
    expect(await unleash.live()).toHaveLength(10);
    expect(await unleash.accepts(first.token)).toBe(true);
  });
});
