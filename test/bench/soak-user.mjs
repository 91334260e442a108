// One user's secret, rotated again and again under clients that never pause, whatever the database is.
import { performance } from 'node:perf_hooks';
import { rotationHandler } from 'quarterturn';
import { LocalSecretsManager } from 'quarterturn/testing';

/** Clients that open connections with the AWSCURRENT that they know, and one that keeps its connections open. */
function startClients({ open, clients, sessions, sql }, readCurrent, counts) {
  let isOver = false;
  // A client never knows less than what was AWSCURRENT before the setSecret that comes next.
  const known = Array.from({ length: clients }, () => undefined);
  const reading = known.map(() => 0);
  const kept = [];

  async function openOften(n) {
    while (!isOver) {
      known[n] = await readCurrent();
      reading[n] += 1;
      for (let login = 0; login < 2 && !isOver; login++) {
        counts.logins += 1;
        try {
          const client = await open(known[n]);
          await query(client, sql);
          if (kept.length < sessions) kept.push(client);
          else await client.end();
        } catch (error) {
          counts.failedLogins += 1;
          counts.first ??= error.message;
          // A client whose login fails reads the secret again, as it should.
          break;
        }
      }
    }
  }

  async function keepBusy() {
    while (!isOver) {
      for (const client of kept) await query(client, 'SELECT current_user');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function query(client, sql) {
    counts.queries += 1;
    await client.query(sql).catch((error) => {
      counts.failedQueries += 1;
      counts.first ??= error.message;
    });
  }

  const running = [...known.map((_, n) => openOften(n)), keepBusy()];
  return {
    /** Waits until every client has read AWSCURRENT anew. */
    async haveReadAgain() {
      const before = [...reading];
      // The one that is under way may have read just before.
      while (reading.some((count, n) => count < before[n] + 2))
        await new Promise((resolve) => setTimeout(resolve, 1));
    },
    async stop() {
      isOver = true;
      await Promise.all(running);
      await Promise.all(kept.map((client) => client.end()));
    },
  };
}

/**
 * @param what `open(secret)` connects; `sql` is what each client runs in a connection that it has opened
 * @returns how often who was refused, and how long AWSCURRENT was, in each rotation
 */
export async function soakUser({ rotator, secret, admin, rotations, ...what }) {
  const secrets = new LocalSecretsManager();
  const RotationLambdaARN = secrets.addFunction(
    'rotate',
    rotationHandler(rotator, { client: secrets, log: () => {} }),
  );
  await secrets.createSecret({ Name: 'admin', SecretString: JSON.stringify(admin) });
  await secrets.createSecret({ Name: 'db', SecretString: JSON.stringify(secret) });
  const readCurrent = async () => JSON.parse((await secrets.getSecretValue({ SecretId: 'db' })).SecretString);
  const counts = { logins: 0, queries: 0, failedLogins: 0, failedQueries: 0, first: undefined };
  const windows = [];
  const running = startClients(what, readCurrent, counts);
  const start = performance.now();
  for (let n = 0; n < rotations; n++) {
    await running.haveReadAgain();
    await secrets.rotateSecret({ SecretId: 'db', RotationLambdaARN });
    const rotation = secrets.rotation('db');
    await rotation.deliver('createSecret');
    const old = await readCurrent();
    const window = watch(what.open, old, () =>
      readCurrent().then(({ password }) => password !== old.password),
    );
    for (const step of ['setSecret', 'testSecret', 'finishSecret']) await rotation.deliver(step);
    windows.push(await window);
  }
  await running.haveReadAgain();
  await running.stop();
  return { ...counts, windows, seconds: (performance.now() - start) / 1000 };
}

/** How long, in milliseconds, AWSCURRENT could not log in: tried without pause until another value is AWSCURRENT. */
async function watch(open, secret, isPromoted) {
  let closedAt;
  while (!(await isPromoted())) {
    const accepted = await open(secret).then(
      (client) => client.end().then(() => true),
      () => false,
    );
    if (!accepted) closedAt ??= performance.now();
  }
  return closedAt === undefined ? 0 : performance.now() - closedAt;
}

/** The head of a table of results. */
export const HEAD = [
  '| | logins | refused | queries | failed | AWSCURRENT refused for (median, longest) |',
  '| --- | --- | --- | --- | --- | --- |',
];

export function rowOf(name, { logins, failedLogins, queries, failedQueries, windows }) {
  const sorted = windows.toSorted((a, b) => a - b);
  const [median, longest] = [sorted[sorted.length >> 1], sorted.at(-1)].map((ms) => `${Math.ceil(ms)} ms`);
  return `| ${name} | ${logins} | ${failedLogins} | ${queries} | ${failedQueries} | ${median}, ${longest} |`;
}

/** How much failed that no rotation may fail, of a strategy that refuses nobody, or of one that does for a while. */
export function failuresOf({ failedLogins, failedQueries, windows }, refusesNobody) {
  return failedQueries + (refusesNobody ? failedLogins + windows.filter((ms) => ms > 0).length : 0);
}
