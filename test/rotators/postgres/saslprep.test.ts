import { Client } from 'pg';
import { scramVerifier } from '../../../rotators/postgres/password/verifier.js';
import { LEFT_TO_RIGHT, PROHIBITED, RIGHT_TO_LEFT } from '../../../rotators/postgres/wire/saslprep-tables.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';
/** Each has something that SASLprep would change, and something that it prohibits. */
const PASSWORDS = {
  'an emoji': '\ufb01\u{1f600}\u2460-emoji-pass',
  'two directions': '\u00bd-ab\u05d0-two-directions',
  'from right to left, but for its end': '\u05d0\u00bd-\u05d0-1',
  'a bell': 'x\u00b2\u0007bell-pass-1',
  'a private character': 'x\u00bd\ue000private-use',
  'a tag': 'x\u00bd\u{e0041}tag-pass-word',
  'a later character': '\u0221\ufb01-later-than-3.2',
  'a replacement character': '\ufb01\ufffd-replaced',
  'nothing that is left': '\u00ad\u200d\u2060',
  'a control character of Latin-1': '\u0085\ufb01-next-line',
};
/** These it takes, and changes. */
const TAKEN = {
  'a ligature': '\ufb01rst-ligature',
  'from right to left': '\u05d0\u00bd-12-\u05d0',
  spaces: 'a\u1680b\u00a0c\u200bd',
};

let server: TestServer;
let count = 0;

beforeAll(async () => {
  server = await startTestServer({ hba: 'host clear all 127.0.0.1/32 password' });
  await server.sql('CREATE DATABASE clear');
});

afterAll(() => server.stop());

async function role(password: string): Promise<string> {
  const app = `app_${++count}`;
  await server.sql(`CREATE ROLE ${app} LOGIN PASSWORD '${password}'`);
  return app;
}

/** Whether PostgreSQL itself finds that a password is the one: it gets it in clear text. */
async function isRight(user: string, password: string): Promise<boolean> {
  const { host, port } = server;
  const client = new Client({ host, port, user, password, database: 'clear', ssl: false });
  const isIn = await client.connect().then(
    () => true,
    () => false,
  );
  await client.end();
  return isIn;
}

test.each(Object.entries({ ...PASSWORDS, ...TAKEN }))(
  'a user whose password has %s is let in',
  async (_, first) => {
    const app = await role(first);
    const { begin, rotation, password } = await postgresRig(server.secret(app, first));
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await isRight(app, await password('AWSCURRENT'))).toBe(true);
  },
);

test.each(Object.entries({ ...PASSWORDS, ...TAKEN }))(
  'a new password that has %s is stored as PostgreSQL would',
  async (_, next) => {
    const app = await role(FIRST);
    const { beginWith, deliver } = await postgresRig(server.secret(app, FIRST));
    await beginWith(server.secret(app, next));
    for (const step of ['setSecret', 'testSecret', 'finishSecret'] as const) await deliver(step);
    expect(await isRight(app, next)).toBe(true);
    expect(await isRight(app, FIRST)).toBe(false);
  },
);

test('what is prohibited is so for PostgreSQL, at every border of the tables', async () => {
  await server.sql(`CREATE ROLE borders; CREATE FUNCTION stored(password text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
    SET LOCAL scram_iterations = 1; EXECUTE format('ALTER ROLE borders PASSWORD %L', password);
    RETURN (SELECT rolpassword FROM pg_authid WHERE rolname = 'borders'); END $$`);
  const others: string[] = [];
  for (const [table, shape] of [
    [PROHIBITED, '\ufb01%'],
    [RIGHT_TO_LEFT, '%\u00bd\u05d0'],
    [LEFT_TO_RIGHT, '\u05d0\u00bd%\u05d0'],
  ] as const) {
    const rows = await server.sql(
      `SELECT c, stored(replace('${shape}', '%', chr(c))) AS verifier FROM unnest(ARRAY[${bordersOf(table)}]) c`,
    );
    for (const { c, verifier } of rows) {
      const [, salt = ''] = /:([^$]+)/.exec(String(verifier)) ?? [];
      const password = shape.replace('%', () => String.fromCodePoint(Number(c)));
      const own = await scramVerifier(password, 1, Buffer.from(salt, 'base64'));
      if (own !== verifier) others.push(`${shape} with ${Number(c).toString(16)}`);
    }
  }
  expect(others).toEqual([]);
});

/** The characters on both sides of each. */
function bordersOf(table: string): readonly number[] {
  let place = 0;
  return table.split(' ').flatMap((step) => {
    place += Number.parseInt(step, 36);
    return [place - 1, place].filter(
      (code) => code > 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff),
    );
  });
}
