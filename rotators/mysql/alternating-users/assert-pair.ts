import { quoted, RotationError, type StepContext } from '../../../src/index.js';
import type { Session } from '../account.js';
import type { Account } from '../session.js';
import { accountName } from '../sql.js';
import { isFor, type Right, statementsFor } from './grants.js';
import { onlyTheClones, onlyTheOriginals, type PairOfAccounts, rightsOfClone } from './pair.js';

/** Most rights to name in a message. */
const MOST_NAMED = 5;

/**
 * Checks that two accounts are a pair. Nobody must gain rights by knowing the other's password: the clone may have no right
 * that the original lacks, whoever made it. Any other account with the clone's name may be somebody else's.
 *
 * @throws RotationError if they are not a pair
 */
export function assertPair(accounts: PairOfAccounts, context: StepContext): void {
  const { original, clone, rights, cloneRights, isNew, isGranted, isDefault } = accounts;
  assertPossible(accounts);
  if (isNew) return;
  const more = onlyTheClones(accounts);
  if (isGranted && !more.some(isSuperior)) {
    if (more.length > 0)
      context.warn(
        `${sentence(clone, 'has', more)}, which "${original.user}" does not have. ${advice(more, accounts)}`,
      );
    warnOfOwn(accounts, more, context);
    return;
  }
  const isEmpty = cloneRights.every(({ name }) => name === 'USAGE');
  const hasNone = rights.every(({ name }) => name === 'USAGE');
  // A clone of AWS's function has the original's rights. One of ours may be unfinished.
  if (more.length === 0 && (!isEmpty || hasNone || isDefault)) {
    warnOfOwn(accounts, more, context);
    return;
  }
  throw new RotationError(
    'ERR_PENDING_MISMATCH',
    more.length > 0
      ? `${sentence(clone, 'has', more)}, which "${original.user}" does not have: nothing shows that they are a pair`
      : `"${clone.user}" exists, but has no rights: nothing shows that it is the clone of "${original.user}"`,
    {
      hint:
        `nothing was changed. Only if "${clone.user}" is meant as the clone, run: ` +
        `${[...taking(more, clone), ...roleFor(accounts)].join('; ')}. Otherwise name another clone with the option \`pairs\``,
    },
  );
}

/**
 * Checks a pair before the original gets its turn. The clone, AWSCURRENT's user, must have all of the original's rights, and
 * the original all of the clone's: applications must lose none.
 *
 * @throws RotationError if one of them lacks a right
 */
export async function assertOriginalsTurn(accounts: PairOfAccounts, administrator: Session): Promise<void> {
  const { original, clone, isGranted } = accounts;
  assertPossible(accounts);
  const less = onlyTheOriginals(accounts, await rightsOfClone(accounts, administrator));
  if (less.length > 0) {
    throw new RotationError(
      'ERR_PENDING_MISMATCH',
      `${sentence(original, 'has', less)}, which "${clone.user}" of AWSCURRENT does not have: nothing shows that they are a pair`,
      {
        hint: `nothing was changed. Only if they are a pair, run: ${(isGranted ? giving(less, clone) : roleFor(accounts)).join('; ')}`,
      },
    );
  }
  const more = onlyTheClones(accounts);
  if (more.length === 0) return;
  throw new RotationError(
    'ERR_RIGHTS_MISSING',
    `${sentence(clone, 'has', more)}, which "${original.user}" does not have: applications may need it`,
    { hint: `nothing was changed. ${advice(more, accounts)}` },
  );
}

/**
 * Checks that the role gave the clone all of the original's rights.
 *
 * @throws RotationError `ERR_RIGHTS_MISSING` if it did not
 */
export async function assertEquals(accounts: PairOfAccounts, administrator: Session): Promise<void> {
  const less = onlyTheOriginals(
    accounts,
    await rightsOfClone({ ...accounts, isGranted: true }, administrator),
  );
  if (less.length > 0) throw lacking(accounts, less);
}

/** Checks for rights that a role never gives. */
function assertPossible(accounts: PairOfAccounts): void {
  const { original, clone, rights, cloneRights } = accounts;
  if (rights.some(({ name }) => name === 'SYSTEM_USER')) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `"${original.user}" has SYSTEM_USER, which protects it from administrators, but would not protect its clone`,
      { hint: 'nothing was changed. Rotate this user alone, with mysql()' },
    );
  }
  if (rights.some(({ name, on }) => name === 'ROLE' && on === accountName(clone))) {
    throw new RotationError(
      'ERR_PENDING_MISMATCH',
      `"${original.user}" has "${clone.user}" as a role; it must be the other way round`,
      {
        hint: `nothing was changed. Run: REVOKE ${quoted(accountName(clone))} FROM ${quoted(accountName(original))}. Or name the pair the other way round with the option \`pairs\``,
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
    `${sentence(original, 'has', less)}, which "${clone.user}" does not get from it as a role`,
    {
      hint: `AWSCURRENT keeps working. Run: ${[...create, ...giving(less, clone)].join('; ')}. Or rotate "${original.user}" alone, with mysql()`,
    },
  );
}

/** Warns of rights that AWS's function copied to the clone one by one. */
function warnOfOwn(
  { original, clone, cloneRights }: PairOfAccounts,
  more: readonly Right[],
  context: StepContext,
): void {
  const own = cloneRights.filter(({ name, isRevoked }) => name !== 'USAGE' && name !== 'ROLE' && !isRevoked);
  if (own.length <= more.length) return;
  context.warn(
    `"${clone.user}" has rights in addition to the role "${original.user}": AWS’s function granted them. If you revoke a ` +
      `right from "${original.user}", revoke it from "${clone.user}", too. ` +
      `Only when all sessions from before its next turn have ended, remove these rights: REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${quoted(accountName(clone))}`,
  );
}

/** Whether a right is over the server, over its accounts, or another user's. */
function isSuperior({ name, on }: Right): boolean {
  return name === 'ROLE' || name === 'PROXY' || on === '*.*' || isFor(on, 'mysql');
}

function advice(more: readonly Right[], { original, clone }: PairOfAccounts): string {
  const [give, take] = [giving(more, original), taking(more, clone)].map((sql) => sql.join('; '));
  return `If applications need it, run: ${give}. Otherwise run: ${take}`;
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
