import { issuedKey, type Rotator, type StepContext } from '../../src/index.js';
import { type Clause, rotatorContract } from '../../src/testing/index.js';
import { CallLine } from '../support/call-line.js';
import { leaksOnPurpose } from '../support/canary.js';
import { KeyProvider } from '../support/key-provider.js';
import { type KeyDeclaration, type KeySecret, keysOf } from '../support/key-rig.js';
import { Door, type DoorRotator, doorRotator, FIRST, rejection } from '../support/rig.js';

/** A door at the end of a line. */
class FarDoor {
  readonly door = new Door();
  readonly line = new CallLine();

  accepts(password: unknown, { signal }: StepContext): Promise<boolean> {
    return this.line.pass(() => this.door.accepts(password), signal);
  }

  set(password: string, { signal }: StepContext): Promise<void> {
    return this.line.pass(() => this.door.set(password), signal);
  }

  /** As the documentation of `Rotator` wants it. */
  sound(): DoorRotator {
    return {
      ...doorRotator(this.door),
      setSecret: async ({ pending, current }, context) => {
        const isKnown =
          (await this.accepts(current.password, context)) || (await this.accepts(pending.password, context));
        if (!isKnown) throw new Error('locked out');
        await this.set(pending.password, context);
      },
      testSecret: async ({ password }, context) =>
        (await this.accepts(password, context)) ? 'accepted' : 'rejected',
    };
  }
}

/** The contract for a password that we choose, with a fault in the rotator. */
function contractOfDoor(fault: (far: FarDoor) => Partial<DoorRotator> = () => ({})) {
  const far = new FarDoor();
  return rotatorContract({
    rotator: () => ({ ...far.sound(), ...fault(far) }),
    reset() {
      far.door.password = FIRST;
      return { user: 'app', password: FIRST };
    },
    accepts: ({ password }) => far.door.accepts(password),
    line: () => far.line,
  });
}

type KeyRotator = Rotator<KeySecret, 'id' | 'key'>;

/** The contract for keys that the provider chooses, likewise. */
function contractOfKeys(fault: (declaration: KeyDeclaration) => KeyRotator = issuedKey) {
  const line = new CallLine();
  let now = Date.now();
  let provider = new KeyProvider();
  const reach = (): KeyDeclaration =>
    keysOf(provider, {
      issue: (name, _, { signal }) => line.pass(() => provider.issue(name), signal),
      list: (_, { signal }) => line.pass(() => provider.list(), signal),
      revoke: (id, _, { signal }) => line.pass(() => void provider.revoke(id), signal),
      probe: ({ key }, { signal }) =>
        line.pass(() => (provider.accepts(key) ? 'accepted' : 'rejected'), signal),
    });
  return rotatorContract({
    rotator: () => fault(reach()),
    reset() {
      provider = new KeyProvider({ now: () => ++now });
      return provider.issue('made by hand');
    },
    accepts: ({ key }) => provider.accepts(key),
    line: () => line,
    credentials: () => provider.keys.size,
    overlaps: true,
  });
}

/** What a clause says that a rotator does wrong. */
async function said(clauses: readonly Clause[], name: string): Promise<unknown> {
  const clause = clauses.find((one) => one.name === name);
  return rejection(clause?.run() ?? Promise.reject(new Error(`no clause ${name}`)));
}

test.each(contractOfDoor())('a sound rotator of passwords $name', ({ run }) => run());
test.each(contractOfKeys())('a sound rotator of keys $name', ({ run }) => run());

let cached: string | undefined;

test.each<[string, (far: FarDoor) => Partial<DoorRotator>, clause: string, advice: RegExp]>([
  [
    'swallows errors in testSecret',
    () => ({ testSecret: () => 'accepted' }),
    'does not take an unreachable service for a refusal, in testSecret',
    /^testSecret must throw while the service cannot be reached$/,
  ],
  [
    'treats a timeout as a refusal',
    (far) => ({
      testSecret: ({ password }, context) =>
        far.accepts(password, context).then(
          (isAccepted) => (isAccepted ? 'accepted' : 'rejected'),
          () => 'rejected',
        ),
    }),
    'gives up in time when the service does not answer, and takes that for no refusal',
    /^testSecret must throw when nothing answers: a timeout is not a refusal$/,
  ],
  [
    'takes an outage for a refusal',
    (far) => ({
      testSecret: ({ password }, context) =>
        far.accepts(password, context).then(
          (isAccepted) => (isAccepted ? 'accepted' : 'rejected'),
          () => 'rejected',
        ),
    }),
    'does not take an unreachable service for a refusal, in testSecret',
    /^testSecret must throw what kept it from asking: only the service's own refusal is a refusal$/,
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
    /^a rotator must make new objects.*"current" in createSecret/s,
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
    'takes each step in a container of its own',
    /^testSecret must need nothing but what it is given, and keep nothing for later/,
  ],
  [
    'keeps what it has made for the next rotation',
    () => {
      const made = { password: `fresh/pass word"${Math.random()}` };
      return { createSecret: () => made };
    },
    'rotates again and again',
    /^rotation 2 must succeed, in the container that has done those before.*returned the current value/,
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
    /^"password" must not be printed, logged or thrown \(when what went wrong was nothing\)$/,
  ],
  [
    'ignores the signal',
    (far) => ({
      testSecret: async ({ password }) =>
        (await far.line.pass(() => far.door.accepts(password))) ? 'accepted' : 'rejected',
    }),
    'gives up in time when the service does not answer, and takes that for no refusal',
    /^testSecret must give up when the signal fires: it still waited for the service when the time was up$/,
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
    /each step must succeed when it has been taken before.*AWSPENDING \(setSecret threw .*locked out\)$/,
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
    'needs no AWSPREVIOUS, and takes none that is no use',
    /^no step may fail for an AWSPREVIOUS that is no use/,
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

test.each<[string, (keys: KeyDeclaration) => KeyRotator, clause: string, advice: RegExp]>([
  [
    'revokes too early, in finishSecret',
    (keys) => ({
      ...issuedKey(keys),
      async finishSecret({ current }, context) {
        await keys.revoke(current.id, current, context);
      },
    }),
    'keeps AWSCURRENT working at every moment, and AWSPREVIOUS until the next rotation',
    /^finishSecret must leave what was AWSCURRENT working: it retires what previous\(\) holds$/,
  ],
  [
    'revokes too early, in setSecret',
    (keys) => ({
      ...issuedKey(keys),
      async setSecret({ current, pending }, context) {
        await keys.revoke(current.id, pending, context);
      },
    }),
    'keeps AWSCURRENT working at every moment, and AWSPREVIOUS until the next rotation',
    /^setSecret must leave AWSCURRENT working$/,
  ],
  [
    'forgets the token in a key’s name',
    (keys) => issuedKey({ ...keys, issue: (_, current, context) => keys.issue('app', current, context) }),
    'starts over when PutSecretValue failed before it took effect',
    /the service holds 3 credentials: finishSecret must find and end those of earlier attempts, which have the token/,
  ],
  [
    'issues another key on retry, and never looks for the first',
    (keys) => ({
      ...issuedKey(keys),
      async finishSecret({ pending, previous }, context) {
        const old = await previous();
        if (old) await keys.revoke(old.id, pending, context);
      },
    }),
    'starts over when it died after any message',
    /the service holds 3 credentials: finishSecret must find and end those of earlier attempts/,
  ],
  [
    'never retires what loses its last label',
    ({ ...keys }) => {
      const { finishSecret: _, ...rest } = issuedKey(keys);
      return rest;
    },
    'rotates again and again',
    /^after rotation 2, the service holds 3 credentials/,
  ],
])('a rotator of keys that %s breaks the clause for it', async (_, fault, clause, advice) => {
  expect(await said(contractOfKeys(fault), clause)).toMatchObject({ message: expect.stringMatching(advice) });
});

test('a subject whose service takes anything proves nothing, and is told so', async () => {
  const far = new FarDoor();
  const subject = { reset: () => ({ user: 'app', password: FIRST }), line: () => far.line };
  const [first] = rotatorContract({ ...subject, rotator: () => far.sound(), accepts: () => true });
  await expect(first?.run()).rejects.toThrow('accepts() must be false for what nobody has set');
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
    line: () => new CallLine(),
  });
  expect(await said(clauses, 'leaves the service accepting AWSCURRENT')).toMatchObject({
    message: 'the secret of reset() must lead to the service over line()',
  });
});
