import type { StepContext } from '../../../src/index.js';
import type { Pair } from '../../databases/pairs.js';
import type { Witness } from '../facts.js';
import type { Session } from '../session.js';

/** Everything that gives a pair its next turn: an administrator's transaction, the pair, and the new password. */
export interface UsersTurn extends Witness {
  readonly pair: Pair;
  /** Verifier, sent in place of the password. */
  readonly verifier: string;
  readonly context: StepContext;
  /** Whether a new clone may lack settings that the administrator may not set. */
  readonly cloneMayDiffer: boolean;
}

/** The attributes of a role that a clone copies. */
export interface Role {
  readonly isSuperuser: boolean;
  /** Attributes that the role has: LOGIN, CREATEDB … */
  readonly attributes: ReadonlySet<string>;
  readonly connectionLimit: number;
  /** End of validity; `infinity` without one. */
  readonly validUntil: string;
}

const ATTRIBUTES = ['LOGIN', 'CREATEDB', 'CREATEROLE', 'REPLICATION', 'BYPASSRLS'] as const;

/** The defaults of CREATE ROLE. */
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
  // Dates then have the same text in every session.
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

/** Returns the clauses of CREATE or ALTER ROLE that give `role` the original's attributes. */
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

/** Returns the right that lets a role act as another: before PostgreSQL 16 every member may. */
export function acting(version: number): 'SET' | 'MEMBER' {
  return version >= 160_000 ? 'SET' : 'MEMBER';
}
