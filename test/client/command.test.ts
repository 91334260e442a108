import { execFile } from 'node:child_process';
import { built } from '../support/built.js';
import { until } from '../support/command.js';
import { LocalCommand } from '../support/local-command.js';
import { startTestServer, type TestServer } from '../support/postgres.js';

built('esm');
built('cjs');

const local = new LocalCommand('first-password-1');

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** An application: it logs in anew for each query, until its input ends, and says how it went. */
const APPLICATION = `
const secret = rotatingSecret('app/db');
const pool = rotatingPool(pg, secret, { max: 4, maxUses: 1 });
const seen = { queries: 0, errors: [], versions: new Set() };
let isOver = false;
process.stdin.resume().on('end', () => { isOver = true; });
const worker = async () => {
  while (!isOver) {
    await pool.query('SELECT 1').then(() => seen.queries++, (error) => seen.errors.push(String(error)));
    seen.versions.add((await secret.get()).versionId);
    if (seen.queries === 20) console.log('works');
  }
};
Promise.all([worker(), worker()]).then(() => pool.end()).then(() => {
  secret.close();
  console.log(JSON.stringify({ ...seen, versions: seen.versions.size }));
});`;

const LOADED = {
  mjs: `import pg from 'pg';
import { rotatingSecret } from 'quarterturn/client';
import { rotatingPool } from 'quarterturn/client/pg';`,
  cjs: `const pg = require('pg');
const { rotatingSecret } = require('quarterturn/client');
const { rotatingPool } = require('quarterturn/client/pg');`,
};

test.each(['mjs', 'cjs'] as const)(
  'an application (%s) that `quarterturn local` gives its secrets notices none of three rotations',
  async (kind) => {
    const user = `app_${kind}`;
    await server.sql(`CREATE ROLE ${user} LOGIN PASSWORD 'first-password-1'`);
    const seed = await local.seed({ 'app/db': JSON.parse(server.secret(user, 'first-password-1')) });
    const { endpoint, value, rotate } = await local.listening(
      '--function',
      'rotate=postgres',
      '--seed',
      seed,
    );
    // In this project, so that it finds the package as it is built.
    const application = execFile(
      process.execPath,
      ['--input-type', kind === 'mjs' ? 'module' : 'commonjs', '--eval', LOADED[kind] + APPLICATION],
      {
        env: {
          ...process.env,
          AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
          AWS_REGION: 'eu-west-1',
          AWS_ACCESS_KEY_ID: 'local',
          AWS_SECRET_ACCESS_KEY: 'local',
          PGSSLMODE: 'disable',
        },
      },
    );
    let output = '';
    application.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    application.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    await until(() => /works/.test(output));
    for (let n = 0; n < 3; n++) {
      const before = await value('app/db');
      await rotate('app/db', 'rotate');
      while ((await value('app/db')) === before) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    application.stdin?.end();
    await until(() => /\n{.*}\n/.test(output));
    const { queries, errors, versions } = JSON.parse(/\n({.*})\n/.exec(output)![1]!);
    expect(errors).toEqual([]);
    expect(queries).toBeGreaterThan(20);
    expect(versions).toBeGreaterThan(1);
  },
);
