import { memoryLine, rotatorContract } from '../../src/testing/index.js';
import { leaksOnPurpose } from '../support/canary.js';
import { FIRST } from '../support/door-rig.js';
import { contractOfDoor, FarDoor, said } from './contracts.js';

test('a subject whose service takes anything proves nothing, and is told so', async () => {
  const far = new FarDoor();
  const subject = { reset: () => ({ user: 'app', password: FIRST }), line: () => far.line };
  const [first] = rotatorContract({ ...subject, rotator: () => far.sound(), accepts: () => true });
  await expect(first?.run()).rejects.toThrow(
    'accepts() must return false for a credential that nobody has set',
  );
});

test('a subject that counts wrong is told so', async () => {
  const far = new FarDoor();
  const subject = { reset: () => ({ user: 'app', password: FIRST }), line: () => far.line };
  const [first] = rotatorContract({
    ...subject,
    rotator: () => far.sound(),
    accepts: ({ password }) => far.door.accepts(password),
    credentials: () => 0,
  });
  await expect(first?.run()).rejects.toThrow('credentials() must return 1 or 2 after reset(), not 0');
});

test('a subject whose line leads nowhere is told so', async () => {
  const far = new FarDoor();
  const clauses = rotatorContract({
    rotator: () => far.sound(),
    reset() {
      far.door.password = FIRST;
      return { user: 'app', password: FIRST };
    },
    accepts: ({ password }) => far.door.accepts(password),
    line: () => memoryLine(),
  });
  expect(await said(clauses, 'leaves the service accepting AWSCURRENT')).toMatchObject({
    message: expect.stringMatching(
      /^no message went over line\(\): the secret .* must name line\.host and line\.port/,
    ),
  });
});

test('a first value with a word that stands in a hint is no leak', async () => {
  leaksOnPurpose();
  const clauses = contractOfDoor(() => ({ rejectionHint: `as it does by default: ${FIRST.slice(0, 12)}` }));
  const clause = clauses.find(({ name }) => name.startsWith('lets nothing secret out'));
  await clause?.run();
});

/** The secret of a service in memory: an interface has no index signature. */
interface Login {
  readonly user: string;
  readonly password: string;
}

test('a subject may declare its secrets as interfaces, and hand out the same object each time', async () => {
  const far = new FarDoor();
  const login: Login = Object.freeze({ user: 'app', password: FIRST });
  const others: Readonly<Record<string, Login>> = Object.freeze({ boss: login });
  const [first, second] = rotatorContract({
    rotator: () => far.sound(),
    reset(): Login {
      far.door.password = FIRST;
      return login;
    },
    others: () => others,
    accepts: ({ password }) => far.door.accepts(password),
    line: () => far.line,
  });
  await first?.run();
  await second?.run();
  expect([login, others]).toEqual([{ user: 'app', password: FIRST }, { boss: login }]);
});
