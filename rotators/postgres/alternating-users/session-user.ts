import type { StepContext } from '../../../src/index.js';
import type { Pair } from '../../databases/pairs.js';
import { look } from '../look.js';
import type { Session } from '../session.js';

/** So many are named. */
const MOST_NAMED = 10;
/** Nothing but a warning depends on it: it is not worth a wait. */
const LIMITS = { statementMs: 2000, lockMs: 100 };
/** From which major on a function can have an expression in place of text. */
const HAS_BODIES = 14;

/**
 * Whether an expression asks for session_user, or for system_user, as PostgreSQL stores it: to have it written out, as
 * `pg_get_viewdef` does, would lock the tables in it.
 */
const ASKS = (tree: string) => `${tree}::text ~ '[{](SQLVALUEFUNCTION :op 12|FUNCEXPR :funcid 6311) '`;
/** Likewise, of text. No backslashes: what they mean is a setting. */
const SAYS = (text: string) => `${text} ~* '[[:<:]](session_user|system_user|session_authorization)[[:>:]]'`;

/** What of a database asks for the session's user: for an application, the two of a pair differ there. */
function queryFor({ major }: Session): string {
  const hasBodies = (major ?? 0) >= HAS_BODIES;
  return `
  SELECT name FROM (
    SELECT format('policy %I on %s', polname, polrelid::regclass) AS name FROM pg_policy
    WHERE ${ASKS('polqual')} OR ${ASKS('polwithcheck')}
    UNION ALL
    SELECT format('default of %s.%I', adrelid::regclass, attname) FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE ${ASKS('adbin')}
    UNION ALL
    SELECT format('check %I of %s', conname, CASE WHEN conrelid = 0 THEN contypid::regtype::text ELSE conrelid::regclass::text END)
    FROM pg_constraint WHERE contype = 'c' AND ${ASKS('conbin')}
    UNION ALL
    SELECT format('trigger %I on %s', tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal AND ${ASKS('tgqual')}
    UNION ALL
    SELECT format(CASE WHEN rulename = '_RETURN' THEN 'view %2$s' ELSE 'rule %1$I on %2$s' END, rulename, ev_class::regclass)
    FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND (${ASKS('ev_action')} OR ${ASKS('ev_qual')})
    UNION ALL
    SELECT format('function %s', pg_proc.oid::regprocedure)
    FROM pg_proc JOIN pg_language ON pg_language.oid = prolang JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND lanname NOT IN ('c', 'internal')
    AND (${SAYS('prosrc')}${hasBodies ? ` OR ${ASKS('prosqlbody')}` : ''})
  ) AS asking ORDER BY name LIMIT ${MOST_NAMED + 1}`;
}

/** Warns of what a clone may not see, or may leave another name in. */
export async function warnOfSessionUser(
  session: Session,
  { original, clone }: Pair,
  context: StepContext,
): Promise<void> {
  const rows = await look(session, queryFor(session), LIMITS).catch(() => []);
  if (rows.length === 0) return;
  const names = rows.slice(0, MOST_NAMED).map(({ name }) => String(name));
  const others = rows.length > MOST_NAMED ? ' and others' : '';
  context.warn(
    `session_user is "${clone}" in every other interval, and "${original}" in the rest; current_user is the same in all. ` +
      `In "${session.target.dbname}" these ask for session_user: ${names.join(', ')}${others}. Let them ask for current_user, ` +
      'or know both names',
  );
}
