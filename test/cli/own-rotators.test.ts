import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
