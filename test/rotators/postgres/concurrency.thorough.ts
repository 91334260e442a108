import { postgres } from '../../../rotators/postgres/index.js';
import { type LogEntry, type RotationError, rotationHandler } from '../../../src/index.js';
import { LocalSecretsManager } from '../../../src/testing/index.js';
import { allOf } from '../../support/errors.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';

const ROLES = Array.from({ length: 40 }, (_, n) => `tenant_${String(n).padStart(2, '0')}`);
const isLockedOut = (role: string) => Number(role.slice(-2)) % 4 === 0;
const firstOf = (role: string) => `${role.slice(-2)}-Vx7!frst-${role.slice(-2)}`;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ settings: { max_connections: '100' } });
});

afterAll(() => server.stop());

test('forty roles are rotated at once by one function, a quarter of them in vain, and no session is left', async () => {
  await server.sql(ROLES.map((role) => `CREATE ROLE ${role} LOGIN PASSWORD '${firstOf(role)}'`).join('; '));
  const secrets = new LocalSecretsManager();
  const log: LogEntry[] = [];
  const handler = rotationHandler(postgres(), { client: secrets, log: (entry) => log.push(entry) });
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  for (const role of ROLES) {
    const password = isLockedOut(role) ? `none-${firstOf(role)}` : firstOf(role);
    await secrets.createSecret({ Name: role, SecretString: server.secret(role, password) });
    await secrets.rotateSecret({ SecretId: role, RotationLambdaARN });
  }

  const before = resources();
  const reports = await Promise.all(ROLES.map((role) => secrets.rotation(role).run()));
  expect(resources()).toEqual(before);

  for (const { secret: role, outcome, steps } of reports) {
    const error = steps.at(-1)?.error as RotationError | undefined;
    expect([role, outcome, error?.code]).toEqual(
      isLockedOut(role) ? [role, 'failed', 'ERR_CREDENTIAL_REJECTED'] : [role, 'succeeded', undefined],
    );
    const told = allOf([error, log.filter(({ secretId }) => secretId.includes(`:${role}-`))]);
    expect(told.match(/tenant_\d\d/g)?.filter((name) => name !== role)).toEqual([]);
    const { SecretString = '' } = await secrets.getSecretValue({ SecretId: role });
    const isPassword = await server.accepts(role, JSON.parse(SecretString).password);
    expect(isPassword).toBe(!isLockedOut(role));
    expect(await server.accepts(role, firstOf(role))).toBe(isLockedOut(role));
  }
  const left = await server.sql(
    "SELECT usename FROM pg_stat_activity WHERE application_name = 'quarterturn'",
  );
  expect(left).toEqual([]);
});

/** The timers and sockets of this process. */
const resources = () =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name.startsWith('TCP'));
