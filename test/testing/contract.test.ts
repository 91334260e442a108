import { rotatorContract } from '../../src/testing/index.js';
import { Door, type DoorRotator, doorRotator, FIRST } from '../support/rig.js';

/** The contract for a door, with a fault in its rotator. */
function contractOf(fault: (door: Door) => Partial<DoorRotator> = () => ({})) {
  const door = new Door();
  const sound = doorRotator(door);
  const whenWhole = <T>(work: () => T): T => {
    if (door.isBroken) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    return work();
  };
  const rotator: DoorRotator = {
    ...sound,
    testSecret: (pending, context) => whenWhole(() => sound.testSecret(pending, context)),
    ...fault(door),
  };
  return rotatorContract({
    rotator,
    reset() {
      door.isBroken = false;
      door.password = FIRST;
      return { user: 'app', password: FIRST };
    },
    accepts: ({ password }) => door.accepts(password),
    unplug() {
      door.isBroken = true;
    },
  });
}

test.each(contractOf())('a sound rotator $name', ({ run }) => run());

test.each<[string, (door: Door) => Partial<DoorRotator>, RegExp]>([
  [
    'sets the value in createSecret',
    (door) => ({
      createSecret() {
        door.set('set-too-early-1');
        return { password: 'set-too-early-1' };
      },
    }),
    /^createSecret must leave AWSCURRENT working/,
  ],
  [
    'swallows errors in testSecret',
    () => ({ testSecret: () => 'accepted' }),
    /^testSecret must throw while the service cannot be reached/,
  ],
  [
    'takes an outage for a refusal',
    (door) => ({
      testSecret: ({ password }) => (!door.isBroken && door.accepts(password) ? 'accepted' : 'rejected'),
    }),
    /^testSecret must throw what kept it from asking/,
  ],
  [
    'needs createSecret before testSecret',
    () => ({
      testSecret: ({ password }) => (password === FIRST ? 'rejected' : 'accepted'),
    }),
    /^testSecret must accept a copy of AWSCURRENT/,
  ],
  ['sets nothing', () => ({ setSecret: () => {} }), /AWSPENDING/],
  [
    'forgets that an earlier attempt has set AWSPENDING',
    (door) => ({
      setSecret({ pending, current }) {
        if (!door.accepts(current.password)) throw new Error('locked out');
        door.set(pending.password);
      },
    }),
    /^each step must succeed when it has been taken before.*AWSPENDING \(setSecret threw .*locked out\)$/,
  ],
  [
    'prints the password',
    (door) => ({
      setSecret({ pending }) {
        process.stderr.write(`setting ${pending.password}\n`);
        door.set(pending.password);
      },
    }),
    /^"password" must not be printed, logged or thrown$/,
  ],
])('a rotator that %s breaks a clause that says so', async (_, fault, advice) => {
  const failures: string[] = [];
  for (const { run } of contractOf(fault)) {
    await run().catch((error: Error) => failures.push(error.message));
  }
  expect(failures.join('\n')).toMatch(new RegExp(advice.source, 'm'));
});

test('a subject whose service takes anything proves nothing, and is told so', async () => {
  const door = new Door();
  const [first] = rotatorContract({
    rotator: doorRotator(door),
    reset: () => ({ user: 'app', password: FIRST }),
    accepts: () => true,
    unplug: () => {},
  });
  await expect(first?.run()).rejects.toThrow('accepts() must be false for what nobody has set');
});
