import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mysql } from '../../../rotators/mysql/index.js';
import { type RotationEvent, rotationHandler, type Step } from '../../../src/index.js';
import { LocalSecretsManager } from '../../../src/testing/index.js';
import { awsFunction } from '../../support/aws-mysql-function.js';
import { describeServers } from '../../support/mysql-programs.js';
import { ADMIN, FIRST, isAccepted, makeAdministrator, newUser } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { certificate } from '../../support/postgres.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

const README = readFileSync(join(__dirname, '../../../rotators/mysql/README.md'), 'utf8');
const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** What the README has an administrator run before AWS's function takes over. */
function handingBack(flavour: 'mysql' | 'mariadb', app: string): string {
  const [, section = ''] = README.split(/^## Back to AWS's function$/m);
  const [forMysql = '', forMariadb = ''] = [...section.matchAll(/```sql\n([\s\S]*?)```/g)].map(
    ([, sql]) => sql ?? '',
  );
  return (flavour === 'mysql' ? forMysql : forMariadb).replaceAll(/\bapp\b/g, app);
}

describeServers('AWS’s function and this one', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
    await makeAdministrator(server);
  });
  afterAll(() => server.stop());

  /** A secret, and two functions that rotate it. */
  async function rig(more: object) {
    const app = newUser();
    await server.sql(`CREATE USER ${app} IDENTIFIED BY '${FIRST}'`);
    const secrets = new LocalSecretsManager();
    const ca = await certificate('ca.pem');
    const functions = {
      ours: rotationHandler(mysql({ ca }), { client: secrets, log: () => {} }),
      AWS: awsFunction(secrets, ca),
    };
    let who: keyof typeof functions = 'ours';
    const RotationLambdaARN = secrets.addFunction('rotate', (event: RotationEvent) => functions[who](event));
    const place = { engine: program.flavour, host: 'localhost', port: server.port };
    const store = (Name: string, value: object) =>
      secrets.createSecret({ Name, SecretString: JSON.stringify({ ...place, ...value }) });
    await store('admin', { username: 'admin', password: ADMIN });
    await store('db', { username: app, password: FIRST, ...more });
    const password = async (VersionStage: string): Promise<string> => {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'db', VersionStage });
      return JSON.parse(SecretString).password;
    };
    const take = async (name: keyof typeof functions, steps: readonly Step[]) => {
      who = name;
      for (const step of steps) await secrets.rotation('db').deliver(step);
    };
    const begin = () => secrets.rotateSecret({ SecretId: 'db', RotationLambdaARN });
    return {
      app,
      password,
      take,
      begin,
      /** Rotates, and returns the new password. */
      async rotate(name: keyof typeof functions): Promise<string> {
        await begin();
        await take(name, STEPS);
        return password('AWSCURRENT');
      },
      async alive(...known: readonly string[]): Promise<readonly string[]> {
        const alive = [];
        for (const each of known) if (await isAccepted(server, app, each)) alive.push(each);
        return alive;
      },
    };
  }

  for (const [by, more] of [
    ['an administrator', { masterarn: 'admin' }],
    ['the user itself', {}],
  ] as const) {
    for (const [first, second] of [
      ['AWS', 'ours'],
      ['ours', 'AWS'],
    ] as const) {
      for (const count of [1, 2, 3]) {
        test(`what ${first} began, ${second} ends, from createSecret, after ${count} steps, by ${by}`, async () => {
          const { begin, take, password, alive } = await rig(more);
          await begin();
          await take(first, STEPS.slice(0, count));
          const pending = await password('AWSPENDING');
          await take(second, STEPS);
          expect(await password('AWSCURRENT')).toBe(pending);
          expect(await alive(pending)).toEqual([pending]);
        });
      }
    }
  }

  test('the two take turns, rotation by rotation', async () => {
    const { rotate, alive } = await rig({ masterarn: 'admin' });
    let last = FIRST;
    for (const name of ['AWS', 'ours', 'AWS', 'AWS', 'ours', 'ours', 'AWS'] as const) {
      const current = await rotate(name);
      expect(current).not.toBe(last);
      expect(await alive(current)).toEqual([current]);
      last = current;
    }
  });

  test('after AWS’s function, ours leaves two passwords, and none of before', async () => {
    const { rotate, alive } = await rig({ masterarn: 'admin' });
    const known = [FIRST, await rotate('AWS'), await rotate('AWS'), await rotate('ours')];
    expect(await alive(...known)).toEqual(known.slice(-2));
    known.push(await rotate('ours'));
    expect(await alive(...known)).toEqual(known.slice(-2));
  });

  test('an old password would work for ever after two rotations by AWS’s function', async () => {
    const { rotate, alive } = await rig({ masterarn: 'admin' });
    const known = [FIRST, await rotate('ours'), await rotate('AWS'), await rotate('AWS')];
    expect(await alive(...known)).toEqual([FIRST, known.at(-1)]);
  });

  test('none does, if an administrator has run the README’s SQL before', async () => {
    const { app, rotate, alive } = await rig({ masterarn: 'admin' });
    const known = [FIRST, await rotate('ours')];
    await server.sql(handingBack(program.flavour, app));
    expect(await alive(...known)).toEqual(known.slice(-1));
    known.push(await rotate('AWS'), await rotate('AWS'));
    expect(await alive(...known)).toEqual(known.slice(-1));
  });
});
