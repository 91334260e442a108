import { alternatingUsers, postgres } from '../../../rotators/postgres/index.js';
import { type RotationEvent, rotationHandler, type Step } from '../../../src/index.js';
import { LocalSecretsManager } from '../../../src/testing/index.js';
import { awsFunction } from '../../support/aws-function.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';

const FIRST = 'first-password-1';
const ADMIN = 'xk83-Qmw71-plv';
const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

let server: TestServer;
let count = 0;

beforeAll(async () => {
  server = await startTestServer({ settings: { password_encryption: 'scram-sha-256' } });
  await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
});

afterAll(() => server.stop());

/** A secret, and two functions that rotate it. */
async function rig(strategy: 'single user' | 'multi user') {
  const app = `app_${++count}`;
  await server.sql(
    `CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'; GRANT "${app}" TO admin WITH ADMIN OPTION`,
  );
  const secrets = new LocalSecretsManager();
  const options = { client: secrets, log: () => {} };
  const ours =
    strategy === 'single user'
      ? rotationHandler(postgres(), options)
      : rotationHandler(alternatingUsers(), options);
  const functions = { ours, AWS: awsFunction(strategy, secrets) };
  let who: keyof typeof functions = 'ours';
  const RotationLambdaARN = secrets.addFunction('rotate', (event: RotationEvent) => functions[who](event));
  await secrets.createSecret({ Name: 'admin', SecretString: server.secret('admin', ADMIN) });
  const more = strategy === 'multi user' ? { masterarn: 'admin' } : {};
  await secrets.createSecret({ Name: 'db', SecretString: server.secret(app, FIRST, more) });
  const value = async (label: string) => {
    const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'db', VersionStage: label });
    return JSON.parse(SecretString);
  };
  return {
    secrets,
    value,
    begin: () => secrets.rotateSecret({ SecretId: 'db', RotationLambdaARN }),
    async take(name: keyof typeof functions, steps: readonly Step[]) {
      who = name;
      for (const step of steps) await secrets.rotation('db').deliver(step);
    },
  };
}

describe.each(['single user', 'multi user'] as const)('%s:', (strategy) => {
  describe.each([
    ['AWS', 'ours'],
    ['ours', 'AWS'],
  ] as const)('what the function of %s began,', (first, second) => {
    test.each([1, 2, 3])(
      `the function of ${second} ends, from createSecret, after %i steps`,
      async (steps) => {
        const { begin, take, value } = await rig(strategy);
        await begin();
        await take(first, STEPS.slice(0, steps));
        const pending = await value('AWSPENDING');
        await take(second, STEPS);
        const current = await value('AWSCURRENT');
        expect(current).toEqual(pending);
        expect(await server.accepts(current.username, current.password)).toBe(true);
      },
    );
  });

  test('the two take turns, rotation by rotation', async () => {
    const { begin, take, value } = await rig(strategy);
    for (const name of ['AWS', 'ours', 'AWS', 'AWS', 'ours', 'ours', 'AWS'] as const) {
      const old = await value('AWSCURRENT');
      await begin();
      await take(name, STEPS);
      const current = await value('AWSCURRENT');
      expect(current.password).not.toBe(old.password);
      expect(await server.accepts(current.username, current.password)).toBe(true);
    }
  });
});
