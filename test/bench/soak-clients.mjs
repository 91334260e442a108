// Rotates under applications that never pause, and counts what fails for them: by the client, and without it.
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { issuedKey, rotationHandler, stringField } from 'quarterturn';
import { rotatingFetch, rotatingSecret } from 'quarterturn/client';
import { rotatingPool } from 'quarterturn/client/pg';
import { alternatingUsers, postgres } from 'quarterturn/rotators/postgres';
import { LocalSecretsManager } from 'quarterturn/testing';

const PROCESSES = 5;
const CLIENTS_EACH = 10;
export const CLIENTS = PROCESSES * CLIENTS_EACH;
/** Between two steps, as a Lambda takes its time. */
const GAP_MS = 250;
/** Keys live for two rotations: longer than the second in which a client looks once. */
const KEY_GAP_MS = 250;

/**
 * @param open makes what one process has: `{ run, end }`, where `run()` is one request
 * @returns how many requests failed, and after which rotation
 */
export async function soakApplications({ rotations, rotator, secret, others = {}, gapMs = GAP_MS, open }) {
  const secrets = new LocalSecretsManager();
  let calls = 0;
  const client = {
    getSecretValue(input) {
      calls++;
      return secrets.getSecretValue(input);
    },
  };
  for (const [Name, value] of Object.entries({ ...others, app: secret })) {
    await secrets.createSecret({ Name, SecretString: JSON.stringify(value) });
  }
  const handler = rotationHandler(rotator, { client: secrets, log: () => {} });
  const RotationLambdaARN = secrets.addFunction('rotate', handler);

  const counts = { requests: 0, failed: 0, longestMs: 0, failedAfter: [], first: undefined };
  const processes = Array.from({ length: PROCESSES }, () => open(client));
  let isOver = false;
  const clients = processes.flatMap(({ run }) =>
    Array.from({ length: CLIENTS_EACH }, async () => {
      while (!isOver) {
        counts.requests++;
        const start = performance.now();
        try {
          await run();
        } catch (error) {
          counts.failed++;
          counts.first ??= error.message;
          await sleep(5);
        }
        counts.longestMs = Math.max(counts.longestMs, performance.now() - start);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }),
  );
  await sleep(300);
  for (let n = 0; n < rotations; n++) {
    await secrets.rotateSecret({ SecretId: 'app', RotationLambdaARN });
    for (let end; !end; ) {
      end = await secrets.rotation('app').runStep();
      if (end && end.outcome !== 'succeeded') throw end.steps.at(-1)?.error ?? new Error(end.outcome);
      await sleep(gapMs);
    }
    counts.failedAfter.push(counts.failed);
  }
  isOver = true;
  await Promise.all(clients);
  await Promise.all(processes.map(({ end }) => end()));
  return { ...counts, calls };
}

export const HEAD_OF_APPLICATIONS = [
  '| | requests | failed | longest | calls to Secrets Manager |',
  '| --- | --- | --- | --- | --- |',
];

export function rowOfApplication(name, { requests, failed, longestMs, calls }) {
  return `| ${name} | ${requests} | ${failed} | ${Math.ceil(longestMs)} ms | ${calls} |`;
}

const place = ({ host, port }) => ({ host, port, database: 'postgres', ssl: false, max: 10, maxUses: 20 });

function pools(server, makePool) {
  return (client) => {
    const { pool, end = () => {} } = makePool(client, place(server));
    pool.on('error', () => {});
    return {
      run: () => pool.query('SELECT 1'),
      end: async () => {
        await pool.end();
        end();
      },
    };
  };
}

const withClient = (server) =>
  pools(server, (client, config) => {
    const secret = rotatingSecret('app', { client });
    return { pool: rotatingPool(pg, secret, config), end: () => secret.close() };
  });

/** As applications do without it: pg asks a function for the password of each connection. */
const withFunction = (server, user, cacheMs) =>
  pools(server, (client, config) => {
    let [held, readAt] = [undefined, Number.NEGATIVE_INFINITY];
    const password = async () => {
      if (performance.now() - readAt >= cacheMs) {
        readAt = performance.now();
        held = JSON.parse((await client.getSecretValue({ SecretId: 'app' })).SecretString).password;
      }
      return held;
    };
    return { pool: new pg.Pool({ ...config, user, password }) };
  });

/** A provider of keys with an API that takes those which live. */
async function keyService() {
  const live = new Map();
  let count = 0;
  const issue = (name) => {
    const made = { id: `key-id-${++count}`, key: `key-number-${count}` };
    live.set(made.id, { ...made, name, createdAt: new Date() });
    return { id: made.id, key: made.key };
  };
  const takes = (key) => [...live.values()].some((one) => one.key === key);
  const server = createServer((request, response) => {
    response.writeHead(takes(request.headers['x-api-key']) ? 200 : 401).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    first: issue('made by hand'),
    rotator: issuedKey({
      name: 'keys',
      rotates: ['id', 'key'],
      shows: [],
      id: 'id',
      parse: (json) => ({ id: stringField(json, 'id'), key: stringField(json, 'key') }),
      issue,
      list: () => [...live.values()].map(({ id, name, createdAt }) => ({ id, name, createdAt })),
      revoke: (id) => void live.delete(id),
      probe: ({ key }) => (takes(key) ? 'accepted' : 'rejected'),
    }),
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

const withFetch = (url) => (client) => {
  const secret = rotatingSecret('app', { client, pending: ['id', 'key'] });
  const send = rotatingFetch(secret, ({ key }, headers) => headers.set('x-api-key', key));
  return {
    async run() {
      const response = await send(url);
      await response.body?.cancel();
      if (response.status !== 200) throw new Error(`answered ${response.status}`);
    },
    end: async () => secret.close(),
  };
};

/** The rows by name: first those of the client, then those without it, to compare with. */
export async function soakClients({ server, place: stored, admin, rotations, reset }) {
  const user = (username) => ({ ...stored, username, password: 'soak-first-1' });
  const keys = await keyService();
  const single = async (open) => {
    await reset('single');
    return soakApplications({ rotations, rotator: postgres(), secret: user('single'), open });
  };
  await reset('app');
  const rows = {
    'one user, the client': await single(withClient(server)),
    'two users, the client': await soakApplications({
      rotations,
      rotator: alternatingUsers(),
      secret: { ...user('app'), masterarn: 'admin' },
      others: { admin },
      open: withClient(server),
    }),
    'API keys over HTTP, the client': await soakApplications({
      rotations,
      rotator: keys.rotator,
      secret: keys.first,
      gapMs: KEY_GAP_MS,
      open: withFetch(keys.url),
    }),
    'one user, a password function with a cache of 2 s': await single(withFunction(server, 'single', 2000)),
    'one user, a password function that reads each time': await single(withFunction(server, 'single', 0)),
  };
  await keys.stop();
  return rows;
}
