import type { StepContext } from '../../../src/index.js';
import type { Pair } from '../../databases/pairs.js';
import type { Witness } from '../facts.js';
import type { Session } from '../session.js';

/** What the next turn of a pair is given with: an administrator, in a transaction. */
export interface UsersTurn extends Witness {
  readonly pair: Pair;
  /** What is sent in place of the password. */
  readonly verifier: string;
  readonly context: StepContext;
  /** Whether a new clone may lack settings that the administrator may not set. */
  readonly cloneMayDiffer: boolean;
}

/** A role, as far as it is mirrored. */
export interface Role {
  readonly isSuperuser: boolean;
  /** LOGIN, CREATEDB …: those that it has. */
  readonly attributes: ReadonlySet<string>;
  readonly connectionLimit: number;
  /** `infinity` if it has no end. */
  readonly validUntil: string;
}

const ATTRIBUTES = ['LOGIN', 'CREATEDB', 'CREATEROLE', 'REPLICATION', 'BYPASSRLS'] as const;

/** What CREATE ROLE makes if nothing else is said. */
export const NEW: Role = {
  isSuperuser: false,
  attributes: new Set(),
  connectionLimit: -1,
  validUntil: 'infinity',
};

export async function readRoles(
  session: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, Role>> {
  // Dates as text that means the same in every session.
  await session.query("SET LOCAL DateStyle = ISO; SET LOCAL TimeZone = 'UTC'");
  const rows = await session.query(
    'SELECT rolname, rolsuper, rolcanlogin AS "LOGIN", rolcreatedb AS "CREATEDB", rolcreaterole AS "CREATEROLE", ' +
      'rolreplication AS "REPLICATION", rolbypassrls AS "BYPASSRLS", rolconnlimit, ' +
      "coalesce(rolvaliduntil::text, 'infinity') AS valid_until " +
      `FROM pg_roles WHERE rolname IN (${names.map((name) => session.escapeLiteral(name)).join(', ')})`,
  );
  return new Map(
    rows.map((row) => [
      String(row.rolname),
      {
        isSuperuser: row.rolsuper === true,
        attributes: new Set(ATTRIBUTES.filter((attribute) => row[attribute] === true)),
        connectionLimit: Number(row.rolconnlimit),
        validUntil: String(row.valid_until),
      },
    ]),
  );
}

/** The clauses of CREATE or ALTER ROLE that make `role` what the original is. */
export function clausesOf(original: Role, role: Role, session: Session): readonly string[] {
  const changed = ATTRIBUTES.filter(
    (attribute) => original.attributes.has(attribute) !== role.attributes.has(attribute),
  );
  return [
    ...changed.map((attribute) => (original.attributes.has(attribute) ? attribute : `NO${attribute}`)),
    ...(original.connectionLimit === role.connectionLimit
      ? []
      : [`CONNECTION LIMIT ${original.connectionLimit}`]),
    ...(original.validUntil === role.validUntil
      ? []
      : [`VALID UNTIL ${session.escapeLiteral(original.validUntil)}`]),
  ];
}

/** How a role shows, from which version on, that it may act as another: before PostgreSQL 16 every member may. */
export function acting(version: number): 'SET' | 'MEMBER' {
  return version >= 160_000 ? 'SET' : 'MEMBER';
}
