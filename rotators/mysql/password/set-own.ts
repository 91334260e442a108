import { quoted, RotationError } from '../../../src/index.js';
import type { Ending, Wanted } from '../../databases/engine.js';
import { placeName } from '../../databases/secret.js';
import { assertChangeable, passwordPlugin, type Session, type Step, type Witness } from '../account.js';
import { errnoOf } from '../failures.js';
import { type PasswordPlugin, passwordHash } from '../hashes.js';
import type { MysqlSecret } from '../secret.js';
import { accountName, quotedLiteral } from '../sql.js';
import { underLock } from './fence.js';
import { KEPT } from './set-for.js';

const NO_RIGHT = 1227;
const PREVENTED_BY_OPTION = 1290;
const AGAINST_POLICY = 1819;
const OTHER_PASSWORD = 3891;
const NAME_THE_PASSWORD = 3892;
/** The password was used before, and the server remembers old ones. MySQL 9.7 gives the second number. */
const WAS_THERE_BEFORE = [3638, 1062];

/** Lets the session's user set its own password. */
export async function setOwn(user: Witness, wanted: Wanted<MysqlSecret>, step: Step): Promise<Ending> {
  assertChangeable(user, step.connections, OR_ADMINISTRATOR);
  const { session, facts } = user;
  const { account, flavour } = session;
  const plugin = passwordPlugin({ account, methods: facts.methods }, facts, session);
  const change = { username: wanted.pending.username, doing: 'change the password' };
  if (flavour === 'mariadb') {
    assertOneSlot(user, plugin);
    const hash = passwordHash(plugin, wanted.pending.password);
    return underLock(session, change, step.context, () =>
      session.query(`SET PASSWORD = ${quotedLiteral(hash)}`).catch(refusedHash),
    );
  }
  if (isReadable(session)) throw inClear(session);
  let isKept = false;
  const ending = await underLock(session, change, step.context, async () => {
    isKept = await setItself(session, wanted, step);
  });
  if (ending === 'changed' && isKept) step.context.warn(KEPT, 'oldPasswordKept');
  return ending;
}

const OR_ADMINISTRATOR =
  '. If applications must use an RDS read replica, name an administrator of its writer with `masterarn`: the administrator ' +
  'changes the password there';

/** Marks the error as strict_password_validation's. A read-only server has the same number, but this one is not read-only. */
function refusedHash(error: unknown): never {
  const errno = errnoOf(error);
  if (errno !== PREVENTED_BY_OPTION) throw error;
  throw Object.assign(new Error('a statement failed'), { errno, behind: errno });
}

/** Whether others can read the connection. MySQL takes hashes only from an administrator, so a user sends the password itself. */
export function isReadable({ target: { ssl }, place: { host } }: Pick<Session, 'target' | 'place'>): boolean {
  return !ssl && !host.startsWith('/');
}

export function inClear({ place }: Pick<Session, 'place'>): RotationError {
  return new RotationError(
    'ERR_TLS_NOT_OFFERED',
    `the connection to ${placeName(place)} is not encrypted, and setSecret would send the new password on it`,
    {
      hint:
        'nothing was changed. Remove `"ssl": false` from the secret. Or name an administrator with `masterarn`: only a hash is ' +
        'sent then',
    },
  );
}

/**
 * Lets a MySQL user set its own password.
 *
 * @returns whether AWSCURRENT keeps working, for which the user needs a right
 */
async function setItself(session: Session, wanted: Wanted<MysqlSecret>, step: Step): Promise<boolean> {
  const { pending, current } = wanted;
  const [kept, next] = [quotedLiteral((current ?? pending).password), quotedLiteral(pending.password)];
  try {
    await naming(session, pending, (replace) => [
      `IDENTIFIED BY ${kept}${replace && ` REPLACE ${replace}`}`,
      current === undefined
        ? 'DISCARD OLD PASSWORD'
        : // The clause before has set AWSCURRENT's.
          `IDENTIFIED BY ${next}${replace && ` REPLACE ${kept}`} RETAIN CURRENT PASSWORD`,
    ]);
    return current !== undefined;
  } catch (error) {
    const isRefused = isAgain(error) || errnoOf(error) === AGAINST_POLICY;
    if (isRefused && current) return keepsAnyway(session, pending, current, step);
    if (errnoOf(error) !== NO_RIGHT && !isAgain(error)) throw error;
  }
  try {
    await naming(session, pending, (replace) => [`IDENTIFIED BY ${next}${replace && ` REPLACE ${replace}`}`]);
  } catch (error) {
    // An earlier attempt has set it, and the server does not allow it again.
    if (!isAgain(error) || session.target.password !== pending.password) throw error;
  }
  return false;
}

/**
 * Sends the statement. An account may require its present password in it. If it has two, that may not be the one that logged
 * in.
 */
async function naming(
  session: Session,
  pending: MysqlSecret,
  clausesFor: (replace: string) => readonly string[],
): Promise<void> {
  for (const replace of [quotedLiteral(session.target.password), '', quotedLiteral(pending.password)]) {
    try {
      await session.query(alterItself(clausesFor(replace)));
      return;
    } catch (error) {
      if (![OTHER_PASSWORD, NAME_THE_PASSWORD].includes(errnoOf(error) ?? 0)) throw error;
    }
  }
  throw new RotationError(
    'ERR_SERVICE_UNSUPPORTED',
    `${placeName(session.place)} asks "${session.account.user}" for its present password, which the rotation does not know`,
    {
      hint:
        'nothing was changed. Set AWSCURRENT’s password as an administrator, or name an administrator with `masterarn`. ' +
        'The account has PASSWORD REQUIRE CURRENT, and an abandoned rotation may have left another password',
    },
  );
}

/**
 * Keeps AWSCURRENT where the server does not allow it to be set again, because it remembers old passwords or has a stricter
 * policy. Works only if the account has AWSCURRENT's password now.
 */
async function keepsAnyway(
  session: Session,
  pending: MysqlSecret,
  current: MysqlSecret,
  { connections, context }: Step,
): Promise<boolean> {
  const replace = `REPLACE ${quotedLiteral(current.password)}`;
  try {
    await session.query(
      alterItself([`IDENTIFIED BY ${quotedLiteral(pending.password)} ${replace} RETAIN CURRENT PASSWORD`]),
    );
    return true;
  } catch (error) {
    if (!isAgain(error) && errnoOf(error) !== OTHER_PASSWORD) throw error;
  }
  // An earlier attempt may have got this far.
  if ((await connections.tryOut(pending, context)) === 'accepted') return true;
  throw new RotationError(
    'ERR_SERVICE_UNSUPPORTED',
    `"${session.account.user}" cannot keep AWSCURRENT’s password at ${placeName(session.place)}: the server does not allow it again`,
    {
      hint:
        'nothing was changed. Set AWSCURRENT’s password as an administrator, or name an administrator with `masterarn`: ' +
        'the server checks no hash. PASSWORD HISTORY, PASSWORD REUSE INTERVAL or a policy refuses the password, and an abandoned rotation ' +
        'has left another one',
    },
  );
}

function alterItself(clauses: readonly string[]): string {
  return `ALTER USER ${clauses.map((clause) => `CURRENT_USER() ${clause}`).join(', ')}`;
}

function isAgain(error: unknown): boolean {
  return WAS_THERE_BEFORE.includes(errnoOf(error) ?? 0);
}

/** Refuses an account with two passwords: SET PASSWORD replaces the first, and the other would keep working. */
function assertOneSlot(
  { session: { account, place }, facts: { methods } }: Witness,
  plugin: PasswordPlugin,
): void {
  if (methods.length === 1) return;
  const name = accountName(account);
  throw new RotationError(
    'ERR_SERVICE_UNSUPPORTED',
    `"${quoted(`${account.user}@${account.host}`)}" has two passwords at ${placeName(place)}, and a user can change only one of them`,
    {
      hint:
        'nothing was changed: the other password would keep working for ever. Name an administrator with `masterarn`. Or run as an ' +
        `administrator: SHOW CREATE USER ${name}; then ALTER USER ${name} IDENTIFIED VIA ${plugin} USING '<the hash of AWSCURRENT, ` +
        "the first one after a rotation>'",
    },
  );
}
