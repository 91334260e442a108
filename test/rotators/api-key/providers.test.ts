import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { datadog } from '../../../rotators/api-key/datadog/index.js';
import { elasticsearch } from '../../../rotators/api-key/elasticsearch/index.js';
import { gitlab } from '../../../rotators/api-key/gitlab/index.js';
import type { ApiKeySecret } from '../../../rotators/api-key/index.js';
import type { Rotator } from '../../../src/index.js';
import { type Rig, rig, rotatorContract } from '../../../src/testing/index.js';
import { DATADOG_ADMIN, datadogDialect } from '../../support/datadog-provider.js';
import { ELASTIC_ADMIN, elasticsearchDialect, encoded } from '../../support/elasticsearch-provider.js';
import { allOf, leaks } from '../../support/errors.js';
import { GITLAB_ADMIN, gitlabDialect } from '../../support/gitlab-provider.js';
import { type Dialect, ProviderServer, type ServedKey } from '../../support/provider-server.js';
import { tried } from '../../support/thorough.js';

interface Subject {
  readonly name: string;
  readonly dialect: Dialect;
  rotator(url: string): Rotator<ApiKeySecret, string>;
  /** What the provider keeps with a key that was made by hand. */
  readonly traits: Record<string, unknown>;
  secret(key: ServedKey, url: string): Record<string, unknown>;
  admin(url: string): Record<string, unknown>;
  readonly adminSecrets: readonly string[];
  readonly fields: { readonly key: string; readonly id: string };
  keyIn(value: unknown): unknown;
}

const gitlabAs = (owner: string, field: object): Subject => ({
  name: `gitlab, ${owner}`,
  dialect: gitlabDialect,
  rotator: () => gitlab(),
  traits: { owner, scopes: ['read_api', 'read_repository'], access_level: 30 },
  secret: ({ id, key }, url) => ({ token: key, tokenId: Number(id), gitlabUrl: url, ...field }),
  admin: (url) => ({ token: GITLAB_ADMIN, tokenId: '1', gitlabUrl: `${url}/` }),
  adminSecrets: [GITLAB_ADMIN],
  fields: { key: 'token', id: 'tokenId' },
  keyIn: (value) => value,
});

const SUBJECTS: readonly Subject[] = [
  {
    name: 'datadog',
    dialect: datadogDialect,
    rotator: (url) => datadog({ url, propagationMs: 300, settleMs: 30 }),
    traits: { category: 'agents', remote_config_read_enabled: false },
    secret: ({ id, key }) => ({ apiKey: key, apiKeyId: id }),
    admin: () => DATADOG_ADMIN,
    adminSecrets: Object.values(DATADOG_ADMIN),
    fields: { key: 'apiKey', id: 'apiKeyId' },
    keyIn: (value) => value,
  },
  gitlabAs('/projects/17', { projectId: 17 }),
  gitlabAs('/groups/4', { groupId: '4' }),
  {
    name: 'elasticsearch',
    dialect: elasticsearchDialect,
    rotator: () => elasticsearch(),
    traits: { owner: ELASTIC_ADMIN.username, role_descriptors: { logs: { cluster: ['monitor'] } } },
    secret: (key, url) => ({ apiKey: encoded(key), apiKeyId: key.id, url }),
    admin: (url) => ({ ...ELASTIC_ADMIN, url }),
    adminSecrets: [ELASTIC_ADMIN.password],
    fields: { key: 'apiKey', id: 'apiKeyId' },
    keyIn: (value) => Buffer.from(String(value), 'base64').toString().split(':')[1],
  },
];

describe.each(SUBJECTS)('$name', (subject) => {
  let provider: ProviderServer;
  let rotator: Rotator<ApiKeySecret, string>;

  beforeAll(async () => {
    provider = await ProviderServer.start(subject.dialect);
    rotator = subject.rotator(provider.url);
  });
  beforeEach(() => provider.reset());
  afterAll(() => provider.stop());

  const first = () => {
    const key = provider.keys.issue('made by hand', subject.traits);
    return { ...subject.secret(key, provider.url), adminSecretArn: 'admin' };
  };
  const rigged = () => rig(rotator, { secret: first(), others: { admin: subject.admin(provider.url) } });
  const isLive = (value: unknown) => provider.keys.live().some(({ key }) => key === subject.keyIn(value));
  const idOf = async ({ value }: Rig<ApiKeySecret>, label: string) =>
    String((await value(label))[subject.fields.id]);

  /** No secret of the provider's is in what anybody could read. */
  const expectNoLeak = (...told: readonly unknown[]) => {
    const text = told.map(allOf).join();
    for (const secret of [...subject.adminSecrets, ...provider.keys.all.map(({ key }) => key)]) {
      expect(leaks(text, secret)).toBeUndefined();
    }
  };

  describe('the contract', () => {
    const clauses = rotatorContract({
      rotator: () => subject.rotator(provider.url),
      reset() {
        provider.reset();
        return first();
      },
      others: () => ({ admin: subject.admin(provider.url) }),
      accepts: (secret) => isLive(secret[subject.fields.key]),
      line: () => provider.line,
      credentials: () => provider.live().length,
      overlaps: true,
    });
    test.each(tried(clauses, subject === SUBJECTS[0] ? 'always' : 'when thorough'))('$name', ({ run }) =>
      run(),
    );
  });

  test('rotates three times over: two keys are live, and the one before them is ended', async () => {
    const rig = await rigged();
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.live()).toEqual([await idOf(rig, 'AWSPREVIOUS'), await idOf(rig, 'AWSCURRENT')]);
    }
    expect(provider.live()).toEqual(['1003', '1004']);
    const newest = provider.keys.all.at(-1)!;
    expect(newest.traits).toMatchObject(subject.traits);
    expectNoLeak(rig.log);
  });

  test.each(['POST', 'GET', 'DELETE'])('an answer to %s that is lost leaves no stray', async (method) => {
    const rig = await rigged();
    await rig.rotate();
    provider.loseAnswer(method);
    const { outcome, steps } = await rig.rotate();
    expect(outcome).toBe('failed');
    expect(steps.at(-1)?.error).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
    expectNoLeak(steps, rig.log);
    expect(isLive((await rig.value('AWSCURRENT'))[subject.fields.key])).toBe(true);
    expect(await rig.reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual([await idOf(rig, 'AWSPREVIOUS'), await idOf(rig, 'AWSCURRENT')]);
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual([await idOf(rig, 'AWSPREVIOUS'), await idOf(rig, 'AWSCURRENT')]);
  });

  test('what a rotation that was given up leaves behind is ended by the next', async () => {
    const rig = await rigged();
    const token = await rig.begin();
    provider.loseAnswer('POST');
    await rig.deliver('createSecret').catch(() => {});
    await rig.secrets.cancelRotateSecret({ SecretId: rig.secretId });
    const label = { SecretId: rig.secretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: token };
    await rig.secrets.updateSecretVersionStage(label).catch(() => {});
    expect(provider.live()).toEqual(['1001', '1002']);
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1001', '1003']);
  });

  test('finds what is behind the first page', async () => {
    const rig = await rigged();
    for (let other = 0; other < 110; other++) provider.keys.issue(`other ${other}`, subject.traits);
    provider.loseAnswer('POST');
    await rig.rotate();
    await rig.reattempt();
    expect(provider.live()).toHaveLength(112);
  });

  test('waits when it is asked to, and goes on', async () => {
    const rig = await rigged();
    provider.throttle('POST');
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.calls.filter(({ method }) => method === 'POST')).toHaveLength(2);
    expect(provider.live()).toEqual(['1001', '1002']);
  });

  const MEBIBYTE = Buffer.alloc(1024 * 1024, ' ');
  const PAGE = '<html>Sign in</html>';
  test.each<[string, NonNullable<ProviderServer['impostor']>]>([
    ['garbage', (_, response) => response.end('\u0000\u0001{{{')],
    ['HTML', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)],
    ['a refusal in HTML', (_, response) => response.writeHead(400).end(PAGE)],
    ['JSON of another kind', (_, response) => response.end('{"hello":"world"}')],
    ['nothing', (_, response) => response.end()],
    ['no answer', (asked) => asked.socket.destroy()],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'https://example.com/' }).end()],
    [
      '100 MB',
      (_, response) => {
        response.on('error', () => {});
        Readable.from(Array(100).fill(MEBIBYTE)).pipe(response);
      },
    ],
  ])('a provider that answers with %s leaves an error, and the old key', async (_, impostor) => {
    const rig = await rigged();
    await rig.begin();
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
      provider.impostor = impostor;
      const error: unknown = await rig.deliver(step).then(
        () => undefined,
        (reason) => reason,
      );
      provider.impostor = undefined;
      if (step !== 'setSecret') expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_SERVICE_/) });
      expectNoLeak(error, rig.log);
      expect(inspect(error)).not.toContain('Sign in');
      expect(isLive((await rig.value('AWSCURRENT'))[subject.fields.key])).toBe(true);
      await rig.deliver(step);
    }
    expect(provider.live()).toEqual(['1001', '1002']);
  });
});
