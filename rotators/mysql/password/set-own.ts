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
/** The same again, where passwords of before are kept: the second number is what MySQL 9.7 says of it. */
const WAS_THERE_BEFORE = [3638, 1062];

/** Sets the password of the session's own user. */
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
  '. If it is a read replica in RDS, and applications must use it: name an administrator of its writer with `masterarn`, who ' +
  'changes the password there';

/** The server is not read-only, which has this number too: what prevents the statement is strict_password_validation. */
function refusedHash(error: unknown): never {
  const errno = errnoOf(error);
  if (errno !== PREVENTED_BY_OPTION) throw error;
  throw Object.assign(new Error('a statement failed'), { errno, behind: errno });
}

/** MySQL takes hashes from an administrator alone, so that the password itself is sent. */
export function isReadable({ target: { ssl }, place: { host } }: Pick<Session, 'target' | 'place'>): boolean {
  return !ssl && !host.startsWith('/');
}

export function inClear({ place }: Pick<Session, 'place'>): RotationError {
  return new RotationError(
    'ERR_TLS_NOT_OFFERED',
    `the connection to ${placeName(place)} is not encrypted, and the new password would have to be sent on it`,
    {
      hint:
        'nothing was changed. Remove `"ssl": false` from the secret, or have an administrator set the password (`masterarn`): ' +
        'then no more than a hash is sent',
    },
  );
}

/**
 * Has a user of MySQL set its own password.
 *
 * @returns whether AWSCURRENT is kept, which takes a right
 */
async function setItself(session: Session, wanted: Wanted<MysqlSecret>, step: Step): Promise<boolean> {
  const { pending, current } = wanted;
  const [kept, next] = [quotedLiteral((current ?? pending).password), quotedLiteral(pending.password)];
  try {
    await naming(session, pending, (replace) => [
      `IDENTIFIED BY ${kept}${replace && ` REPLACE ${replace}`}`,
      current === undefined
        ? 'DISCARD OLD PASSWORD'
        : // By then AWSCURRENT has been set.
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
    // An earlier attempt has set it, and it cannot be set again.
    if (!isAgain(error) || session.target.password !== pending.password) throw error;
  }
  return false;
}

/**
 * Sends the statement. An account may want the password named that it has now, and takes no other: that need not be the one that
 * has logged in, if it has two.
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
    `${placeName(session.place)} wants "${session.account.user}" to name the password that it has now, which is none of the secret’s`,
    {
      hint:
        'nothing was changed. The account has PASSWORD REQUIRE CURRENT, and a rotation that was given up may have left a password: ' +
        'set AWSCURRENT’s as an administrator, or name one with `masterarn`',
    },
  );
}

/**
 * Where AWSCURRENT cannot be set again, since passwords of before are kept, or a policy has become stricter: only if it is the one
 * that the account has now.
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
    `"${session.account.user}" cannot keep AWSCURRENT at ${placeName(session.place)}: it may not be set again`,
    {
      hint:
        'nothing was changed. PASSWORD HISTORY, PASSWORD REUSE INTERVAL or a policy of the server refuses it, and a rotation that was ' +
        'given up has left another password: set AWSCURRENT’s as an administrator, or name one with `masterarn`: of a hash the ' +
        'server asks none of that',
    },
  );
}

function alterItself(clauses: readonly string[]): string {
  return `ALTER USER ${clauses.map((clause) => `CURRENT_USER() ${clause}`).join(', ')}`;
}

function isAgain(error: unknown): boolean {
  return WAS_THERE_BEFORE.includes(errnoOf(error) ?? 0);
}

/** SET PASSWORD replaces the first of two, and leaves the other to whoever has it. */
function assertOneSlot(
  { session: { account, place }, facts: { methods } }: Witness,
  plugin: PasswordPlugin,
): void {
  if (methods.length === 1) return;
  const name = accountName(account);
  throw new RotationError(
    'ERR_SERVICE_UNSUPPORTED',
    `"${quoted(`${account.user}@${account.host}`)}" has two passwords at ${placeName(place)}, and a user can set only one of its own`,
    {
      hint:
        'nothing was changed: the other password would go on working for ever. Name an administrator with `masterarn`; or have one ' +
        `run SHOW CREATE USER ${name}, and then ALTER USER ${name} IDENTIFIED VIA ${plugin} USING '<the hash of AWSCURRENT, ` +
        'which is shown first after a rotation>’',
    },
  );
}
