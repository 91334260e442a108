import { quoted } from '../../../src/index.js';
import type { Session } from '../account.js';
import { errnoOf, toFailure } from '../failures.js';
import { mayNotLook } from '../password/accounts.js';
import type { Account } from '../session.js';
import { accountName } from '../sql.js';

/** A right from a line of SHOW GRANTS. */
export interface Right {
  /** `SELECT`, `ALL PRIVILEGES`, `PROXY`; `ROLE` for a role; `GRANT OPTION` for all rights that an account has on something. */
  readonly name: string;
  /** Column, in backticks, if the right is for one column. */
  readonly column: string | undefined;
  /** Object, as the server writes it: `*.*`, `` `db`.* ``, `` PROCEDURE `db`.`p` ``; an account for a role and for PROXY. */
  readonly on: string;
  /** Whether the account may grant this one right to others. */
  readonly isGrantable: boolean;
  /** Whether it is a partial revoke: an exception from a wider right. */
  readonly isRevoked: boolean;
}

const NAME = '`(?:[^`]|``)*`';
const ON = new RegExp(`^((?:[^\`]|${NAME})*?) ON ([\\s\\S]*)$`);
const PRIVILEGE = new RegExp(`([A-Z_][A-Z_ ]*?)(?: \\(((?:${NAME}(?:, ?)?)+)\\))?(?:, ?|$)`, 'gy');
const ACCOUNT = new RegExp(`${NAME}@${NAME}`, 'g');

/**
 * Returns an account's rights: its direct ones, and those that these roles give it.
 *
 * @throws RotationError `ERR_RIGHTS_MISSING` if the administrator may not see them
 */
export async function rightsOf(
  account: Account,
  administrator: Session,
  roles: readonly string[] = [],
): Promise<readonly Right[]> {
  const using = roles.length > 0 ? ` USING ${roles.join(', ')}` : '';
  try {
    const rows = await administrator.query(`SHOW GRANTS FOR ${accountName(account)}${using}`);
    return rows.flatMap((row) => rightsIn(String(Object.values(row)[0]), account));
  } catch (error) {
    if ([1044, 1142].includes(errnoOf(error) ?? 0)) throw mayNotLook(administrator);
    throw toFailure(
      error,
      `ask for the rights of "${quoted(`${account.user}@${account.host}`)}"`,
      administrator,
    );
  }
}

/**
 * Returns the rights in a line of SHOW GRANTS.
 *
 * @throws Error for any other line: nothing is known about the account's rights then
 */
export function rightsIn(line: string, grantee: Account): readonly Right[] {
  const isRevoked = line.startsWith('REVOKE ');
  const [start, to] = isRevoked ? ['REVOKE ', 'FROM'] : ['GRANT ', 'TO'];
  const ends = ['', ' WITH GRANT OPTION', ' WITH ADMIN OPTION'].map(
    (option) => ` ${to} ${accountName(grantee)}${option}`,
  );
  const end = ends.find((each) => line.endsWith(each));
  if (!line.startsWith(start) || end === undefined)
    throw new Error('the server’s answer does not describe rights');
  const isGrantable = end !== ends[0];
  const body = line.slice(start.length, -end.length);
  const [, privileges, on] = ON.exec(body) ?? [];
  if (privileges === undefined || on === undefined) {
    const roles = body.match(ACCOUNT) ?? [];
    return roles.map((role) => ({ name: 'ROLE', column: undefined, on: role, isGrantable, isRevoked }));
  }
  const rights = [...privileges.matchAll(PRIVILEGE)].flatMap(([, name = '', columns]) => {
    const all = columns?.match(new RegExp(NAME, 'g')) ?? [undefined];
    return all.map((column) => ({ name, column, on, isGrantable, isRevoked }));
  });
  if (!isGrantable || rights.some(isOptionItsOwn)) return rights;
  const plain = rights.map((right) => ({ ...right, isGrantable: false }));
  return [...plain, { name: 'GRANT OPTION', column: undefined, on, isGrantable: false, isRevoked }];
}

/** Whether WITH GRANT OPTION is for this right alone: dynamic privileges, which have underscores in their names, and PROXY. */
function isOptionItsOwn({ name }: Right): boolean {
  return name === 'PROXY' || name.includes('_');
}

/** Returns the rights that none of the others includes. USAGE, the right to log in, does not count. */
export function missing(rights: readonly Right[], others: readonly Right[]): readonly Right[] {
  return rights.filter((right) => right.name !== 'USAGE' && !others.some((other) => includes(other, right)));
}

/** Ignores partial revokes of the wider right: they are compared as rights themselves. */
function includes(wide: Right, right: Right): boolean {
  const isAll = wide.name === 'ALL PRIVILEGES' && !['PROXY', 'ROLE', 'GRANT OPTION'].includes(right.name);
  return (
    wide.isRevoked === right.isRevoked &&
    (isAll || wide.name === right.name) &&
    (wide.column === undefined || wide.column === right.column) &&
    (wide.isGrantable || !right.isGrantable) &&
    (wide.on === right.on || (!right.isRevoked && isInside(right, wide.on)))
  );
}

/** A right for a pattern of databases, or for a name that reads as a pattern, is only inside `*.*`. */
function isInside({ name, on }: Right, wide: string): boolean {
  if (name === 'PROXY' || name === 'ROLE') return false;
  if (wide === '*.*') return true;
  const database = databaseIn(on);
  return wide.endsWith('.*') && !on.endsWith('.*') && database !== undefined && isFor(wide, database);
}

/** Returns the database of a right: its name, or a pattern. */
function databaseIn(on: string): string | undefined {
  return new RegExp(`^(?:[A-Z]+ )?(${NAME})\\.`).exec(on)?.[1]?.slice(1, -1).replaceAll('``', '`');
}

/** Whether a right covers a database, by name or by pattern: `` `app\_%`.* ``. */
export function isFor(on: string, database: string): boolean {
  const pattern = (databaseIn(on) ?? '').replace(/\\?./gsu, (part) => {
    if (part === '%') return '.*';
    return part === '_' ? '.' : `\\u{${part.codePointAt(part.startsWith('\\') ? 1 : 0)?.toString(16)}}`;
  });
  return new RegExp(`^${pattern}$`, 'su').test(database);
}

/** Returns the statements, for messages, that grant rights to an account or revoke them. A partial revoke is always a REVOKE. */
export function statementsFor(
  verb: 'GRANT' | 'REVOKE',
  rights: readonly Right[],
  account: Account,
): readonly string[] {
  return rights.map(({ name, column, on, isGrantable, isRevoked }) => {
    const isGrant = verb === 'GRANT' && !isRevoked;
    const what = name === 'ROLE' ? on : `${name}${column === undefined ? '' : ` (${column})`} ON ${on}`;
    const option = isGrantable && isGrant ? ` WITH ${name === 'ROLE' ? 'ADMIN' : 'GRANT'} OPTION` : '';
    return `${isGrant ? 'GRANT' : 'REVOKE'} ${quoted(what)} ${isGrant ? 'TO' : 'FROM'} ${quoted(accountName(account))}${option}`;
  });
}
