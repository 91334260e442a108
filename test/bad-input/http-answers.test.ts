import fc from 'fast-check';
import { type ApiKeySpec, apiKey } from '../../rotators/api-key/index.js';
import { entra } from '../../rotators/entra/index.js';
import { request } from '../../src/index.js';
import { ProviderServer } from '../support/provider-server.js';
import { PASSWORD } from './corpus.js';
import { ending } from './ending.js';
import { ADMIN, anyAnswer, GOOD, type HttpAnswer, ISSUED, send } from './http-answer.js';
import { runs } from './runs.js';
import { answerOf, StubbedSecrets, TOKEN } from './stub.js';

const GUID = '0f8fad5b-d9cb-469f-a165-70867728950e';

let provider: ProviderServer;
beforeAll(async () => {
  provider = await ProviderServer.start(() => [500]);
});
afterEach(() => {
  provider.impostor = undefined;
});
afterAll(() => provider.stop());

/** The server gives these answers, one after the other, and the last again and again. */
function answering(answers: readonly HttpAnswer[]): void {
  let count = 0;
  provider.impostor = (asked, response) => {
    asked.resume();
    const next = answers[Math.min(count++, answers.length - 1)];
    if (next) send(response, next);
  };
}

test('an answer of any kind is read, or fails with nothing of it in the error', async () => {
  await fc.assert(
    fc.asyncProperty(anyAnswer, async (given) => {
      answering([given]);
      const call = { doing: 'try', url: `${provider.url}/${ADMIN}`, headers: { 'x-key': PASSWORD } };
      const work = request({ ...call, signal: new AbortController().signal, limitMs: 3000 });
      // An error shows the origin of a redirect on purpose.
      const echoed = String(given.body)
        .trim()
        .slice(0, 3000)
        .split(/"\w+":/);
      const hidden = { values: [PASSWORD, ADMIN, ISSUED, ...echoed] };
      if (await ending(work, hidden)) return;
      const response = await work;
      expect(response.status).toBe(given.status);
      for (const read of [response.text, response.json]) await ending((async () => read())(), hidden);
      expect(await ending(Promise.reject(response.failure()), hidden)).toBeDefined();
    }),
    runs(30),
  );
});

/** Few answers are odd, so that the others are reached. */
const dialogue = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constant(GOOD) }, anyAnswer), { maxLength: 6 })
  .map((answers) => [...answers, GOOD]);

const headers = { 'x-admin': '{admin.key}' };
const spec = (): ApiKeySpec => ({
  name: 'desk',
  key: 'key',
  id: 'keyId',
  admin: 'adminSecretArn',
  create: {
    method: 'POST',
    url: '{url}/keys',
    headers,
    json: { name: '{key.name}' },
    key: '/key',
    id: '/id',
  },
  check: { url: '{url}/self', headers: { 'x-key': '{key}' }, id: '/id' },
  list: {
    url: '{url}/keys',
    headers,
    items: '/keys',
    id: '/id',
    name: '/name',
    createdAt: '/at',
    pages: { parameter: 'after', next: '/next' },
  },
  revoke: { method: 'DELETE', url: '{url}/keys/{key.id}', headers },
});

/** A rotator, and its secret and the administrator's, as JSON. */
const KINDS = [
  [
    'apiKey',
    () => apiKey(spec()),
    () => ({ key: PASSWORD, keyId: 'k1', url: provider.url, adminSecretArn: 'boss' }),
    () => ({ key: ADMIN, url: provider.url }),
  ],
  [
    'entra',
    () => entra({ cloud: { login: provider.url, graph: provider.url }, propagationMs: 0 }),
    () => ({
      tenantId: 'example.com',
      clientId: GUID,
      clientSecret: PASSWORD,
      keyId: 'k1',
      masterarn: 'boss',
    }),
    () => ({ tenantId: 'example.com', clientId: GUID, clientSecret: ADMIN }),
  ],
] as const;

test.each(KINDS)(
  '%s stores a whole key that a provider issues, or nothing, and quotes no answer',
  async (_, rotator, secret, admin) => {
    const steps = fc.constantFrom('createSecret', 'testSecret', 'finishSecret');
    await fc.assert(
      fc.asyncProperty(steps, dialogue, async (step, answers) => {
        answering(answers);
        const secrets = new StubbedSecrets(rotator(), {
          current: answerOf(secret()),
          ...(step !== 'createSecret' && { pending: answerOf(secret(), TOKEN) }),
          others: { boss: answerOf(admin()) },
        });
        // An id is shown by design, unless it is what is hidden as a key.
        const hidden = { values: [PASSWORD, ADMIN, ISSUED], log: secrets.log };
        const error = await ending(secrets.take(step, 1500), hidden);
        const writes = secrets.client.writes();
        if (error) return expect(writes).toEqual([]);
        expect(writes).toHaveLength(step === 'testSecret' ? 0 : 1);
        if (step !== 'createSecret') return;
        const stored = JSON.parse(String(writes[0]?.input.SecretString));
        expect(Object.keys(stored)).toEqual(Object.keys(secret()));
        for (const value of Object.values(stored)) expect(value).toEqual(expect.stringMatching(/./s));
      }),
      runs(30),
    );
  },
);
