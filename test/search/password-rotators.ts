import { type Rotator, text, type Verdict } from '../../src/index.js';

/** The requests of a rotator to the service. */
export interface PasswordApi {
  logIn(secret: PasswordSecret): Promise<Session | 'rejected'>;
  readonly administrator: Session;
  makePassword(): string;
}

/** Outlives a change of the password, as with databases. */
interface Session {
  setPassword(secret: PasswordSecret): Promise<void>;
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

const USERS = ['app', 'app_clone'] as const;

/** One user, who logs in and changes the password. */
function singleUser(api: PasswordApi): PasswordRotator {
  return {
    name: 'single-user',
    rotates: ['user', 'password'],
    shows: ['user'],
    parse: (json) => ({ user: text(json, 'user'), password: text(json, 'password') }),
    createSecret: ({ user }) => ({ user, password: api.makePassword() }),
    async setSecret({ pending, current, previous }) {
      await setAs(api, pending, [() => current, () => pending, previous]);
    },
    async testSecret(pending): Promise<Verdict> {
      return (await api.logIn(pending)) === 'rejected' ? 'rejected' : 'accepted';
    },
  };
}

/** Two users who take turns; an administrator sets the password of the one that is not in use. */
function alternatingUsers(api: PasswordApi): PasswordRotator {
  return {
    ...singleUser(api),
    name: 'alternating-users',
    createSecret: ({ user }) => ({ user: alternateOf(user), password: api.makePassword() }),
    async setSecret({ pending, current }) {
      if (pending.user !== alternateOf(current.user))
        throw new Error('it is not the turn of AWSPENDING’s user');
      if ((await api.logIn(current)) === 'rejected') throw new Error('AWSCURRENT was refused');
      await api.administrator.setPassword(pending);
    },
  };
}

/** Does not see that an earlier attempt got this far. */
function triesCurrentOnly(api: PasswordApi): PasswordRotator {
  return {
    ...singleUser(api),
    setSecret: ({ pending, current }) => setAs(api, pending, [() => current]),
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
    async createSecret(current) {
      const made = { ...current, password: api.makePassword() };
      await setAs(api, made, [() => current]);
      return made;
    },
  };
}

/** Sets the password of the user who is in use. */
function takesNoTurns(api: PasswordApi): PasswordRotator {
  return {
    ...alternatingUsers(api),
    createSecret: ({ user }) => ({ user, password: api.makePassword() }),
    setSecret: ({ pending }) => api.administrator.setPassword(pending),
  };
}

async function setAs(
  api: PasswordApi,
  pending: PasswordSecret,
  candidates: readonly (() => PasswordSecret | undefined | Promise<PasswordSecret | undefined>)[],
): Promise<void> {
  for (const candidate of candidates) {
    const secret = await candidate();
    const session = secret ? await api.logIn(secret) : 'rejected';
    if (session !== 'rejected') return session.setPassword(pending);
  }
  throw new Error('no version has what is accepted');
}

function alternateOf(user: string): string {
  return user === USERS[0] ? USERS[1] : USERS[0];
}

export const PASSWORD_ROTATIONS = {
  'one user': { overlaps: false, rotator: singleUser },
  'two users': { overlaps: true, rotator: alternatingUsers },
} as const satisfies Readonly<Record<string, PasswordRotation>>;

export const WRONG_PASSWORD_ROTATIONS = {
  'tries AWSCURRENT only': { overlaps: false, rotator: triesCurrentOnly },
  'tests nothing': { overlaps: false, rotator: testsNothing },
  'sets before it is stored': { overlaps: false, rotator: setsBeforeItIsStored },
  'sets the user in use': { overlaps: true, rotator: takesNoTurns },
} as const satisfies Readonly<Record<string, PasswordRotation>>;
