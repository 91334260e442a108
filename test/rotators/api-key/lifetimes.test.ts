import { datadog } from '../../../rotators/api-key/datadog/index.js';
import { elasticsearch } from '../../../rotators/api-key/elasticsearch/index.js';
import { cloudflare } from '../../../rotators/api-key/examples/cloudflare.js';
import { grafana } from '../../../rotators/api-key/examples/grafana.js';
import { gitlab } from '../../../rotators/api-key/gitlab/index.js';
import { lifetime } from '../../../rotators/api-key/gitlab/lifetime.js';
import { type ApiKeySecret, apiKey } from '../../../rotators/api-key/index.js';
import { entra } from '../../../rotators/entra/index.js';
import { keyEndingFrom, lifetimeDaysFrom, type Rotator } from '../../../src/index.js';
import { LocalSecretsManager, type Rig, type RigOptions, rig } from '../../../src/testing/index.js';
import { DATADOG_ADMIN, datadogDialect } from '../../support/datadog-provider.js';
import { deploy } from '../../support/deployment.js';
import { ELASTIC_ADMIN, elasticsearchDialect, encoded } from '../../support/elasticsearch-provider.js';
import { EntraServer } from '../../support/entra-server.js';
import { rejection } from '../../support/errors.js';
import { ADMIN_KEY, dialectOf, SPEECHES } from '../../support/example-providers.js';
import { FaultyClient } from '../../support/faulty-client.js';
import { freezeDate } from '../../support/frozen-date.js';
import { GITLAB_ADMIN, gitlabDialect } from '../../support/gitlab-provider.js';
import { type Dialect, ProviderServer, type ServedKey } from '../../support/provider-server.js';

let provider: ProviderServer;
afterEach(async () => {
  jest.useRealTimers();
  await provider.stop();
});

interface Subject {
  readonly dialect: Dialect;
  rotator(url: string): Rotator<ApiKeySecret, string>;
  readonly traits?: Record<string, unknown>;
  secret(key: ServedKey, url: string): object;
  admin(url: string): object;
}

const NOW = '2026-01-10T15:00:00.000Z';
const every = (days: number) => ({ RotationRules: { ScheduleExpression: `rate(${days} days)` } });

async function rigged(
  { dialect, rotator, traits = {}, secret, admin }: Subject,
  more: Pick<RigOptions, 'secrets' | 'client'> = {},
): Promise<Rig<ApiKeySecret>> {
  freezeDate(NOW);
  provider = await ProviderServer.start(dialect);
  provider.reset();
  const { url } = provider;
  const key = provider.keys.issue('made by hand', traits);
  const first = { ...secret(key, url), adminSecretArn: 'admin' };
  return rig(rotator(url), { secret: first, others: { admin: admin(url) }, ...more });
}

const counted = ({ log }: Pick<Rig<object>, 'log'>) =>
  log.filter(({ keyEndsEarly }) => keyEndsEarly === 1).length;
const newest = () => provider.keys.all.at(-1)!.traits;

const gitlabWith = (lifetimeDays?: number): Subject => ({
  dialect: gitlabDialect,
  rotator: () => gitlab({ lifetimeDays }),
  traits: { owner: '/projects/17', scopes: ['read_api'], access_level: 20 },
  secret: ({ id, key }, url) => ({ token: key, tokenId: Number(id), gitlabUrl: url, projectId: 17 }),
  admin: (gitlabUrl) => ({ token: GITLAB_ADMIN, gitlabUrl }),
});

describe('gitlab', () => {
  test.each([
    ['by default', undefined],
    ['when asked to', 90],
  ])(
    '%s makes tokens for 90 days, and on rate(90 days) warns that they end before the next rotation',
    async (_, days) => {
      const rig = await rigged(gitlabWith(days));
      expect(await rig.rotate(every(90))).toMatchObject({ outcome: 'succeeded' });
      expect(newest().expires_at).toBe('2026-04-10');
      expect(rig.warnings()).toEqual([
        'the new key expires at 2026-04-10T00:00:00.000Z, before the next rotation begins (rate(90 days)): the provider then ' +
          'refuses applications and the rotation itself; make keys that live for at least 180 days (the option lifetimeDays, or ' +
          'KEY_LIFETIME_DAYS of a ready-made function), or rotate more often',
      ]);
      expect(counted(rig)).toBe(1);
    },
  );

  test('with 365 days on rate(90 days) does not warn, and no token dies while a version holds it', async () => {
    const rig = await rigged(gitlabWith(365));
    for (const day of ['2026-01-10', '2026-04-10', '2026-07-09', '2026-10-07']) {
      freezeDate(`${day}T15:00:00Z`);
      expect(await rig.rotate(every(90))).toMatchObject({ outcome: 'succeeded' });
    }
    expect(rig.warnings()).toEqual([]);
    expect(counted(rig)).toBe(0);
  });

  test.each([
    [60, 0],
    [59, 1],
  ])('with %d days on rate(30 days) warns %d times: twice the schedule is enough', async (days, times) => {
    const rig = await rigged(gitlabWith(days));
    expect(await rig.rotate(every(30))).toMatchObject({ outcome: 'succeeded' });
    expect(counted(rig)).toBe(times);
  });

  test('without a schedule does not warn', async () => {
    const rig = await rigged(gitlabWith(1));
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(rig.warnings()).toEqual([]);
    expect(newest().expires_at).toBe('2026-01-11');
  });
});

describe('elasticsearch', () => {
  const elasticWith = (lifetimeDays?: number): Subject => ({
    dialect: elasticsearchDialect,
    rotator: () => elasticsearch({ lifetimeDays }),
    traits: { owner: ELASTIC_ADMIN.username, role_descriptors: {} },
    secret: (key, url) => ({ apiKey: encoded(key), apiKeyId: key.id, url }),
    admin: (url) => ({ ...ELASTIC_ADMIN, url }),
  });

  test('makes keys without an end by default, and never warns', async () => {
    const rig = await rigged(elasticWith());
    expect(await rig.rotate(every(90))).toMatchObject({ outcome: 'succeeded' });
    expect(newest()).not.toHaveProperty('expiration');
    expect(rig.warnings()).toEqual([]);
  });

  test('makes a key that lives as long as the one in use was made to, and with its metadata', async () => {
    const subject = elasticWith();
    const made = Date.parse(NOW) + 1000;
    const traits = { ...subject.traits, metadata: { team: 'logs' }, expiration: made + 30 * 86_400_000 };
    const rig = await rigged({ ...subject, traits });
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(newest()).toMatchObject({
      metadata: { team: 'logs' },
      expiration: Date.parse(NOW) + 30 * 86_400_000,
    });
  });

  test.each([
    [179, 1],
    [180, 0],
  ])('makes keys for %d days, and on rate(90 days) warns %d times', async (days, times) => {
    const rig = await rigged(elasticWith(days));
    expect(await rig.rotate(every(90))).toMatchObject({ outcome: 'succeeded' });
    expect(newest().expiration).toBe(Date.parse(NOW) + days * 86_400_000);
    expect(counted(rig)).toBe(times);
  });
});

test('grafana makes a token that lives as long as the one in use was made to', async () => {
  const made = Date.parse(NOW) + 1000;
  const rig = await rigged({
    dialect: dialectOf(SPEECHES.grafana!),
    rotator: () => apiKey(grafana()),
    traits: { end: new Date(made + 20 * 86_400_000).toISOString() },
    secret: ({ id, key }, grafanaUrl) => ({ token: key, tokenId: id, serviceAccountId: 2, grafanaUrl }),
    admin: (grafanaUrl) => ({ token: ADMIN_KEY, grafanaUrl }),
  });
  expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
  expect(newest().end).toBe(new Date(Date.parse(NOW) + 20 * 86_400_000).toISOString());
});

test('datadog, whose keys have no end, is neither warned of nor asks for the schedule', async () => {
  const datadogSubject: Subject = {
    dialect: datadogDialect,
    rotator: (url) => datadog({ url, propagationMs: 0 }),
    secret: ({ id, key }) => ({ apiKey: key, apiKeyId: id }),
    admin: () => DATADOG_ADMIN,
  };
  const secrets = new LocalSecretsManager();
  const client = new FaultyClient(secrets);
  const rig = await rigged(datadogSubject, { secrets, client });
  expect(await rig.rotate(every(90))).toMatchObject({ outcome: 'succeeded' });
  expect(rig.warnings()).toEqual([]);
  expect(counted(rig)).toBe(0);
  // One a step, and the look at the labels in finishSecret.
  expect(client.calls.filter(({ operation }) => operation === 'describeSecret')).toHaveLength(5);
});

describe('entra', () => {
  test.each([
    ['for two years by default', undefined, 0],
    ['for 100 days', 100, 1],
  ])(
    'makes passwords %s, and on rate(90 days) warns if that is too short',
    async (_, lifetimeDays, times) => {
      freezeDate(NOW);
      provider = await ProviderServer.start(() => [404]);
      const server = await EntraServer.start();
      const cloud = { login: server.origin, graph: server.origin };
      const rotator = entra({ cloud, propagationMs: 0, lifetimeDays });
      const { rotate, warnings, log } = await rig(rotator, { secret: server.register() });
      expect(await rotate(every(90))).toMatchObject({ outcome: 'succeeded' });
      expect(warnings()).toHaveLength(times);
      expect(counted({ log })).toBe(times);
      await server.stop();
    },
  );
});

test.each<[string, (url: string) => ReturnType<typeof cloudflare>, object, object]>([
  [
    'cloudflare',
    (url) => cloudflare(url, 100),
    { apiToken: 'KEY', apiTokenId: 'ID', accountId: 'acc' },
    { apiToken: ADMIN_KEY },
  ],
  [
    'grafana',
    () => grafana(100),
    { token: 'KEY', tokenId: 'ID', serviceAccountId: 2, grafanaUrl: 'URL' },
    { token: ADMIN_KEY, grafanaUrl: 'URL' },
  ],
])('the example for %s, with 100 days on rate(90 days), warns', async (name, spec, secret, admin) => {
  const filled = (object: object, { key, id }: { key: string; id: string }, url: string) =>
    JSON.parse(
      JSON.stringify(object)
        .replace('"KEY"', `"${key}"`)
        .replace('"ID"', `"${id}"`)
        .replace('"URL"', `"${url}"`),
    );
  const rig = await rigged({
    dialect: dialectOf(SPEECHES[name]!),
    rotator: (url) => apiKey(spec(url)),
    traits: { policies: [] },
    secret: (key, url) => filled(secret, key, url),
    admin: (url) => filled(admin, { key: '', id: '' }, url),
  });
  expect(await rig.rotate(every(90))).toMatchObject({ outcome: 'succeeded' });
  expect(counted(rig)).toBe(1);
  expect(rig.warnings()).toEqual([
    expect.stringMatching(/^the new key expires at 2026-04-20T.*\(the member create of the spec\)/),
  ]);
});

describe('the ready-made functions', () => {
  const deployed = async (env: Record<string, string>) => {
    provider = await ProviderServer.start(gitlabDialect);
    const { url } = provider;
    const { traits = {}, secret, admin } = gitlabWith();
    const first = { ...secret(provider.keys.issue('made by hand', traits), url), adminSecretArn: 'admin' };
    const deployment = await deploy('api-key-gitlab', JSON.stringify(first), env);
    await deployment.secrets.createSecret({ Name: 'admin', SecretString: JSON.stringify(admin(url)) });
    return deployment;
  };

  test.each([
    [undefined, 'failed'],
    ['late', 'succeeded'],
  ] as const)(
    'with KEYS_END=%s, a rotation whose ended token goes on to work has %s',
    async (ends, outcome) => {
      const { rotate, stop } = await deployed(ends === undefined ? {} : { KEYS_END: ends });
      provider.keys.all[0]!.echoes = Number.POSITIVE_INFINITY;
      await rotate();
      expect(await rotate()).toMatchObject({ outcome });
      await stop();
    },
  );

  test('take KEY_LIFETIME_DAYS', async () => {
    const { rotate, stop } = await deployed({ KEY_LIFETIME_DAYS: '200' });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const days = (Date.parse(String(newest().expires_at)) - Date.now()) / 86_400_000;
    await stop();
    expect(days).toBeGreaterThan(198.9);
    expect(days).toBeLessThanOrEqual(200);
  });

  test('are not loaded with one that is invalid, and make no key', async () => {
    const { rotate, runtime, stop } = await deployed({ KEY_LIFETIME_DAYS: '500' });
    const failure = await rejection(runtime.invoke({}, { getRemainingTimeInMillis: () => 30_000 }));
    expect(failure).toMatchObject({
      name: 'TypeError',
      message: 'KEY_LIFETIME_DAYS must be a whole number of days from 1 to 400',
    });
    expect(await rotate()).toMatchObject({ outcome: 'failed' });
    await stop();
    expect(provider.live()).toEqual(['1001']);
  });
});

test.each(['', 'never', 'Late', ' late'])('%j in KEYS_END is refused, and not quoted', (value) => {
  expect(() => keyEndingFrom(value)).toThrow(
    new TypeError('KEYS_END must be one of at-once, late, at-expiry, untried'),
  );
});

describe('a lifetime', () => {
  test.each([
    ['1', 1],
    [' 400 ', 400],
    [undefined, undefined],
  ])('of %j in the environment is taken', (value, days) => {
    expect(lifetimeDaysFrom(value, lifetime)).toBe(days);
  });

  test.each(['', ' ', '0', '-1', '401', '90d', '1.5', '1e2', '0x10', 'never'])(
    'of %j in the environment is refused, with the range, and not quoted',
    (value) => {
      const read = () => lifetimeDaysFrom(value, lifetime);
      expect(read).toThrow(new TypeError('KEY_LIFETIME_DAYS must be a whole number of days from 1 to 400'));
    },
  );

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 3651, '90' as never])(
    'of %p as an option is refused at once',
    (lifetimeDays) => {
      for (const make of [gitlab, elasticsearch, entra]) {
        expect(() => make({ lifetimeDays })).toThrow(TypeError);
        expect(() => make({ lifetimeDays })).toThrow(
          /^lifetimeDays must be a whole number of days from 1 to /,
        );
      }
    },
  );
});
