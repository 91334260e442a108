import { datadog } from '../../../rotators/api-key/datadog/index.js';
import { elasticsearch } from '../../../rotators/api-key/elasticsearch/index.js';
import { cloudflare } from '../../../rotators/api-key/examples/cloudflare.js';
import { confluent } from '../../../rotators/api-key/examples/confluent.js';
import { grafana } from '../../../rotators/api-key/examples/grafana.js';
import { okta } from '../../../rotators/api-key/examples/okta.js';
import { openai } from '../../../rotators/api-key/examples/openai.js';
import { sendgrid } from '../../../rotators/api-key/examples/sendgrid.js';
import { gitlab } from '../../../rotators/api-key/gitlab/index.js';
import { type ApiKeySecret, apiKey } from '../../../rotators/api-key/index.js';
import type { KeyTimes, Rotator } from '../../../src/index.js';
import { rig } from '../../../src/testing/index.js';
import { DATADOG_ADMIN, datadogDialect } from '../../support/datadog-provider.js';
import { ELASTIC_ADMIN, elasticsearchDialect, encoded } from '../../support/elasticsearch-provider.js';
import { ADMIN_KEY, dialectOf, SPEECHES } from '../../support/example-providers.js';
import { GITLAB_ADMIN, gitlabDialect } from '../../support/gitlab-provider.js';
import { type Dialect, ProviderServer, type ServedKey } from '../../support/provider-server.js';

// Each provider that is described here, as it may be on a bad day: late, of several minds, and unwilling.

interface Subject {
  readonly name: string;
  readonly dialect: Dialect;
  rotator(url: string, times: KeyTimes): Rotator<ApiKeySecret, string>;
  /** What the provider keeps with the first key. */
  readonly traits?: Record<string, unknown>;
  readonly key?: string;
  secret(key: ServedKey, url: string): object | string;
  admin?(url: string): object;
}

const BY_ADMIN = { adminSecretArn: 'admin' };
const example = (name: string) => ({ name: `the example ${name}`, dialect: dialectOf(SPEECHES[name]!) });

const SUBJECTS: readonly Subject[] = [
  {
    name: 'datadog',
    dialect: datadogDialect,
    rotator: (url, times) => datadog({ url, ...times }),
    secret: ({ id, key }) => ({ apiKey: key, apiKeyId: id, ...BY_ADMIN }),
    admin: () => DATADOG_ADMIN,
  },
  {
    name: 'gitlab',
    dialect: gitlabDialect,
    rotator: (_, times) => gitlab(times),
    traits: { owner: '/projects/17', scopes: ['read_api'], access_level: 20 },
    secret: ({ id, key }, gitlabUrl) => ({ token: key, tokenId: id, gitlabUrl, projectId: 17, ...BY_ADMIN }),
    admin: (gitlabUrl) => ({ token: GITLAB_ADMIN, gitlabUrl }),
  },
  {
    name: 'elasticsearch',
    dialect: elasticsearchDialect,
    rotator: (_, times) => elasticsearch(times),
    traits: { owner: ELASTIC_ADMIN.username, role_descriptors: {} },
    secret: (key, url) => ({ apiKey: encoded(key), apiKeyId: key.id, url, ...BY_ADMIN }),
    admin: (url) => ({ ...ELASTIC_ADMIN, url }),
  },
  {
    ...example('cloudflare'),
    rotator: (url, times) => apiKey({ ...cloudflare(url), ...times }),
    traits: { policies: [] },
    secret: ({ id, key }) => ({ apiToken: key, apiTokenId: id, accountId: 'acc', ...BY_ADMIN }),
    admin: () => ({ apiToken: ADMIN_KEY }),
  },
  {
    ...example('sendgrid'),
    rotator: (url, times) => apiKey({ ...sendgrid(url), ...times }),
    key: 'SG.1001.x4Hn8zty2Kq-1001',
    secret: ({ key }) => key,
  },
  {
    ...example('openai'),
    rotator: (url, times) => apiKey({ ...openai(url), ...times }),
    secret: ({ id, key }) => ({ apiKey: key, serviceAccountId: id, projectId: 'proj_1', ...BY_ADMIN }),
    admin: () => ({ apiKey: ADMIN_KEY }),
  },
  {
    ...example('confluent'),
    rotator: (url, times) => apiKey({ ...confluent(url), ...times }),
    secret: ({ id, key }) => ({ apiKey: id, apiSecret: key, serviceAccountId: 'sa-1', ...BY_ADMIN }),
    admin: () => ({ apiKey: 'ADMIN', apiSecret: ADMIN_KEY }),
  },
  {
    ...example('okta'),
    rotator: (_, times) => apiKey({ ...okta(), ...times }),
    secret: ({ id, key }, oktaUrl) => ({
      ...{ clientSecret: key, clientSecretId: id, clientId: 'app', oktaUrl },
      ...{ authorizationServerId: 'default', scope: 'orders' },
      ...BY_ADMIN,
    }),
    admin: (oktaUrl) => ({ token: ADMIN_KEY, oktaUrl }),
  },
  {
    ...example('grafana'),
    rotator: (_, times) => apiKey({ ...grafana(), ...times }),
    secret: ({ id, key }, grafanaUrl) => ({
      ...{ token: key, tokenId: id, serviceAccountId: 2, grafanaUrl },
      ...BY_ADMIN,
    }),
    admin: (grafanaUrl) => ({ token: ADMIN_KEY, grafanaUrl }),
  },
];

describe.each(SUBJECTS)('$name', ({ dialect, rotator, traits, key, secret, admin }) => {
  let provider: ProviderServer;
  beforeAll(async () => {
    provider = await ProviderServer.start(dialect);
  });
  beforeEach(() => provider.reset());
  afterAll(() => provider.stop());

  function rigged(times: KeyTimes = {}) {
    const { url } = provider;
    const first = provider.keys.issue('made by hand', traits, key);
    const others = admin && { admin: admin(url) };
    return rig(rotator(url, { propagationMs: 0, ...times }), {
      secret: secret(first, url),
      ...(others && { others }),
    });
  }

  test('AWSCURRENT does not move before all of the provider’s servers know the new key', async () => {
    const { rotate } = await rigged({ propagationMs: 5000, settleMs: 60 });
    provider.keys.firstChecks = [true, false, true, true, false, true, false];
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const made = provider.keys.all.at(-1)!;
    for (let reader = 1; reader <= provider.keys.firstChecks.length; reader++) {
      expect(provider.keys.shown(made.key)).toBe(made);
    }
  });

  test('a key that is refused a little later than it was ended is waited for', async () => {
    provider.keys.echoes = 2;
    const { rotate, warnings } = await rigged();
    await rotate();
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([]);
    expect(provider.keys.shown(provider.keys.all[0]!.key)).toBeUndefined();
  });

  test('a key that goes on to work fails the rotation, and AWSCURRENT stays', async () => {
    provider.keys.echoes = Number.POSITIVE_INFINITY;
    const { rotate, secretString } = await rigged();
    await rotate();
    const current = await secretString('AWSCURRENT');
    const { steps } = await rotate();
    expect(steps.at(-1)).toMatchObject({
      step: 'finishSecret',
      error: { code: 'ERR_KEY_STILL_WORKS', message: expect.stringContaining(provider.keys.all[0]!.id) },
    });
    expect(await secretString('AWSCURRENT')).toBe(current);
    expect(provider.live()).toHaveLength(2);
  });

  test('a key that is declared to end late is a warning and a metric', async () => {
    provider.keys.echoes = Number.POSITIVE_INFINITY;
    const { rotate, log } = await rigged({ ends: 'late' });
    await rotate();
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(log.at(-1)).toMatchObject({
      endedKeyWorks: 1,
      warnings: [expect.stringContaining(provider.keys.all[0]!.id)],
    });
  });

  test.each([409, 422])('%i in answer to its end is no end of a key that no list shows', async (status) => {
    const { rotate, secretString } = await rigged();
    await rotate();
    const current = await secretString('AWSCURRENT');
    const [first] = provider.keys.all;
    first!.isHidden = true;
    provider.before = ({ method }) => (method === 'DELETE' ? [status, { error: 'locked' }] : undefined);
    const { steps } = await rotate();
    expect(steps.at(-1)?.error).toMatchObject({ message: expect.stringContaining(`answered ${status}`) });
    expect(await secretString('AWSCURRENT')).toBe(current);
    expect(first!.isLive).toBe(true);
  });
});
