import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OperatorRig, VALUE } from '../support/operator.js';

let rig: OperatorRig;
beforeAll(async () => {
  rig = await OperatorRig.make(2);
  await rig.add('app/db');
});
afterAll(() => rig.end());

/** Tries the secret with a rotator whose testSecret is this. */
async function tryWith(
  testSecret: string,
  secret = 'app/db',
  env: Readonly<Record<string, string | undefined>> = {},
) {
  const file = join(rig.command.folder, 'own.mjs');
  await writeFile(
    file,
    `
import { setTimeout as sleep } from 'node:timers/promises';
const rotator = {
  name: 'own',
  rotates: ['password'],
  shows: [],
  parse: ({ password }) => ({ password }),
  createSecret: () => ({ password: 'another' }),
  setSecret: () => {},
  testSecret: async ({ password }) => { ${testSecret} },
};
export const lambda = { rotator: () => rotator, environment: [], permissions: [], drivers: [] };
`,
  );
  return rig.runWith(env, 'test', secret, '--rotator', file);
}

test('a rotator of your own finds the Region of the secret in its environment, as in its function', async () => {
  const { ARN = '' } = await rig.secrets.describeSecret({ SecretId: 'app/db' });
  const shown = await tryWith('throw new Error("in " + process.env.AWS_REGION);', ARN, {
    AWS_REGION: 'us-east-1',
  });
  expect(shown.stdout).toContain('ERR_ROTATOR_FAILED: in eu-west-1');
});

test('run does nothing after a yes if another rotation has begun meanwhile', async () => {
  await rig.add('app/run');
  await tryWith('return "accepted";', 'app/run');
  const { end, type } = await rig.onTerminal('quarterturn run app/run --rotator ./own.mjs');
  await type('', '[y/N]');
  await rig.begin('app/run');
  const before = await rig.idOf('app/run', 'AWSPENDING');
  rig.calls.length = 0;
  await type('y\n', '[y/N]');
  const { code, stdout } = await end;
  expect(stdout).toContain('the labels moved before you answered: nothing was done');
  expect(code).toBe(1);
  expect(rig.calls).not.toContain('PutSecretValue');
  expect(await rig.idOf('app/run', 'AWSPENDING')).toBe(before);
});

const FAILURE = 'Object.assign(new Error("not " + password), { options: { password } })';

test.each([
  ['in a timer', `setTimeout(() => { throw ${FAILURE}; }, 1); await sleep(5000);`],
  ['in a promise that nobody waits for', `Promise.reject(${FAILURE}); await sleep(5000);`],
  ['as an event', `setTimeout(() => process.stdin.emit('error', ${FAILURE})); await sleep(5000);`],
])('what a rotator of your own throws %s ends the command, without the value', async (_, testSecret) => {
  const { code, stdout, stderr } = await tryWith(testSecret);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('quarterturn: the rotator own threw an error outside its steps: not [redacted]\n');
  expect(stderr).not.toContain(VALUE.slice(0, 8));
});

test('what a rotator of your own leaves running does not keep the command from its end', async () => {
  const { code, stdout } = await tryWith('setInterval(() => {}, 1000); return "accepted";');
  expect(stdout).toContain('AWSCURRENT works.');
  expect(code).toBe(0);
});

/** A rehearsal of a secret that is plain text. Its rotator prints what PRINTS names. */
const REHEARSAL = `
export async function startRehearsal() {
  const boss = { user: 'boss', password: 'Kq7vTz2mWx9bRd4c' };
  const rotator = {
    name: 'own',
    rotates: ['password'],
    text: 'password',
    shows: ['user'],
    parse: ({ password }) => ({ password }),
    createSecret: () => ({ password: 'hJ5nPy8sLf3gVa6e' }),
    setSecret: async ({ pending }, { readSecret }) => {
      const boss = await readSecret('own/boss', ['user']);
      const values = {
        'new value': pending.password,
        'password of an administrator': boss.password,
        'name of an administrator': boss.user,
      };
      process.stdout.write(values[process.env.PRINTS]);
      accepted = pending.password;
    },
    testSecret: () => 'accepted',
  };
  let accepted = 'uB1wGt0kZo4iXe9r';
  return {
    title: 'a service in memory',
    secretString: accepted,
    otherSecrets: { 'own/boss': JSON.stringify(boss) },
    rotator,
    handler: (options) => rotationHandler(rotator, options),
    accepts: async (version) => version === accepted,
    restore: async () => {},
    stop: async () => {},
  };
}
`;

test.each([
  ['NO ', 'new value'],
  ['NO ', 'password of an administrator'],
  ['yes', 'name of an administrator'],
])('rehearse says %s nothing secret was printed, if your rotator prints the %s', async (verdict, PRINTS) => {
  const entry = pathToFileURL(join(__dirname, '../../dist/esm/src/index.js')).href;
  const file = join(rig.command.folder, 'rehearsal.mjs');
  await writeFile(file, `import { rotationHandler } from '${entry}';${REHEARSAL}`);
  const { code, stdout } = await (await rig.command.shell(`quarterturn rehearse ${file}`, { PRINTS })).end;
  expect(stdout).toContain(`  ${verdict}  nothing secret was printed (searched for 3 values)\n`);
  expect(code).toBe(verdict === 'yes' ? 0 : 1);
});
