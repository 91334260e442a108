import { createHmac } from 'node:crypto';
import { datadog } from '../../rotators/api-key/datadog/index.js';
import { lambda as ofDatadog } from '../../rotators/api-key/datadog/lambda.js';
import { elasticsearch } from '../../rotators/api-key/elasticsearch/index.js';
import { lambda as ofElasticsearch } from '../../rotators/api-key/elasticsearch/lambda.js';
import { gitlab } from '../../rotators/api-key/gitlab/index.js';
import { lambda as ofGitlab } from '../../rotators/api-key/gitlab/lambda.js';
import { lambda as ofSpecs } from '../../rotators/api-key/lambda.js';
import { entra } from '../../rotators/entra/index.js';
import { lambda as ofEntra } from '../../rotators/entra/lambda.js';
import { iam } from '../../rotators/iam/index.js';
import { lambda as ofIam } from '../../rotators/iam/lambda.js';
import { sesSmtp } from '../../rotators/iam/ses-smtp/index.js';
import { lambda as ofSesSmtp } from '../../rotators/iam/ses-smtp/lambda.js';
import { serviceToken } from '../../rotators/service-token/index.js';
import { lambda as ofServiceToken } from '../../rotators/service-token/lambda.js';
import { ON_SECRET } from '../../src/permissions.js';
import { DATADOG_ADMIN, datadogDialect } from '../support/datadog-provider.js';
import { ELASTIC_ADMIN, elasticsearchDialect, encoded } from '../support/elasticsearch-provider.js';
import { EntraServer } from '../support/entra-server.js';
import { GITLAB_ADMIN, gitlabDialect } from '../support/gitlab-provider.js';
import { IamServer } from '../support/iam-server.js';
import { certificate } from '../support/postgres.js';
import { type Dialect, ProviderServer, type ServedKey } from '../support/provider-server.js';
import { declared, RecordedCalls } from '../support/recorded-calls.js';
import { SmtpServer } from '../support/smtp-server.js';

/** More than once: a key is ended two rotations after it was made. */
const TIMES = { times: 3 };

test.each([
  {
    name: 'datadog()',
    dialect: datadogDialect,
    rotator: (url: string) => datadog({ url, propagationMs: 0 }),
    traits: {},
    secret: ({ id, key }: ServedKey) => ({ apiKey: key, apiKeyId: id }),
    admin: () => DATADOG_ADMIN,
    lambda: ofDatadog,
  },
  {
    name: 'gitlab()',
    dialect: gitlabDialect,
    rotator: () => gitlab(),
    traits: { owner: '/projects/17', scopes: ['read_api'], access_level: 30 },
    secret: ({ id, key }: ServedKey, gitlabUrl: string) => ({
      token: key,
      tokenId: Number(id),
      gitlabUrl,
      projectId: 17,
    }),
    admin: (gitlabUrl: string) => ({ token: GITLAB_ADMIN, tokenId: '1', gitlabUrl }),
    lambda: ofGitlab,
  },
  {
    name: 'elasticsearch()',
    dialect: elasticsearchDialect,
    rotator: () => elasticsearch(),
    traits: { owner: ELASTIC_ADMIN.username, role_descriptors: {} },
    secret: (key: ServedKey, url: string) => ({ apiKey: encoded(key), apiKeyId: key.id, url }),
    admin: (url: string) => ({ ...ELASTIC_ADMIN, url }),
    lambda: ofElasticsearch,
  },
])('$name asks for what it declares, in those steps', async (subject) => {
  const provider = await ProviderServer.start(subject.dialect as Dialect);
  const calls = new RecordedCalls();
  const key = provider.keys.issue('made by hand', subject.traits);
  await calls.rotate(
    subject.rotator(provider.url),
    {
      secret: { ...subject.secret(key, provider.url), adminSecretArn: 'admin' },
      admin: subject.admin(provider.url),
    },
    TIMES,
  );
  await provider.stop();
  expect(calls.elsewhere()).toEqual(declared(subject.lambda.permissions));
  expect(calls.elsewhere()).toEqual(declared(ofSpecs.permissions));
  expect(calls.onSecret()).toEqual(declared(ON_SECRET));
});

test('entra() asks for the administrator’s secret only if there is one', async () => {
  const server = await EntraServer.start();
  const rotator = entra({ cloud: { login: server.origin, graph: server.origin }, propagationMs: 0 });
  const calls = new RecordedCalls();
  await calls.rotate(rotator, { secret: server.register() }, TIMES);
  expect(calls.elsewhere()).toEqual([]);
  const { keyId: _, ...admin } = server.register();
  const secret = { ...server.register(admin.clientId), masterarn: 'admin' };
  await calls.rotate(rotator, { secret, admin }, TIMES);
  await server.stop();
  expect(calls.elsewhere()).toEqual(declared(ofEntra.permissions));
});

describe('of AWS', () => {
  let aws: IamServer;
  beforeAll(async () => {
    aws = await IamServer.start();
    // So old that a leftover makes room at once, and a second for each: IAM shows no more.
    let made = 0;
    aws.account.now = () => Date.now() - 3_600_000 + 1000 * made++;
  });
  afterAll(() => aws.stop());

  /** But GetCallerIdentity, which is asked with the key itself, and needs no right. */
  const asked = () =>
    aws
      .actions()
      .filter((action) => action !== 'GetCallerIdentity')
      .map((action) => `iam:${action}`);

  test('iam() asks for what it declares, in those steps', async () => {
    aws.account.users.set('app', []);
    const calls = new RecordedCalls(asked);
    await calls.rotate(
      iam({ ownsEveryKey: true, propagationMs: 0 }),
      { secret: aws.account.issue('app') },
      TIMES,
    );
    expect(calls.elsewhere()).toEqual(declared(ofIam.permissions));
  });

  test('sesSmtp() asks for what it declares, in those steps', async () => {
    const smtp = await SmtpServer.start();
    smtp.accepts = () => true;
    aws.account.users.set('mailer', []);
    const { accessKeyId: username, secretAccessKey } = aws.account.issue('mailer');
    const password = createHmac('sha256', secretAccessKey).digest('base64');
    const calls = new RecordedCalls(asked);
    const rotator = sesSmtp({
      ownsEveryKey: true,
      propagationMs: 0,
      connectTo: { host: 'localhost', port: smtp.port },
      ca: await certificate('ca.pem'),
    });
    const host = 'email-smtp.eu-central-1.amazonaws.com';
    await calls.rotate(rotator, { secret: { iamUserName: 'mailer', host, username, password } }, TIMES);
    smtp.stop();
    expect(calls.elsewhere()).toEqual(declared(ofSesSmtp.permissions));
  });
});

test('serviceToken() asks for nothing but its secret', async () => {
  const calls = new RecordedCalls();
  await calls.rotate(serviceToken(), { secret: {} }, TIMES);
  expect(calls.elsewhere()).toEqual(declared(ofServiceToken.permissions));
});
