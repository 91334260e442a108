import { quoted, RotationError, type StepContext } from '../../../src/index.js';
import type { Pair } from '../../databases/pairs.js';
import { placeName } from '../../databases/secret.js';
import type { Session } from '../account.js';
import { toFailure, userMissing } from '../failures.js';
import { accountsOf, mayNotLook } from '../password/accounts.js';
import type { Account } from '../session.js';
import { accountName, stringLiteral } from '../sql.js';
import { missing, type Right, rightsOf } from './grants.js';

/** Two accounts that take turns, and their rights. */
export interface PairOfAccounts {
  readonly original: Account;
  readonly clone: Account;
  /** Whether the clone does not exist yet. */
  readonly isNew: boolean;
  /** The original's rights, including those of its roles. */
  readonly rights: readonly Right[];
  /** The clone's direct rights. */
  readonly cloneRights: readonly Right[];
  /** Whether the clone has the original as a role. */
  readonly isGranted: boolean;
  /** Whether the clone's sessions begin with that role. */
  readonly isDefault: boolean;
}

/**
 * Finds the accounts of a pair, and reads their rights.
 *
 * @throws RotationError as {@link namesOf} does
 */
export async function pairOfAccounts(
  pair: Pair,
  current: Account,
  administrator: Session,
  context: StepContext,
): Promise<PairOfAccounts> {
  const { original, clone, isNew } = await namesOf(pair, current, administrator);
  if (original.host !== clone.host) context.warn(fromAnywhere(original, clone));
  const own = await rightsOf(original, administrator);
  const cloneRights = isNew ? [] : await rightsOf(clone, administrator);
  const role = accountName(original);
  return {
    original,
    clone,
    isNew,
    rights: await withRoles(original, own, administrator),
    cloneRights,
    isGranted: cloneRights.some(({ name, on }) => name === 'ROLE' && on === role),
    isDefault: await isDefault(original, clone, administrator),
  };
}

/**
 * Finds the accounts of a pair.
 *
 * @param current the account that AWSCURRENT logged in to
 * @throws RotationError if it is not certain which they are
 */
export async function namesOf(
  pair: Pair,
  current: Account,
  administrator: Session,
): Promise<Pick<PairOfAccounts, 'original' | 'clone' | 'isNew'>> {
  const listed = await accountsOf([current.user, pair.other], administrator);
  if (!listed) throw mayNotLook(administrator);
  for (const name of [current.user, pair.other]) {
    const hosts = listed.filter(({ user }) => user === name).map(({ host }) => host);
    if (hosts.length > 1) throw ambiguous(name, hosts, administrator);
  }
  const found = listed.find(({ user }) => user === pair.other);
  if (!found && pair.other === pair.original) throw userMissing(pair.original);
  const other = found ?? { user: pair.other, host: current.host };
  const [original, clone] = pair.other === pair.clone ? [current, other] : [other, current];
  // AWS's function makes clones only for `%`, whatever the original's host.
  if (original.host !== clone.host && clone.host !== '%') throw otherHost(original, clone);
  return { original, clone, isNew: !found };
}

async function isDefault(original: Account, clone: Account, administrator: Session): Promise<boolean> {
  try {
    const rows = await administrator.query(
      `SELECT 1 AS is_default FROM mysql.default_roles WHERE USER = ${stringLiteral(clone.user)} ` +
        `AND HOST = ${stringLiteral(clone.host)} AND DEFAULT_ROLE_USER = ${stringLiteral(original.user)} ` +
        `AND DEFAULT_ROLE_HOST = ${stringLiteral(original.host)}`,
    );
    return rows.length > 0;
  } catch (error) {
    throw toFailure(error, 'ask for default roles', administrator);
  }
}

function ambiguous(username: string, hosts: readonly string[], { place }: Session): RotationError {
  return new RotationError(
    'ERR_SERVICE_UNSUPPORTED',
    `"${username}" has ${hosts.length} accounts at ${placeName(place)}, for the hosts ${quoted(hosts.join(', '))}`,
    {
      hint:
        'nothing was changed: the server may let applications in by another account than the function. Users that take turns ' +
        'need one account each. mysql() rotates several together, with its option `hosts`',
    },
  );
}

function fromAnywhere(original: Account, clone: Account): string {
  return (
    `"${clone.user}" may log in from anywhere, but "${original.user}" only from ${quoted(original.host)}: AWS’s function makes such ` +
    'clones. Make it again for that host, but only once no application uses it and no object has it as its definer'
  );
}

function otherHost(original: Account, clone: Account): RotationError {
  return new RotationError(
    'ERR_PENDING_MISMATCH',
    `"${original.user}" may log in from "${quoted(original.host)}", but "${clone.user}" from "${quoted(clone.host)}"`,
    {
      hint:
        'nothing was changed: the server might let an application in as one user, and refuse it as the other. Give both the ' +
        'same host (RENAME USER; views and routines keep the old name as their definer). Or name another clone with the option ' +
        '`pairs`',
    },
  );
}

/** Returns the clone's rights: with the original as a role, or, if it does not have that role yet, with its own roles. */
export async function rightsOfClone(
  { original, clone, cloneRights, isGranted }: PairOfAccounts,
  administrator: Session,
): Promise<readonly Right[]> {
  return isGranted
    ? rightsOf(clone, administrator, [accountName(original)])
    : withRoles(clone, cloneRights, administrator);
}

async function withRoles(
  account: Account,
  own: readonly Right[],
  administrator: Session,
): Promise<readonly Right[]> {
  const roles = own.filter(({ name }) => name === 'ROLE').map(({ on }) => on);
  return roles.length > 0 ? rightsOf(account, administrator, roles) : own;
}

/** Returns the rights that only the clone has. */
export function onlyTheClones({ original, rights, cloneRights }: PairOfAccounts): readonly Right[] {
  const role = accountName(original);
  const own = cloneRights.filter(({ name, on }) => name !== 'ROLE' || on !== role);
  const hasGlobal = own.some(({ name, on, isRevoked }) => on === '*.*' && name !== 'USAGE' && !isRevoked);
  const revoked = rights.filter(({ isRevoked }) => isRevoked && hasGlobal);
  return [
    ...missing(
      own.filter(({ isRevoked }) => !isRevoked),
      rights,
    ),
    ...missing(revoked, own),
  ];
}

/** Returns the rights that only the original has, and the partial revokes that only the clone has. Roles count as their rights. */
export function onlyTheOriginals(
  { rights }: Pick<PairOfAccounts, 'rights'>,
  ofClone: readonly Right[],
): readonly Right[] {
  const given = (all: readonly Right[]) => all.filter(({ name }) => name !== 'ROLE');
  const revoked = (all: readonly Right[]) => all.filter(({ isRevoked }) => isRevoked);
  const lost = missing(revoked(ofClone), rights).map((right) => ({ ...right, isRevoked: false }));
  return [...missing(given(rights), ofClone), ...lost];
}
