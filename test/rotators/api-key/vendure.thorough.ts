import { issuedKey, type Json, RotationError, request, stringField } from '../../../src/index.js';
import { STEPS, type Step } from '../../../src/step.js';
import { type Fault, rig, rotatorContract } from '../../../src/testing/index.js';
import { rejection } from '../../support/errors.js';
import { describeIssuer } from '../../support/issuers.js';
import { tried } from '../../support/thorough.js';
import { startVendure, VENDURE, type Vendure } from '../../support/vendure.js';

type VendureSecret = { url: string; keyId: string; key: string };
type Listed = { id: string; name: string; createdAt: string };

/** Of a server that nobody here has written, and that speaks GraphQL: what it refuses has status 200 as well. */
const vendure = () =>
  issuedKey({
    name: 'vendure',
    rotates: ['key', 'keyId'],
    shows: ['url'],
    id: 'keyId',
    parse: (json: Json): VendureSecret => ({
      url: stringField(json, 'url'),
      keyId: stringField(json, 'keyId'),
      key: stringField(json, 'key'),
    }),
    issuesWithItsOwnKey: () => true,
    async issue(name, current, { signal, hide }) {
      const { apiKey } = await ask<{ apiKey: { user: { roles: { id: string }[] } } }>(
        'read the roles of the key',
        current,
        'query ($id: ID!) { apiKey(id: $id) { user { roles { id } } } }',
        { id: current.keyId },
        signal,
      );
      const roleIds = apiKey.user.roles.map(({ id }) => id);
      const { createApiKey } = await ask<{ createApiKey: { apiKey: string; entityId: string } }>(
        'create a key',
        current,
        'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey entityId } }',
        { input: { roleIds, translations: [{ languageCode: 'en', name }] } },
        signal,
      );
      hide(createApiKey.apiKey);
      return { key: createApiKey.apiKey, keyId: createApiKey.entityId };
    },
    async list(secret, { signal }) {
      const keys: Listed[] = [];
      for (;;) {
        const { apiKeys } = await ask<{ apiKeys: { totalItems: number; items: Listed[] } }>(
          'list the keys',
          secret,
          `query ($skip: Int) {
            apiKeys(options: { skip: $skip, sort: { id: ASC } }) { totalItems items { id name createdAt } }
          }`,
          { skip: keys.length },
          signal,
        );
        keys.push(...apiKeys.items);
        if (keys.length >= apiKeys.totalItems || apiKeys.items.length === 0)
          return keys.map(({ createdAt, ...key }) => ({ ...key, createdAt: new Date(createdAt) }));
      }
    },
    async revoke(id, secret, { signal }) {
      const end = 'mutation ($id: ID!) { deleteApiKeys(ids: [$id]) { result } }';
      await ask('end a key', secret, end, { id }, signal, 'ENTITY_NOT_FOUND');
    },
    async probe(secret, { signal }) {
      const look = 'query ($id: ID!) { apiKey(id: $id) { lookupId } }';
      const found = await ask<{ apiKey: { lookupId: string } | null } | undefined>(
        'check the key',
        secret,
        look,
        { id: secret.keyId },
        signal,
        'FORBIDDEN',
      );
      if (found === undefined) return 'rejected';
      if (secret.key.startsWith(`${found.apiKey?.lookupId}:`)) return 'accepted';
      throw new RotationError('ERR_SECRET_MALFORMED', '"keyId" is the id of another key');
    },
  });

/** @returns nothing if it is refused by the code that the caller expects */
async function ask<Answer>(
  doing: string,
  { url, key }: VendureSecret,
  query: string,
  variables: object,
  signal: AbortSignal,
  expected?: string,
): Promise<Answer> {
  const response = await request({
    doing,
    method: 'POST',
    url: `${url}/admin-api`,
    headers: { 'content-type': 'application/json', 'vendure-api-key': key },
    body: JSON.stringify({ query, variables }),
    signal,
  });
  if (response.status !== 200) throw response.failure();
  const { data, errors } = response.json() as { data: Answer; errors?: { extensions: { code: string } }[] };
  if (errors === undefined) return data;
  const codes = errors.map(({ extensions }) => extensions.code);
  if (codes.length === 1 && codes[0] === expected) return undefined as Answer;
  throw new RotationError('ERR_SERVICE_FAILED', `could not ${doing}: Vendure answered ${codes.join(', ')}`);
}

type Crash = { step: Step; message: number } | (Fault & { operation: string });

describeIssuer(VENDURE, 'on Vendure', (test) => {
  let shop: Vendure;

  beforeAll(async () => {
    shop = await startVendure();
  }, 90_000);

  afterAll(() => shop?.stop());

  const clauses = rotatorContract({
    rotator: vendure,
    reset: () => shop.reset(),
    accepts: ({ key }) => shop.accepts(key),
    line: () => shop.line,
    credentials: async () => (await shop.live()).length,
    overlaps: true,
  });
  for (const { name, run } of tried(clauses, 'never')) test(name, run);

  /** What happens at a message of a step, or at a call to Secrets Manager. A list has two pages. */
  const CRASHES: readonly Crash[] = [
    { step: 'createSecret', message: 1 }, // The roles were read.
    { step: 'createSecret', message: 2 }, // The key was issued.
    { operation: 'PutSecretValue', kind: 'dropped', when: 'before' },
    { operation: 'PutSecretValue', kind: 'dropped', when: 'after' },
    { step: 'testSecret', message: 1 },
    { step: 'finishSecret', message: 1 }, // The first page.
    { step: 'finishSecret', message: 2 }, // The second.
    { step: 'finishSecret', message: 3 }, // The key was ended.
    { step: 'finishSecret', message: 4 }, // It was tried.
    { operation: 'UpdateSecretVersionStage', kind: 'dropped', when: 'before' },
  ];

  test('dies at each kind of call, and rotates: no live key is lost, and none is less or more restricted', async () => {
    const first = await shop.reset();
    const others: string[] = [];
    for (let n = 1; n <= 4; n++) others.push((await shop.issue(`of an application ${n}`)).keyId);
    const { secrets, begin, deliver, run, reattempt, rotate, value, warnings } = await rig(vendure(), {
      secret: first,
    });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const rolesOf = async (id: string) =>
      (await shop.live())
        .find((key) => key.id === id)
        ?.user.roles.map(({ code }) => code)
        .sort();
    for (const crash of CRASHES) {
      await begin();
      if ('operation' in crash) {
        const ordered = secrets.inject(crash);
        expect(await run()).toMatchObject({ outcome: 'failed' });
        expect(ordered.hits).toBe(1);
      } else {
        for (const before of STEPS.slice(0, STEPS.indexOf(crash.step))) await deliver(before);
        shop.line.failAt(crash.message, 'dead');
        await rejection(deliver(crash.step));
        expect(shop.line.mend()).toBe(true);
      }
      expect(await shop.accepts((await value('AWSCURRENT')).key)).toBe(true);
      expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
      const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
      expect(await shop.accepts(current.key)).toBe(true);
      expect(await shop.accepts(previous.key)).toBe(true);
      const live = (await shop.live()).map(({ id }) => id);
      expect(live).toEqual([...others, previous.keyId, current.keyId]);
      expect(await rolesOf(current.keyId)).toEqual(['role-0', 'role-1']);
    }
    expect(await rolesOf(others[0] ?? '')).toEqual(['role-1']);
    expect(warnings()).toEqual([]);
  });
});
