import { quoted, RotationError } from '../../../src/index.js';
import { dropPending } from '../../databases/drop-pending.js';
import type { Ending, Turn } from '../../databases/engine.js';
import type { Pair } from '../../databases/pairs.js';
import { placeName } from '../../databases/secret.js';
import { assertChangeable, passwordPlugin, type Session, type Step, type Witness } from '../account.js';
import { errnoOf, toFailure } from '../failures.js';
import { methodsFor } from '../password/accounts.js';
import { declare } from '../password/declare.js';
import { lookUnderLock } from '../password/fence.js';
import { type Declared, declared } from '../password/statements.js';
import type { MysqlSecret } from '../secret.js';
import type { Account } from '../session.js';
import { accountName, hexLiteral } from '../sql.js';
import { assertEquals, assertOriginalsTurn, assertPair } from './assert-pair.js';
import { clausesOf } from './clauses.js';
import { rightsIn } from './grants.js';
import { onMariadb } from './on-mariadb.js';
import { namesOf, type PairOfAccounts, pairOfAccounts } from './pair.js';

/** Facts from AWSCURRENT's session, and the other user's new password. */
export interface Prepared {
  readonly current: Witness;
  readonly password: string;
}

/**
 * Collects what {@link giveTurn} needs.
 *
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` on MariaDB
 */
export async function prepare(
  current: Witness,
  { password }: MysqlSecret,
  { context }: Step,
): Promise<Prepared> {
  assertMysql(current.session, dropPending(context));
  return { current, password };
}

export function assertMysql({ flavour, place }: Session, toDo?: string): void {
  if (flavour === 'mariadb') throw onMariadb(`${placeName(place)} runs it`, toDo);
}

/**
 * Gives the next turn to the pair's other user. It holds the same lock as `mysql()`, so that it sees the accounts that another
 * attempt has made.
 */
export async function giveTurn(
  administrator: Witness,
  { pair, prepared }: Turn<Prepared>,
  { connections, context }: Step,
): Promise<Ending> {
  assertChangeable(administrator, connections);
  const { session } = administrator;
  const other = await hashed(pair, prepared, administrator);
  const change = { username: pair.original, doing: `prepare "${pair.other}"` };
  return lookUnderLock(session, change, context, async () => {
    const accounts = await pairOfAccounts(pair, prepared.current.session.account, session, context);
    if (pair.other === pair.original) {
      await assertOriginalsTurn(accounts, session);
      return () => declareFor(accounts.original, other, session);
    }
    assertPair(accounts, context);
    const clauses = await readyFor(accounts, administrator);
    return () => makeClone(accounts, { ...other, clauses }, session);
  });
}

interface Wanted extends Omit<Declared, 'account'> {
  /** Conditions and limits for logins, and rules for passwords. */
  readonly clauses: string;
}

/** Makes the hash, with the original's plugin. That takes a while, so do it before taking the lock. */
async function hashed(
  pair: Pair,
  { current, password }: Prepared,
  { session, facts }: Witness,
): Promise<Omit<Wanted, 'clauses'>> {
  const { original } = await namesOf(pair, current.session.account, session);
  const isCurrent = pair.other === pair.clone;
  const methods = isCurrent ? current.facts.methods : await methodsFor(original, session);
  const plugin = passwordPlugin({ account: original, methods }, facts, session);
  return declared(original, plugin, { pending: password, current: undefined }, facts.rounds);
}

/**
 * Returns the clauses for a clone.
 *
 * @throws RotationError if the clone has another way to log in, or if the administrator may not give it rights
 */
async function readyFor(accounts: PairOfAccounts, { session, facts }: Witness): Promise<string> {
  const { original, clone, isNew, isGranted } = accounts;
  const clauses = await clausesOf(original, clone, session);
  if (!isGranted) await assertMayGrant(original, session);
  if (!isNew) passwordPlugin({ account: clone, methods: await methodsFor(clone, session) }, facts, session);
  return clauses;
}

/** Sets the password of an existing clone last: until then its old one works. Every statement may be repeated. */
async function makeClone(
  accounts: PairOfAccounts,
  { clauses, ...other }: Wanted,
  session: Session,
): Promise<void> {
  const { original, clone, isNew, isGranted, isDefault } = accounts;
  const [role, user] = [accountName(original), accountName(clone)];
  if (isNew) {
    const identified = `IDENTIFIED WITH ${other.plugin} AS ${hexLiteral(other.pending)}`;
    await change(session, `CREATE USER ${user} ${identified} DEFAULT ROLE ${role} ${clauses}`, CREATE_USER);
  }
  if (!isGranted) await change(session, `GRANT ${role} TO ${user}`, granting(original, session));
  if (!isNew && !isDefault) await change(session, `ALTER USER ${user} DEFAULT ROLE ${role}`, CREATE_USER);
  await assertEquals(accounts, session);
  if (isNew) return;
  await change(session, `ALTER USER ${user} ${clauses}`, CREATE_USER);
  await declareFor(clone, other, session);
}

/** Checks, before a clone is made, that the administrator may give it the role. */
async function assertMayGrant(original: Account, session: Session): Promise<void> {
  const role = accountName(original);
  const lines = await session.query('SHOW GRANTS');
  const own = lines.flatMap((line) => rightsIn(String(Object.values(line)[0]), session.account));
  const mayGrant = own.some(({ name, on, isGrantable }) =>
    name === 'ROLE' ? on === role && isGrantable : on === '*.*' && GRANTS_ROLES.includes(name),
  );
  if (mayGrant) return;
  throw new RotationError(
    'ERR_RIGHTS_MISSING',
    `the administrator "${session.account.user}" may not grant the role "${original.user}" to its clone`,
    { hint: `nothing was changed. Run: ${granting(original, session)}` },
  );
}

const GRANTS_ROLES = ['ROLE_ADMIN', 'SUPER', 'ALL PRIVILEGES'];

function granting(original: Account, { account }: Session): string {
  return `GRANT ${quoted(accountName(original))} TO ${quoted(accountName(account))} WITH ADMIN OPTION`;
}

/** Sets this password only. A second one from `mysql()` ends. */
async function declareFor(account: Account, other: Omit<Wanted, 'clauses'>, session: Session): Promise<void> {
  try {
    await declare(session, [{ ...other, account }]);
  } catch (error) {
    throw denied(error, session, CREATE_USER);
  }
}

const CREATE_USER = 'CREATE USER';

/** @param right the statement that grants the missing right, or {@link CREATE_USER} */
async function change(session: Session, statement: string, right: string): Promise<void> {
  try {
    await session.query(statement);
  } catch (error) {
    throw denied(error, session, right);
  }
}

/** Adds to the error of a missing right the statement that grants it. */
function denied(error: unknown, session: Session, right: string): unknown {
  if (errnoOf(error) !== 1227) return error;
  const { account } = session;
  const grant = right === CREATE_USER ? `GRANT CREATE USER ON *.* TO ${quoted(accountName(account))}` : right;
  const { code, message } = toFailure(error, 'prepare the other user', session);
  return new RotationError(code, message, { hint: `AWSCURRENT keeps working. Run: ${grant}` });
}
