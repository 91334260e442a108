import { alternatingUsers } from '../../../../rotators/mysql/index.js';
import { type RotationEvent, rotationHandler, type Step } from '../../../../src/index.js';
import { LocalSecretsManager } from '../../../../src/testing/index.js';
import { awsFunction } from '../../../support/aws-mysql-function.js';
import { inSession } from '../../../support/mysql-login.js';
import { describeServers } from '../../../support/mysql-programs.js';
import { ADMIN, FIRST, isAccepted, newUser } from '../../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../../support/mysql-servers.js';
import { certificate } from '../../../support/postgres.js';
import { mayTakeAsLongAs } from '../../../support/timeouts.js';

mayTakeAsLongAs('servers');

const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

describeServers(
  'AWS’s function for two users, and this one',
  (program, test) => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startTestServer(program);
      // AWS's needs whatever it is to copy.
      await server.sql(
        `CREATE USER admin IDENTIFIED BY '${ADMIN}'; GRANT ALL ON *.* TO admin WITH GRANT OPTION; CREATE DATABASE d1; CREATE TABLE d1.t (a int)`,
      );
    });
    afterAll(() => server.stop());

    /** A secret, and two functions that rotate it. */
    async function rig() {
      const app = newUser();
      await server.sql(`CREATE USER ${app} IDENTIFIED BY '${FIRST}'; GRANT SELECT, INSERT ON d1.* TO ${app}`);
      const secrets = new LocalSecretsManager();
      const ca = await certificate('ca.pem');
      const warnings: string[] = [];
      const functions = {
        ours: rotationHandler(alternatingUsers({ ca }), {
          client: secrets,
          log: (entry) => warnings.push(...(entry.warnings ?? [])),
        }),
        AWS: awsFunction(secrets, ca, 'multi user'),
      };
      let who: keyof typeof functions = 'ours';
      const RotationLambdaARN = secrets.addFunction('rotate', (event: RotationEvent) =>
        functions[who](event),
      );
      const place = { engine: 'mysql', host: 'localhost', port: server.port };
      const store = (Name: string, value: object) =>
        secrets.createSecret({ Name, SecretString: JSON.stringify({ ...place, ...value }) });
      await store('admin', { username: 'admin', password: ADMIN });
      await store('db', { username: app, password: FIRST, masterarn: 'admin' });
      const version = async (VersionStage: string): Promise<{ username: string; password: string }> => {
        const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'db', VersionStage });
        return JSON.parse(SecretString);
      };
      const take = async (name: keyof typeof functions, steps: readonly Step[]) => {
        who = name;
        for (const step of steps) await secrets.rotation('db').deliver(step);
      };
      const begin = () => secrets.rotateSecret({ SecretId: 'db', RotationLambdaARN });
      return {
        app,
        begin,
        take,
        version,
        warnings,
        async rotate(name: keyof typeof functions): Promise<void> {
          await begin();
          await take(name, STEPS);
        },
        /** Whether both labelled users log in, and AWSCURRENT’s may do what the original may. */
        async works(): Promise<boolean> {
          const [now, before] = [await version('AWSCURRENT'), await version('AWSPREVIOUS')];
          await inSession(server, [now.username, now.password], (session) =>
            session.query('INSERT INTO d1.t SELECT 1 FROM d1.t WHERE false'),
          );
          return now.username !== before.username && isAccepted(server, before.username, before.password);
        },
      };
    }

    for (const [first, second] of [
      ['AWS', 'ours'],
      ['ours', 'AWS'],
    ] as const) {
      for (const turn of ['clone', 'original'] as const) {
        for (const count of [1, 2, 3]) {
          test(`what ${first} began, ${second} ends, from createSecret, after ${count} steps, in the turn of the ${turn}`, async () => {
            const { begin, take, rotate, version, works } = await rig();
            // Its clones have direct rights, which it copies back.
            if (turn === 'original') await rotate('AWS');
            await begin();
            await take(first, STEPS.slice(0, count));
            const pending = await version('AWSPENDING');
            await take(second, STEPS);
            expect(await version('AWSCURRENT')).toEqual(pending);
            expect(await works()).toBe(true);
          });
        }
      }
    }

    test('take turns, rotation by rotation, for as long as AWS’s begins none from a clone of ours', async () => {
      const { rotate, works, warnings } = await rig();
      for (const name of ['AWS', 'AWS', 'AWS', 'ours', 'ours', 'ours', 'ours', 'ours', 'AWS'] as const) {
        await rotate(name);
        expect(await works()).toBe(true);
      }
      expect(new Set(warnings).size).toBe(1);
    });

    test('AWS’s cannot begin one from a clone of ours, and can once its role is revoked, as the README says', async () => {
      const { app, rotate, begin, take, works } = await rig();
      await rotate('ours');
      await begin();
      await expect(take('AWS', STEPS.slice(0, 2))).rejects.toThrow();
      await take('ours', STEPS);
      await server.sql(`REVOKE ${app} FROM ${app}_clone`);
      for (let n = 0; n < 3; n++) {
        await rotate('AWS');
        expect(await works()).toBe(true);
      }
    });
  },
  (flavour) => flavour === 'mysql',
);
