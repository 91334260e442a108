import { type Rotator, type StepContext, stringField, type Verdict, type Versions } from '../../src/index.js';

/** The requests of a rotator to the service. */
export interface PasswordApi {
  logIn(secret: PasswordSecret): Promise<Session | 'rejected'>;
  readonly administrator: Session;
  makePassword(): string;
}

/** Outlives a change of the password, as with databases. */
interface Session {
  /** Begins a transaction that changes the password: others who want to change this user's are kept out. */
  change(secret: PasswordSecret): Promise<Change>;
}

interface Change {
  commit(): Promise<void>;
  rollBack(): void;
}

interface PasswordSecret {
  readonly user: string;
  readonly password: string;
}

/** A way to rotate passwords, to be searched for what breaks it. */
export interface PasswordRotation {
  /** Whether AWSCURRENT works at any moment, since the next password is another user's. */
  readonly overlaps: boolean;
  rotator(api: PasswordApi): PasswordRotator;
}

type PasswordRotator = Rotator<PasswordSecret, 'user' | 'password'>;

/** Changes the password of a user, from a session that may. */
type Install = (session: Session, pending: PasswordSecret, context: StepContext) => Promise<void>;

const USERS = ['app', 'app_clone'] as const;
/** So many of the versions without a label are tried. */
const MOST_ABANDONED = 2;

/** One user, who logs in and changes the password. */
function singleUser(api: PasswordApi, install: Install = confirmedByPending): PasswordRotator {
  return {
    name: 'single-user',
    rotates: ['user', 'password'],
    shows: ['user'],
    parse: (json) => ({ user: stringField(json, 'user'), password: stringField(json, 'password') }),
    createSecret: ({ user }) => ({ user, password: api.makePassword() }),
    async setSecret(versions, context) {
      await install(await logInWithAny(api, candidates(versions)), versions.pending, context);
    },
    async testSecret(pending): Promise<Verdict> {
      return (await api.logIn(pending)) === 'rejected' ? 'rejected' : 'accepted';
    },
  };
}

/** Two users who take turns; an administrator sets the password of the one that is not in use. */
function alternatingUsers(api: PasswordApi, install: Install = confirmedByPending): PasswordRotator {
  return {
    ...singleUser(api),
    name: 'alternating-users',
    createSecret: ({ user }) => ({ user: alternateOf(user), password: api.makePassword() }),
    async setSecret({ pending, current }, context) {
      if (pending.user !== alternateOf(current.user))
        throw new Error('it is not the turn of AWSPENDING’s user');
      if ((await api.logIn(current)) === 'rejected') throw new Error('AWSCURRENT was refused');
      await install(api.administrator, pending, context);
    },
  };
}

/** Does not see that an earlier attempt got this far. */
function triesCurrentOnly(api: PasswordApi): PasswordRotator {
  return {
    ...singleUser(api),
    setSecret: async ({ pending, current }, context) =>
      confirmedByPending(await logInWithAny(api, [current]), pending, context),
  };
}

/** Takes the service's word for it that the password was changed. */
function testsNothing(api: PasswordApi): PasswordRotator {
  return { ...singleUser(api), testSecret: () => 'accepted' };
}

/** Changes the service before anything holds the new password. */
function setsBeforeItIsStored(api: PasswordApi): PasswordRotator {
  return {
    ...singleUser(api),
    async createSecret(current, context) {
      const made = { ...current, password: api.makePassword() };
      await confirmedByPending(await logInWithAny(api, [current]), made, context);
      return made;
    },
  };
}

/** Sets the password of the user who is in use. */
function takesNoTurns(api: PasswordApi): PasswordRotator {
  return {
    ...alternatingUsers(api),
    createSecret: ({ user }) => ({ user, password: api.makePassword() }),
    setSecret: ({ pending }, context) => confirmedByPending(api.administrator, pending, context),
  };
}

/** Looks at the labels while the lock keeps everybody else out, and commits for AWSPENDING alone. */
async function confirmedByPending(
  session: Session,
  pending: PasswordSecret,
  context: StepContext,
): Promise<void> {
  const change = await session.change(pending);
  try {
    if ((await context.confirm()) === 'pending') await change.commit();
  } finally {
    change.rollBack();
  }
}

async function notConfirmed(session: Session, pending: PasswordSecret): Promise<void> {
  const change = await session.change(pending);
  await change.commit();
}

async function confirmedTooEarly(
  session: Session,
  pending: PasswordSecret,
  context: StepContext,
): Promise<void> {
  if ((await context.confirm()) === 'pending') await notConfirmed(session, pending);
}

/** Sets what is AWSCURRENT once more, as if that could do no harm. */
async function confirmedByCurrent(
  session: Session,
  pending: PasswordSecret,
  context: StepContext,
): Promise<void> {
  const change = await session.change(pending);
  try {
    await context.confirm();
    await change.commit();
  } finally {
    change.rollBack();
  }
}

type Candidates = AsyncIterable<PasswordSecret | undefined> | Iterable<PasswordSecret | undefined>;

/** A later one is read only if those before it were refused. */
async function* candidates({
  pending,
  current,
  previous,
  abandoned,
}: Versions<PasswordSecret>): AsyncGenerator<PasswordSecret | undefined> {
  yield current;
  yield pending;
  yield await previous();
  for (const { read } of (await abandoned()).slice(0, MOST_ABANDONED)) yield await read();
}

async function logInWithAny(api: PasswordApi, secrets: Candidates): Promise<Session> {
  for await (const secret of secrets) {
    const session = secret ? await api.logIn(secret) : 'rejected';
    if (session !== 'rejected') return session;
  }
  throw new Error('no version has what is accepted');
}

function alternateOf(user: string): string {
  return user === USERS[0] ? USERS[1] : USERS[0];
}

export const PASSWORD_ROTATIONS = {
  'one user': { overlaps: false, rotator: (api) => singleUser(api) },
  'two users': { overlaps: true, rotator: (api) => alternatingUsers(api) },
} as const satisfies Readonly<Record<string, PasswordRotation>>;

export const WRONG_PASSWORD_ROTATIONS = {
  'tries AWSCURRENT only': { overlaps: false, rotator: triesCurrentOnly },
  'tests nothing': { overlaps: false, rotator: testsNothing },
  'sets before it is stored': { overlaps: false, rotator: setsBeforeItIsStored },
  'sets the user in use': { overlaps: true, rotator: takesNoTurns },
} as const satisfies Readonly<Record<string, PasswordRotation>>;

/**
 * What only a delivery that comes late shows to be wrong. Two users are not harmed by `or AWSCURRENT`: the password that is
 * set once more is that of the user in use, and who would set another waits for the lock.
 */
export const WRONGLY_CONFIRMED_ROTATIONS = {
  'no look, one user': { overlaps: false, rotator: (api) => singleUser(api, notConfirmed) },
  'no look, two users': { overlaps: true, rotator: (api) => alternatingUsers(api, notConfirmed) },
  'the look before the lock, one user': {
    overlaps: false,
    rotator: (api) => singleUser(api, confirmedTooEarly),
  },
  'the look before the lock, two users': {
    overlaps: true,
    rotator: (api) => alternatingUsers(api, confirmedTooEarly),
  },
  'or AWSCURRENT, one user': { overlaps: false, rotator: (api) => singleUser(api, confirmedByCurrent) },
} as const satisfies Readonly<Record<string, PasswordRotation>>;
