import type { StepContext } from '../../../src/index.js';
import { quoted } from '../../../src/index.js';
import type { Pair } from '../../databases/pairs.js';
import { look } from '../look.js';
import type { Session } from '../session.js';

/** Most names in a warning. */
const MOST_NAMED = 10;
/** Only a warning depends on this query, so it must not wait. */
const LIMITS = { statementMs: 2000, lockMs: 100 };
/** First major version with functions whose body is an expression, not text. */
const HAS_BODIES = 14;

/** Returns a pattern for a text's bytes in a stored expression, in any case. Without backslashes: a setting changes their meaning. */
function bytesOf(text: string): string {
  return [...text].map((sign) => `(${sign.charCodeAt(0)}|${sign.toUpperCase().charCodeAt(0)})`).join(' ');
}

/** Patterns for session_user, system_user, and `current_setting` of settings that differ in the same way. */
const ASKING = [
  'SQLVALUEFUNCTION :op 12 ',
  'FUNCEXPR :funcid 6311 ',
  'FUNCEXPR :funcid (2077|3294) [^{]*([{]RELABELTYPE :arg )?[{]CONST [^{}]* [[] ([0-9]+ ){4}' +
    `(${bytesOf('role')}|${bytesOf('session_authorization')}) []]`,
].join('|');

/**
 * Returns a condition: whether a stored expression asks who has logged in. It reads the stored form, since `pg_get_viewdef` would
 * lock the tables. Code that looks up its own process in pg_stat_activity also finds the user.
 */
function asks(tree: string): string {
  const looksUp = `${tree}::text ~ ':funcid 2026 ' AND ${tree}::text ~ '"usesysid"|:funcid 1939 '`;
  return `(${tree}::text ~ '[{](${ASKING})' OR ${looksUp})`;
}

/** Returns the same condition for code that is stored as text. */
function says(text: string): string {
  const names = '[[:<:]](session_user|system_user|session_authorization)[[:>:]]';
  const role = "[[:<:]](current_setting[[:space:]]*[(][[:space:]]*''+|show[[:space:]]+)role[[:>:]]";
  const looksUp = `${text} ~* 'pg_backend_pid' AND ${text} ~* 'usename|usesysid|backend_userid'`;
  return `(${text} ~* '${names}|${role}' OR ${looksUp})`;
}

/** Returns the query for objects that ask who has logged in: the two users of a pair differ there. */
function queryFor({ major }: Session): string {
  const hasBodies = (major ?? 0) >= HAS_BODIES;
  return `
  SELECT name FROM (
    SELECT format('policy %I on %s', polname, polrelid::regclass) AS name FROM pg_policy
    WHERE ${asks('polqual')} OR ${asks('polwithcheck')}
    UNION ALL
    SELECT format('default of %s.%I', adrelid::regclass, attname) FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE ${asks('adbin')}
    UNION ALL
    SELECT format('check %I of %s', conname, CASE WHEN conrelid = 0 THEN contypid::regtype::text ELSE conrelid::regclass::text END)
    FROM pg_constraint WHERE contype = 'c' AND ${asks('conbin')}
    UNION ALL
    SELECT format('trigger %I on %s', tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal AND ${asks('tgqual')}
    UNION ALL
    SELECT format(CASE WHEN rulename = '_RETURN' THEN 'view %2$s' ELSE 'rule %1$I on %2$s' END, rulename, ev_class::regclass)
    FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND (${asks('ev_action')} OR ${asks('ev_qual')})
    UNION ALL
    SELECT format('function %s', pg_proc.oid::regprocedure)
    FROM pg_proc JOIN pg_language ON pg_language.oid = prolang JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND lanname NOT IN ('c', 'internal')
    AND (${says('prosrc')}${hasBodies ? ` OR ${asks('prosqlbody')}` : ''})
  ) AS asking ORDER BY name LIMIT ${MOST_NAMED + 1}`;
}

/** Warns of code that may show a clone other rows, or store its name. */
export async function warnOfSessionUser(
  session: Session,
  { original, clone }: Pair,
  context: StepContext,
): Promise<void> {
  const { dbname } = session.target;
  const rows = await look(session, queryFor(session), LIMITS).catch(() => undefined);
  if (!rows) {
    return context.warn(
      `could not check whether code in "${dbname}" asks who has logged in, so "${clone}" may see other rows there than ` +
        `"${original}". The next turn of the clone checks again`,
    );
  }
  if (rows.length === 0) return;
  const names = rows.slice(0, MOST_NAMED).map(({ name }) => quoted(String(name)));
  const others = rows.length > MOST_NAMED ? ' and others' : '';
  context.warn(
    `session_user is "${clone}" in every other interval, and "${original}" in the rest. current_user is always the same. ` +
      `In "${dbname}" these ask who has logged in: ${names.join(', ')}${others}. Make them use current_user, or accept ` +
      'both names',
  );
}
