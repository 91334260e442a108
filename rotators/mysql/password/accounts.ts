import { quoted, RotationError } from '../../../src/index.js';
import { placeName } from '../../databases/secret.js';
import type { Session } from '../account.js';
import { errnoOf, toFailure } from '../failures.js';
import type { Account } from '../session.js';
import { type LoginMethod, methodsOf } from '../show-create-user.js';
import { accountName, stringLiteral } from '../sql.js';

/**
 * Tables that list accounts. MySQL's view, since 8.0.21, shows them to everybody with the right to change them. The table
 * mysql.user needs a separate right.
 */
const LISTS = {
  mysql: ['information_schema.USER_ATTRIBUTES', 'mysql.user'],
  mariadb: ['mysql.user'],
} as const;

/** Leaves out MariaDB's roles, which are in the same table. They have no host; users always have one. */
const ROLES_APART = { mysql: '', mariadb: " AND Host <> ''" } as const;

/** Error numbers for a table that does not exist, or that the user may not see. */
const HIDDEN = [1044, 1109, 1142, 1143, 1146, 1356];

/**
 * Returns the accounts of these users, for all hosts; `undefined` if the administrator may not see them.
 *
 * @param users the first one has an account
 */
export async function accountsOf(
  users: readonly [string, ...string[]],
  administrator: Session,
): Promise<readonly Account[] | undefined> {
  const names = users.map((user) => stringLiteral(user)).join();
  for (const list of LISTS[administrator.flavour]) {
    try {
      const rows = await administrator.query(
        `SELECT User AS user, Host AS host FROM ${list} WHERE User IN (${names})${ROLES_APART[administrator.flavour]}`,
      );
      const accounts = rows.map(({ user, host }) => ({ user: String(user), host: String(host) }));
      // A view without the first user hides accounts.
      if (accounts.some(({ user }) => user === users[0]) || list === 'mysql.user') return accounts;
    } catch (error) {
      if (!HIDDEN.includes(errnoOf(error) ?? 0)) throw toFailure(error, 'list the accounts', administrator);
    }
  }
  return undefined;
}

/**
 * Returns the ways to log in to another user's account.
 *
 * @throws RotationError `ERR_RIGHTS_MISSING` if the administrator may not see them
 */
export async function methodsFor(account: Account, administrator: Session): Promise<readonly LoginMethod[]> {
  try {
    // MySQL's hashes contain bytes that are not characters.
    if (administrator.flavour === 'mysql') {
      await administrator.query('SET SESSION print_identified_with_as_hex = ON');
    }
    const [shown] = await administrator.query(`SHOW CREATE USER ${accountName(account)}`);
    return methodsOf(String(Object.values(shown ?? {})[0]));
  } catch (error) {
    if (errnoOf(error) === 1044) throw mayNotLook(administrator);
    throw toFailure(error, `look at "${quoted(`${account.user}@${account.host}`)}"`, administrator);
  }
}

export function mayNotLook({ account, place }: Session): RotationError {
  return new RotationError(
    'ERR_RIGHTS_MISSING',
    `the administrator "${account.user}" may not see other accounts at ${placeName(place)}`,
    { hint: `nothing was changed. Run: GRANT SELECT ON mysql.* TO ${quoted(accountName(account))}` },
  );
}
