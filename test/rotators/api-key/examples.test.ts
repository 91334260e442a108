import { cloudflare } from '../../../rotators/api-key/examples/cloudflare.js';
import { confluent } from '../../../rotators/api-key/examples/confluent.js';
import { grafana } from '../../../rotators/api-key/examples/grafana.js';
import { okta } from '../../../rotators/api-key/examples/okta.js';
import { openai } from '../../../rotators/api-key/examples/openai.js';
import { sendgrid } from '../../../rotators/api-key/examples/sendgrid.js';
import { type ApiKeySpec, apiKey } from '../../../rotators/api-key/index.js';
import { rig } from '../../../src/testing/index.js';
import { ADMIN_KEY, dialectOf, issued, SPEECHES } from '../../support/example-providers.js';
import { ProviderServer, type ServedKey } from '../../support/provider-server.js';

interface Example {
  readonly name: string;
  spec(url: string): ApiKeySpec;
  secret(key: ServedKey, url: string): object | string;
  admin?(url: string): object;
  /** How many keys stay live. */
  readonly live?: number;
}

const BY_ADMIN = { adminSecretArn: 'admin' };

const EXAMPLES: readonly Example[] = [
  {
    name: 'cloudflare',
    spec: cloudflare,
    secret: ({ id, key }) => ({ apiToken: key, apiTokenId: id, accountId: 'acc', ...BY_ADMIN }),
    admin: () => ({ apiToken: ADMIN_KEY }),
  },
  {
    name: 'sendgrid',
    spec: sendgrid,
    secret: ({ key }) => key,
  },
  {
    name: 'openai',
    spec: openai,
    secret: ({ id, key }) => ({ apiKey: key, serviceAccountId: id, projectId: 'proj_1', ...BY_ADMIN }),
    admin: () => ({ apiKey: ADMIN_KEY }),
  },
  {
    name: 'confluent',
    spec: confluent,
    secret: ({ id, key }) => ({ apiKey: id, apiSecret: key, serviceAccountId: 'sa-1', ...BY_ADMIN }),
    admin: () => ({ apiKey: 'ADMIN', apiSecret: ADMIN_KEY }),
  },
  {
    name: 'okta',
    spec: okta,
    secret: ({ id, key }, oktaUrl) => ({
      ...{ clientSecret: key, clientSecretId: id, clientId: 'app', oktaUrl },
      ...{ authorizationServerId: 'default', scope: 'orders' },
      ...BY_ADMIN,
    }),
    admin: (oktaUrl) => ({ token: ADMIN_KEY, oktaUrl }),
  },
  {
    name: 'grafana',
    spec: () => grafana(),
    secret: ({ id, key }, grafanaUrl) => ({
      ...{ token: key, tokenId: id, serviceAccountId: 2, grafanaUrl },
      ...BY_ADMIN,
    }),
    admin: (grafanaUrl) => ({ token: ADMIN_KEY, grafanaUrl }),
  },
];

describe.each(EXAMPLES)('the example for $name', ({ name, spec, secret, admin }) => {
  const speech = SPEECHES[name]!;
  let provider: ProviderServer;
  beforeEach(async () => {
    provider = await ProviderServer.start(dialectOf(speech));
  });
  afterEach(() => provider.stop());

  const rigged = () => {
    const { url } = provider;
    const key = issued(provider.keys, { name: 'made by hand', policies: [{ effect: 'allow' }] }, speech);
    const others = admin && { admin: admin(url) };
    return rig(apiKey(spec(url)), { secret: secret(key, url), ...(others && { others }) });
  };

  test('rotates three times over, in a model of the provider', async () => {
    const { rotate } = await rigged();
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.live()).toEqual([String(1000 + rotation), String(1001 + rotation)]);
    }
    if (name === 'cloudflare') {
      expect(provider.keys.all.at(-1)?.traits).toMatchObject({ policies: [{ effect: 'allow' }] });
    }
  });

  test('takes 403 from a gateway for no proof of a key', async () => {
    const { rotate } = await rigged();
    const blocked = { error: 'blocked by the gateway' };
    provider.before = ({ url }) => (url.pathname === speech.check ? [403, blocked] : undefined);
    expect(await rotate()).toMatchObject({ outcome: 'failed' });
    expect(provider.live().length).toBeLessThanOrEqual(name === 'sendgrid' ? 2 : 1);
  });

  if (name === 'cloudflare') {
    test.each([
      [
        'restricted',
        { condition: { request_ip: { in: ['203.0.113.7/32'] } }, not_before: '2026-01-01T00:00:00Z' },
      ],
      ['unrestricted', {}],
      ['lasting', { expires_on: '2199-01-01T00:00:00Z' }],
    ])('makes a token that is as %s as the one in use', async (_, traits) => {
      const { url } = provider;
      const key = issued(
        provider.keys,
        { name: 'by hand', policies: [{ effect: 'allow' }], ...traits },
        speech,
      );
      const { rotate } = await rig(apiKey(spec(url)), {
        secret: secret(key, url),
        others: { admin: { apiToken: ADMIN_KEY } },
      });
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      const { end, ...made } = provider.keys.all.at(-1)!.traits;
      const { expires_on, ...others } = { expires_on: undefined, ...traits };
      expect(made).toEqual({ policies: [{ effect: 'allow' }], ...others });
      // It begins later than the one in use, and lives as long.
      const lives = (until: unknown) => new Date(String(until)).getTime();
      if (expires_on === undefined) expect(end).toBeUndefined();
      else expect(lives(end) - Date.now()).toBeLessThanOrEqual(lives(expires_on) - key.createdAt.getTime());
      if (expires_on !== undefined) expect(lives(end)).toBeGreaterThan(Date.now());
    });
  }

  if (name === 'sendgrid') {
    test('makes a key with the scopes of the one in use, and no others', async () => {
      const { url } = provider;
      const key = issued(provider.keys, { name: 'by hand', scopes: ['mail.send'] }, speech);
      const { rotate } = await rig(apiKey(spec(url)), { secret: secret(key, url) });
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.keys.all.at(-1)?.traits.scopes).toEqual(['mail.send']);
    });
  }

  if (name === 'confluent') {
    test('goes on where the service account has as many keys as it may', async () => {
      const { rotate } = await rigged();
      for (let other = 0; other < 8; other++) issued(provider.keys, { name: 'other' }, speech);
      for (let rotation = 1; rotation <= 3; rotation++) {
        expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      }
      expect(provider.live()).toHaveLength(10);
    });
  }

  if (name === 'okta') {
    test('ends a secret that an attempt before has made inactive', async () => {
      const { rotate, reattempt } = await rigged();
      await rotate();
      provider.loseAnswer('DELETE');
      provider.before = ({ method }) => (method === 'DELETE' ? [503] : undefined);
      expect(await rotate()).toMatchObject({ outcome: 'failed' });
      provider.before = undefined;
      expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.live()).toEqual(['1002', '1003']);
    });
  }

  // With room for two keys, one that nobody has stored takes it for 15 minutes.
  if (name === 'okta') return;

  test('leaves no stray after an answer that was lost', async () => {
    const { rotate, reattempt } = await rigged();
    provider.loseAnswer('POST');
    expect(await rotate()).toMatchObject({ outcome: 'failed' });
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1001', '1003']);
  });
});
