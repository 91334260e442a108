import { datadog } from '../../rotators/api-key/datadog/index.js';
import { elasticsearch } from '../../rotators/api-key/elasticsearch/index.js';
import { okta } from '../../rotators/api-key/examples/okta.js';
import { sendgrid } from '../../rotators/api-key/examples/sendgrid.js';
import { gitlab } from '../../rotators/api-key/gitlab/index.js';
import { apiKey } from '../../rotators/api-key/index.js';
import { entra } from '../../rotators/entra/index.js';
import { iam } from '../../rotators/iam/index.js';
import { sesSmtp } from '../../rotators/iam/ses-smtp/index.js';
import { mysql, rdsInstance as mysqlInRds } from '../../rotators/mysql/index.js';
import { alternatingUsers, postgres, rdsInstance } from '../../rotators/postgres/index.js';
import { serviceToken } from '../../rotators/service-token/index.js';
import type { Rotator } from '../../src/index.js';
import { PASSWORD } from './corpus.js';

export type AnyRotator = Rotator<Record<string, unknown>, string>;

const database = {
  engine: 'postgres',
  host: 'db.example.com',
  port: 5432,
  username: 'app',
  dbname: 'x',
  masterarn: 'boss',
};
const byAdmin = { adminSecretArn: 'boss' };
const guid = '0f8fad5b-d9cb-469f-a165-70867728950e';

const ROTATORS: readonly (readonly [rotator: unknown, secret: Readonly<Record<string, unknown>>])[] = [
  [postgres(), { ...database, password: PASSWORD }],
  [alternatingUsers(), { ...database, password: PASSWORD }],
  [rdsInstance(), { ...database, password: PASSWORD, dbInstanceIdentifier: 'i', dbClusterIdentifier: 'c' }],
  [mysql(), { ...database, engine: 'mysql', password: PASSWORD }],
  [mysqlInRds(), { ...database, engine: 'mysql', password: PASSWORD, dbInstanceIdentifier: 'i' }],
  [datadog(), { apiKey: PASSWORD, apiKeyId: 'k1', ...byAdmin }],
  [
    gitlab(),
    { token: PASSWORD, tokenId: 17, gitlabUrl: 'https://git.example.com', projectId: 3, ...byAdmin },
  ],
  [elasticsearch(), { apiKey: PASSWORD, apiKeyId: 'k1', url: 'https://es.example.com', ...byAdmin }],
  [
    apiKey(okta()),
    {
      clientSecret: PASSWORD,
      clientSecretId: 's',
      clientId: 'c',
      oktaUrl: 'https://o.example.com',
      authorizationServerId: 'default',
      scope: 's',
      ...byAdmin,
    },
  ],
  [apiKey(sendgrid()), { apiKey: 'SG.k1.qX7vK2mW9wL4' }],
  [iam(), { userName: 'app', accessKeyId: 'k1', secretAccessKey: PASSWORD }],
  [
    sesSmtp(),
    { iamUserName: 'app', host: 'email-smtp.eu-west-1.amazonaws.com', username: 'k1', password: PASSWORD },
  ],
  [
    entra(),
    { tenantId: 'example.com', clientId: guid, clientSecret: PASSWORD, keyId: 'k1', masterarn: 'boss' },
  ],
  [serviceToken(), { previous: PASSWORD, current: 'b7T!q2Lx', next: 'y5R~w8Kd' }],
  [serviceToken({ kind: 'Ed25519' }), { current: PASSWORD }],
];

/** Each shipped rotator, and the fields of a secret that it takes. */
export const SHIPPED = ROTATORS.map(([rotator, secret]) => ({ rotator: rotator as AnyRotator, secret }));
