import { quoted } from '../../../src/index.js';
import type { Session } from '../account.js';
import { errnoOf, toFailure } from '../failures.js';
import { mayNotLook } from '../password/accounts.js';
import type { Account } from '../session.js';
import { accountName } from '../sql.js';

/** A right, as a line of SHOW GRANTS has it. */
export interface Right {
  /** `SELECT`, `ALL PRIVILEGES`, `PROXY`; `ROLE` for a role; `GRANT OPTION` for all that an account has on something. */
  readonly name: string;
  /** In backticks, if it is for one column. */
  readonly column: string | undefined;
  /** As the server writes it: `*.*`, `` `db`.* ``, `` PROCEDURE `db`.`p` ``; of a role and of PROXY an account. */
  readonly on: string;
  /** Whether it may be given away: what a GRANT OPTION is for one right alone. */
  readonly isGrantable: boolean;
  /** Whether it is taken from what a wider right gives: a partial revoke. */
  readonly isRevoked: boolean;
}

const NAME = '`(?:[^`]|``)*`';
const ON = new RegExp(`^((?:[^\`]|${NAME})*?) ON ([\\s\\S]*)$`);
const PRIVILEGE = new RegExp(`([A-Z_][A-Z_ ]*?)(?: \\(((?:${NAME}(?:, ?)?)+)\\))?(?:, ?|$)`, 'gy');
const ACCOUNT = new RegExp(`${NAME}@${NAME}`, 'g');

/**
 * The rights of an account: its own, and those that it has by these roles.
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

/** @throws Error for a line that is none of an account's rights: then nothing is known of them */
export function rightsIn(line: string, grantee: Account): readonly Right[] {
  const isRevoked = line.startsWith('REVOKE ');
  const [start, to] = isRevoked ? ['REVOKE ', 'FROM'] : ['GRANT ', 'TO'];
  const ends = ['', ' WITH GRANT OPTION', ' WITH ADMIN OPTION'].map(
    (option) => ` ${to} ${accountName(grantee)}${option}`,
  );
  const end = ends.find((each) => line.endsWith(each));
  if (!line.startsWith(start) || end === undefined)
    throw new Error('the server shows something else than rights');
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

/** Dynamic privileges have underscores in their names, others have spaces. */
function isOptionItsOwn({ name }: Right): boolean {
  return name === 'PROXY' || name.includes('_');
}

/** The rights among these that none of the others includes. That an account may log in is not one. */
export function missing(rights: readonly Right[], others: readonly Right[]): readonly Right[] {
  return rights.filter((right) => right.name !== 'USAGE' && !others.some((other) => includes(other, right)));
}

/** Of a wider right it is not asked whether some of it was revoked: the revokes are rights to be compared, too. */
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

/** What is for databases of a pattern, or for one that is written as a pattern would be, is inside of everything alone. */
function isInside({ name, on }: Right, wide: string): boolean {
  if (name === 'PROXY' || name === 'ROLE') return false;
  if (wide === '*.*') return true;
  const database = databaseIn(on);
  return wide.endsWith('.*') && !on.endsWith('.*') && database !== undefined && isFor(wide, database);
}

/** The name, or the pattern of names, of a right's database. */
function databaseIn(on: string): string | undefined {
  return new RegExp(`^(?:[A-Z]+ )?(${NAME})\\.`).exec(on)?.[1]?.slice(1, -1).replaceAll('``', '`');
}

/** Whether a right is for a database, by its name or by a pattern: `` `app\_%`.* ``. */
export function isFor(on: string, database: string): boolean {
  const pattern = (databaseIn(on) ?? '').replace(/\\?./gsu, (part) => {
    if (part === '%') return '.*';
    return part === '_' ? '.' : `\\u{${part.codePointAt(part.startsWith('\\') ? 1 : 0)?.toString(16)}}`;
  });
  return new RegExp(`^${pattern}$`, 'su').test(database);
}

/** For messages: the statements that give rights to an account, or take them. What is revoked in part can only be revoked, there too. */
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
