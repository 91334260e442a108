import { leaksOnPurpose } from '../support/canary.js';
import type { DoorRotator } from '../support/door-rig.js';
import { contractOfDoor, type FarDoor, said, taking } from './contracts.js';

test.each(contractOfDoor())('a sound rotator of passwords $name', ({ run }) => run());

/** Changes the door as an administrator does, who needs no proof. */
const byAdministrator =
  (looks: 'first' | 'last' | 'never' | 'in vain') =>
  (far: FarDoor): Partial<DoorRotator> => ({
    async setSecret({ pending, current }, context) {
      if (looks === 'first') await context.confirm();
      const isKnown =
        (await far.accepts(current.password, context)) || (await far.accepts(pending.password, context));
      if (!isKnown) throw new Error('locked out');
      if (looks === 'last' && (await context.confirm()) === 'current') return;
      if (looks === 'in vain') await context.confirm().catch(() => {});
      await far.set(pending.password, context);
    },
  });

describe('a rotator for a service that knows no lock', () => {
  const HELD_BACK = 'lets no change of setSecret that was held back undo a later rotation';

  test.each(contractOfDoor(byAdministrator('last'), () => ({ lateChangesLand: true })))(
    'that looks right before the change $name',
    ({ run }) => run(),
  );

  test.each([
    ['must say that a change which is held back may land', 'last', {}],
    ['must look', 'never', { lateChangesLand: true }],
    ['must obey the look', 'in vain', {}],
  ] as const)('%s', async (_, looks, more) => {
    expect(
      await said(
        contractOfDoor(byAdministrator(looks), () => more),
        HELD_BACK,
      ),
    ).toMatchObject({
      message: expect.stringMatching(
        /^message \d+ of setSecret was held back until a later rotation had ended, and took effect then.* ask context\.confirm\(\)/,
      ),
    });
  });
});

/** That of the test runner. */
const { console: itsConsole } = globalThis;
let cached: string | undefined;

test.each<[string, (far: FarDoor) => Partial<DoorRotator>, clause: string, advice: RegExp]>([
  [
    'swallows errors in testSecret',
    () => ({ testSecret: () => 'accepted' }),
    'does not take an unreachable service for a refusal, in testSecret',
    /^testSecret must throw when it meets an unreachable service$/,
  ],
  [
    'treats a timeout as a refusal',
    taking(() => 'rejected'),
    'gives up in time when the service does not answer, and takes that for no refusal',
    /^testSecret must throw when nothing answers: a timeout is not a refusal$/,
  ],
  [
    'takes an outage for a refusal',
    taking(() => 'rejected'),
    'does not take an unreachable service for a refusal, in testSecret',
    /^testSecret took an unreachable service for a refusal: only an answer in which the service itself/,
  ],
  [
    'sets the value too early',
    (far) => ({
      async createSecret(_, context) {
        await far.set('set-too-early-1', context);
        return { password: 'set-too-early-1' };
      },
    }),
    'does not break AWSCURRENT before setSecret',
    /^createSecret must leave AWSCURRENT working/,
  ],
  [
    'returns a new value on retry, having set the first',
    (far) => ({
      async createSecret(current, context) {
        const { password } = await far.sound().createSecret(current, context);
        await far.set(password, context);
        return { password };
      },
    }),
    'starts over when PutSecretValue failed before it took effect',
    /^after PutSecretValue failed, the service accepts neither AWSCURRENT nor AWSPENDING/,
  ],
  [
    'changes `current`',
    () => ({
      createSecret(current) {
        Object.assign(current, { password: `fresh/pass word"${Math.random()}` });
        return { password: current.password };
      },
    }),
    'changes nothing of what it is given',
    /^a rotator must make new objects, and not change "current" in createSecret$/,
  ],
  [
    'keeps what it has made for the next step',
    (far) => {
      let made = '';
      return {
        createSecret() {
          made = `fresh/pass word"${Math.random()}`;
          return { password: made };
        },
        setSecret: (_, context) => far.set(made, context),
      };
    },
    'takes each step in a new container',
    /^testSecret must work in a new container: use only its arguments, and keep nothing/,
  ],
  [
    'keeps what it has made for the next rotation',
    () => {
      const made = { password: `fresh/pass word"${Math.random()}` };
      return { createSecret: () => made };
    },
    'rotates again and again',
    /^rotation 2 must succeed in the container that did the rotations before it.*returned the current value/,
  ],
  [
    'logs the password',
    (far) => ({
      async setSecret({ pending }, context) {
        leaksOnPurpose();
        process.stderr.write(`setting ${pending.password}\n`);
        await far.set(pending.password, context);
      },
    }),
    'lets nothing secret out in an error, the log or what is printed',
    /^the value of "password" was printed, logged or thrown \(what went wrong before: nothing\)$/,
  ],
  [
    'logs the password that is replaced',
    (far) => ({
      async setSecret({ pending, current }, context) {
        leaksOnPurpose();
        process.stderr.write(`replacing ${Buffer.from(current.password).toString('base64')}\n`);
        await far.set(pending.password, context);
      },
    }),
    'lets nothing secret out in an error, the log or what is printed',
    /^the value of "password" was printed, logged or thrown \(what went wrong before: nothing\)$/,
  ],
  [
    'logs the password by the console',
    (far) => ({
      async setSecret({ pending }, context) {
        leaksOnPurpose();
        itsConsole.log('setting', { credential: pending });
        await far.set(pending.password, context);
      },
    }),
    'lets nothing secret out in an error, the log or what is printed',
    /^the value of "password" was printed, logged or thrown \(what went wrong before: nothing\)$/,
  ],
  [
    'shows the password',
    () => ({ shows: ['user', 'password'] }),
    'lets nothing secret out in an error, the log or what is printed',
    /^"shows" must not name every field that rotates: password$/,
  ],
  [
    'takes every answer but one for a yes',
    taking(({ message }) => (message === 'answered 503' ? 'accepted' : undefined)),
    'does not take a service that is out of order for a refusal, in testSecret',
    /^testSecret must throw when it meets a service that is out of order$/,
  ],
  [
    'takes every answer but one for a no',
    taking(({ message }) => (message === 'answered 503' ? 'rejected' : undefined)),
    'does not take a service that is out of order for a refusal, in testSecret',
    /^testSecret took a(n unreachable)? service.* for a refusal/,
  ],
  [
    'swallows errors in setSecret',
    (far) => ({ setSecret: (...given) => Promise.resolve(far.sound().setSecret(...given)).catch(() => {}) }),
    'does not take a service that is out of order for a refusal, in setSecret',
    /^setSecret must throw when it meets a service that is out of order$/,
  ],
  [
    'takes a timeout for a yes',
    taking((_, { signal }) => (signal.aborted ? 'accepted' : undefined)),
    'gives up in time when the service does not answer, and takes that for no refusal',
    /^testSecret must throw when nothing answers: a timeout is no success$/,
  ],
  [
    'ignores the signal',
    (far) => ({
      testSecret: async ({ password }) =>
        (await far.line.call(() => far.door.accepts(password))) ? 'accepted' : 'rejected',
    }),
    'gives up in time when the service does not answer, and takes that for no refusal',
    /^testSecret still waited for the service when its time was up: give context\.signal to everything/,
  ],
  [
    'needs createSecret before testSecret',
    (far) => ({
      createSecret() {
        cached = `fresh/pass word"${Math.random()}`;
        return { password: cached };
      },
      testSecret: async ({ password }, context) =>
        password === cached && (await far.accepts(password, context)) ? 'accepted' : 'rejected',
    }),
    'passes a test of the current value alone (RotateImmediately=false)',
    /^testSecret must accept a copy of AWSCURRENT/,
  ],
  [
    'sets nothing',
    () => ({ setSecret: () => {} }),
    'leaves the service accepting AWSCURRENT',
    /^every step of a first attempt must succeed \(testSecret threw ERR_CREDENTIAL_REJECTED/,
  ],
  [
    'forgets that an earlier attempt has set AWSPENDING',
    (far) => ({
      async setSecret({ pending, current }, context) {
        if (!(await far.accepts(current.password, context))) throw new Error('locked out');
        await far.set(pending.password, context);
      },
    }),
    'starts over when it died after any message',
    /setSecret must succeed: the service may accept AWSPENDING already.*\(setSecret threw .*locked out\)$/,
  ],
  [
    'fails for an AWSPREVIOUS that is no use',
    (far) => ({
      async setSecret(versions, context) {
        const previous = await versions.previous();
        if (previous && !(await far.accepts(previous.password, context))) throw new Error('what is this?');
        await far.sound().setSecret(versions, context);
      },
    }),
    'needs no AWSPREVIOUS, and ignores an unusable one',
    /^no step may fail because AWSPREVIOUS is unusable/,
  ],
  [
    'lets AWSPENDING name another user, and logs in before it looks',
    (far) => ({
      rotates: ['password', 'user'] as unknown as ['password'],
      createSecret: async (current, context) => ({
        ...current,
        ...(await far.sound().createSecret(current, context)),
      }),
    }),
    'follows no AWSPENDING that somebody has pointed elsewhere',
    /^setSecret must refuse an AWSPENDING with another "user" before it connects/,
  ],
])('a rotator that %s breaks the clause for it', async (_, fault, clause, advice) => {
  expect(await said(contractOfDoor(fault), clause)).toMatchObject({ message: expect.stringMatching(advice) });
});
