import type { StepContext } from '../../../src/index.js';
import type { Pair } from '../../databases/pairs.js';
import { look } from '../look.js';
import type { Session } from '../session.js';

/** So many are named. */
const MOST_NAMED = 10;

const ASKS = (sql: string) => `${sql} ~* '\\msession_user\\M'`;
const OWN_SCHEMAS = (column: string) =>
  `${column} NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'information_schema', 'pg_toast'))`;

/** What of a database asks for the session's user: for an application, the two of a pair differ there. */
const QUERY = `
  SELECT name FROM (
    SELECT format('policy %I on %s', polname, polrelid::regclass) AS name FROM pg_policy
    WHERE ${ASKS("concat_ws(' ', pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))")}
    UNION ALL
    SELECT format('default of %s.%I', adrelid::regclass, attname) FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE ${ASKS('pg_get_expr(adbin, adrelid)')}
    UNION ALL
    SELECT format('check %I of %s', conname, conrelid::regclass) FROM pg_constraint
    WHERE contype = 'c' AND conrelid <> 0 AND ${ASKS('pg_get_constraintdef(oid)')}
    UNION ALL
    SELECT format('trigger %I on %s', tgname, tgrelid::regclass) FROM pg_trigger
    WHERE NOT tgisinternal AND ${ASKS('pg_get_triggerdef(oid)')}
    UNION ALL
    SELECT format('view %s', oid::regclass) FROM pg_class
    WHERE relkind IN ('v', 'm') AND ${OWN_SCHEMAS('relnamespace')} AND ${ASKS('pg_get_viewdef(oid)')}
    UNION ALL
    SELECT format('function %s', pg_proc.oid::regprocedure) FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
    WHERE lanname NOT IN ('c', 'internal') AND ${OWN_SCHEMAS('pronamespace')}
    AND ${ASKS("CASE WHEN prosrc = '' THEN pg_get_functiondef(pg_proc.oid) ELSE prosrc END")}
  ) AS asking ORDER BY name LIMIT ${MOST_NAMED + 1}`;

/** Warns of what a clone may not see, or may leave another name in. Nothing but a warning depends on it. */
export async function warnOfSessionUser(
  session: Session,
  { original, clone }: Pair,
  context: StepContext,
): Promise<void> {
  const rows = await look(session, QUERY).catch(() => []);
  if (rows.length === 0) return;
  const names = rows.slice(0, MOST_NAMED).map(({ name }) => String(name));
  const others = rows.length > MOST_NAMED ? ' and others' : '';
  context.warn(
    `session_user is "${clone}" in every other interval, and "${original}" in the rest; current_user is the same. In ` +
      `"${session.target.dbname}" these ask for session_user: ${names.join(', ')}${others}. Let them ask for current_user, or ` +
      'know both names',
  );
}
