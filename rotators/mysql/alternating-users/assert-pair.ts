import { quoted, RotationError, type StepContext } from '../../../src/index.js';
import type { Session } from '../account.js';
import type { Account } from '../session.js';
import { accountName } from '../sql.js';
import { isFor, type Right, statementsFor } from './grants.js';
import { onlyTheClones, onlyTheOriginals, type PairOfAccounts, rightsOfClone } from './pair.js';

/** So many are named. */
const MOST_NAMED = 5;

/**
 * Whoever has the password of one must gain nothing by the other's; and what the original may do must be all that the clone may,
 * whoever has made it. Anything else of such a name is somebody else's.
 *
 * @throws RotationError if the two are no pair
 */
export function assertPair(accounts: PairOfAccounts, context: StepContext): void {
  const { original, clone, rights, cloneRights, isNew, isGranted, isDefault } = accounts;
  assertPossible(accounts);
  if (isNew) return;
  const more = onlyTheClones(accounts);
  if (isGranted && !more.some(isSuperior)) {
    if (more.length > 0)
      context.warn(
        `${sentence(clone, 'has', more)}, which "${original.user}" does not have: ${advice(more, accounts)}`,
      );
    warnOfOwn(accounts, more, context);
    return;
  }
  const isEmpty = cloneRights.every(({ name }) => name === 'USAGE');
  const hasNone = rights.every(({ name }) => name === 'USAGE');
  // One that AWS's function has made has what the original had; one of ours may have got no further.
  if (more.length === 0 && (!isEmpty || hasNone || isDefault)) {
    warnOfOwn(accounts, more, context);
    return;
  }
  throw new RotationError(
    'ERR_PENDING_MISMATCH',
    more.length > 0
      ? `${sentence(clone, 'has', more)}, which "${original.user}" does not have: nothing says that they are a pair`
      : `"${clone.user}" exists, and has no rights: nothing says that it is the clone of "${original.user}"`,
    {
      hint:
        `nothing was changed. If it is meant as the clone: ${[...taking(more, clone), ...roleFor(accounts)].join('; ')}; ` +
        'else name another with the option `pairs`',
    },
  );
}

/**
 * Likewise before the original’s password is set, which AWSCURRENT’s user, the clone, must be worth; and before applications become
 * the original, which must be able to do what they could as the clone.
 */
export async function assertOriginalsTurn(accounts: PairOfAccounts, administrator: Session): Promise<void> {
  const { original, clone, isGranted } = accounts;
  assertPossible(accounts);
  const less = onlyTheOriginals(accounts, await rightsOfClone(accounts, administrator));
  if (less.length > 0) {
    throw new RotationError(
      'ERR_PENDING_MISMATCH',
      `${sentence(original, 'has', less)}, which "${clone.user}" of AWSCURRENT does not have: nothing says that they are a pair`,
      {
        hint: `nothing was changed. If they are: ${(isGranted ? giving(less, clone) : roleFor(accounts)).join('; ')}`,
      },
    );
  }
  const more = onlyTheClones(accounts);
  if (more.length === 0) return;
  throw new RotationError(
    'ERR_RIGHTS_MISSING',
    `${sentence(clone, 'has', more)}, which "${original.user}" does not have: applications may need it, and would be refused`,
    { hint: `nothing was changed. ${advice(more, accounts)}` },
  );
}

/** @throws RotationError `ERR_RIGHTS_MISSING` if the role has not given the clone everything */
export async function assertEquals(accounts: PairOfAccounts, administrator: Session): Promise<void> {
  const less = onlyTheOriginals(
    accounts,
    await rightsOfClone({ ...accounts, isGranted: true }, administrator),
  );
  if (less.length > 0) throw lacking(accounts, less);
}

/** What no clone gets by a role. */
function assertPossible(accounts: PairOfAccounts): void {
  const { original, clone, rights, cloneRights } = accounts;
  if (rights.some(({ name }) => name === 'SYSTEM_USER')) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `"${original.user}" has SYSTEM_USER, which protects an account from administrators, and would not protect its clone`,
      { hint: 'nothing was changed. Rotate it alone, with mysql()' },
    );
  }
  if (rights.some(({ name, on }) => name === 'ROLE' && on === accountName(clone))) {
    throw new RotationError(
      'ERR_PENDING_MISMATCH',
      `"${original.user}" has "${clone.user}" as a role, and not the other way round`,
      {
        hint: `nothing was changed. REVOKE ${quoted(accountName(clone))} FROM ${quoted(accountName(original))}; or name the pair the other way round with the option \`pairs\``,
      },
    );
  }
  const proxied = onlyTheOriginals({ rights: rights.filter(({ name }) => name === 'PROXY') }, cloneRights);
  if (proxied.length > 0) throw lacking(accounts, proxied);
}

function lacking({ original, clone, isNew }: PairOfAccounts, less: readonly Right[]): RotationError {
  const create = isNew ? [`CREATE USER ${quoted(accountName(clone))} IDENTIFIED BY RANDOM PASSWORD`] : [];
  return new RotationError(
    'ERR_RIGHTS_MISSING',
    `${sentence(original, 'has', less)}, which "${clone.user}" does not get by having it as a role`,
    {
      hint: `AWSCURRENT goes on working. Run: ${[...create, ...giving(less, clone)].join('; ')}; or rotate "${original.user}" alone, with mysql()`,
    },
  );
}

/** AWS's function gives a clone the rights of the original one by one. */
function warnOfOwn(
  { original, clone, cloneRights }: PairOfAccounts,
  more: readonly Right[],
  context: StepContext,
): void {
  const own = cloneRights.filter(({ name, isRevoked }) => name !== 'USAGE' && name !== 'ROLE' && !isRevoked);
  if (own.length <= more.length) return;
  context.warn(
    `"${clone.user}" has rights in addition to the role "${original.user}", as AWS’s function grants them. Whoever revokes a right of ` +
      `"${original.user}" must revoke it from "${clone.user}", too. When every session that is older than its next turn has ended, ` +
      `remove them: REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${quoted(accountName(clone))}`,
  );
}

/** Rights over the server, over its accounts, or of somebody else. */
function isSuperior({ name, on }: Right): boolean {
  return name === 'ROLE' || name === 'PROXY' || on === '*.*' || isFor(on, 'mysql');
}

function advice(more: readonly Right[], { original, clone }: PairOfAccounts): string {
  const [give, take] = [giving(more, original), taking(more, clone)].map((sql) => sql.join('; '));
  return `if applications need it: ${give}; else ${take}`;
}

function giving(rights: readonly Right[], account: Account): readonly string[] {
  return statementsFor('GRANT', rights.slice(0, MOST_NAMED), account);
}

function taking(rights: readonly Right[], account: Account): readonly string[] {
  return statementsFor('REVOKE', rights.slice(0, MOST_NAMED), account);
}

function roleFor({ original, clone }: PairOfAccounts): readonly string[] {
  const [role, user] = [quoted(accountName(original)), quoted(accountName(clone))];
  return [`GRANT ${role} TO ${user}`, `SET DEFAULT ROLE ${role} TO ${user}`];
}

function sentence({ user }: Account, verb: string, rights: readonly Right[]): string {
  const named = rights.slice(0, MOST_NAMED).map(({ name, column, on, isRevoked }) => {
    const what =
      name === 'ROLE' ? `the role ${on}` : `${name}${column === undefined ? '' : ` (${column})`} on ${on}`;
    return isRevoked ? `a revoke of ${quoted(what)}` : quoted(what);
  });
  return `"${user}" ${verb} ${named.join(', ')}${rights.length > MOST_NAMED ? ' and more' : ''}`;
}
