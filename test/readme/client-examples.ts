import type { IncomingMessage } from 'node:http';
import mysql from 'mysql2';
import pg from 'pg';
import { accepts } from '../../rotators/service-token/verify/index.js';
import {
  onClientEvent,
  prefetch,
  type RotatingSecret,
  rotatingFetch,
  rotatingSecret,
  tokenGuard,
  withSecret,
} from '../../src/client/index.js';
import { rotatingMysqlPool } from '../../src/client/mysql2/index.js';
import { rotatingPool } from '../../src/client/pg/index.js';
import { rotationHandler } from '../../src/index.js';
import type { Rotator } from '../../src/rotator.js';
import { LocalSecretsManager } from '../../src/testing/index.js';

// The examples of the doc comments, compiled here.

interface Session {
  whoAmI(): Promise<string>;
}

export async function ofSecrets(
  bind: (user: string, password: string) => Promise<Session>,
  [database, billing]: [RotatingSecret<unknown>, RotatingSecret<unknown>],
  metrics: { count(type: string, secretId: string): void },
) {
  {
    const secret = rotatingSecret('app/db');
    const { value } = await secret.get();
    metrics.count(typeof value.username, secret.id);
  }
  await prefetch([database, billing]);
  {
    const stop = onClientEvent(({ type, secretId }) => metrics.count(type, secretId));
    stop();
  }
  const secret = rotatingSecret<{ user: string; password: string }>('app/ldap');
  const name = await withSecret(
    secret,
    ({ user, password }) => bind(user, password),
    (session) => session.whoAmI(),
  );
  return name;
}

export async function ofPools() {
  const pools = [];
  {
    const pool = rotatingPool(pg, rotatingSecret('app/db'), { max: 20 });
    pools.push(pool);
  }
  {
    const pool = rotatingMysqlPool(mysql, rotatingSecret('app/db'), { connectionLimit: 20 }).promise();
    pools.push(pool);
  }
  return pools;
}

export async function ofHttp(request: IncomingMessage, response: { sendStatus(status: number): void }) {
  const secret = rotatingSecret<{ apiKey: string }>('billing/key', { pending: ['apiKey'] });
  const signedFetch = rotatingFetch(secret, ({ apiKey }, headers) => headers.set('x-api-key', apiKey));
  const isKnown = tokenGuard(rotatingSecret('gate/token'), accepts);
  if (!(await isKnown(request.headers.authorization))) response.sendStatus(401);
  return signedFetch;
}

export async function ofLocalServer(
  rotator: Rotator<{ password: string }, 'password'>,
  test: () => Promise<void>,
) {
  const secrets = new LocalSecretsManager();
  const handler = rotationHandler(rotator, { client: secrets });
  const lambdaArn = secrets.addFunction('rotate', handler);
  await secrets.createSecret({ Name: 'app', SecretString: '{"password":"first"}' });
  await secrets.rotateSecret({ SecretId: 'app', RotationLambdaARN: lambdaArn });
  const { outcome } = await secrets.rotation('app').run();
  const { url, close } = await secrets.listen();
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = url;
  await test();
  await close();
  return outcome;
}
