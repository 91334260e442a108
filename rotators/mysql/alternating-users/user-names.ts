import { quoted, type StepContext } from '../../../src/index.js';
import type { Pair } from '../../databases/pairs.js';
import type { Session } from '../account.js';
import { stringLiteral } from '../sql.js';

/** Most names in a warning. */
const MOST_NAMED = 10;
const SYSTEM = ['mysql', 'sys', 'information_schema', 'performance_schema'].map((name) => `'${name}'`).join();

const named = (kind: string, schema: string, name: string) =>
  `CONCAT(${kind}, ' ', ${schema}, '.', ${name}) AS name, ${schema} AS place`;

/** Finds code in the databases that the session sees, and as whom it runs. Only warnings depend on it, so it must not wait. */
const QUERY = `
  SELECT DISTINCT name, definer, (
    LOWER(code) REGEXP '(^|[^a-z0-9_$.])(session_user|system_user|user) *[(] *[)]'
    OR security = 'INVOKER' AND LOWER(code) REGEXP '(^|[^a-z0-9_$.])current_user([^a-z0-9_$]|$)'
  ) AS asks FROM (
    SELECT ${named("'view'", 'TABLE_SCHEMA', 'TABLE_NAME')}, VIEW_DEFINITION AS code, SECURITY_TYPE AS security, DEFINER AS definer
    FROM information_schema.VIEWS
    UNION ALL
    SELECT ${named('LOWER(ROUTINE_TYPE)', 'ROUTINE_SCHEMA', 'ROUTINE_NAME')}, ROUTINE_DEFINITION, SECURITY_TYPE, DEFINER
    FROM information_schema.ROUTINES
    UNION ALL
    SELECT ${named("'trigger'", 'TRIGGER_SCHEMA', 'TRIGGER_NAME')}, ACTION_STATEMENT, 'DEFINER', DEFINER FROM information_schema.TRIGGERS
    UNION ALL
    SELECT ${named("'event'", 'EVENT_SCHEMA', 'EVENT_NAME')}, '', 'DEFINER', DEFINER FROM information_schema.EVENTS
    UNION ALL
    SELECT ${named("'default of'", 'TABLE_SCHEMA', "CONCAT(TABLE_NAME, '.', COLUMN_NAME)")}, COLUMN_DEFAULT, 'INVOKER', ''
    FROM information_schema.COLUMNS WHERE EXTRA LIKE '%DEFAULT_GENERATED%'
  ) AS coded WHERE place NOT IN (${SYSTEM})`;

/** Warns of code that may show a clone other rows or store its name, and of objects that would stop working without it. */
export async function warnOfNames(
  session: Session,
  { original, clone }: Pair,
  context: StepContext,
): Promise<void> {
  const { user, host } = session.account;
  const definer = stringLiteral(`${user}@${host}`);
  const rows = await session
    .query(
      `SELECT /*+ MAX_EXECUTION_TIME(2000) */ name, asks, definer = ${definer} AS is_own FROM (${QUERY}) AS all_code WHERE asks OR definer = ${definer} ORDER BY name`,
    )
    .catch(() => []);
  const listed = (column: string) => {
    const names = rows.filter((row) => String(row[column]) === '1').map(({ name }) => quoted(String(name)));
    return `${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ' and others' : ''}`;
  };
  const [asking, own] = [listed('asks'), listed('is_own')];
  if (asking !== '') {
    context.warn(
      `USER() is "${clone}" in every other interval, and "${original}" in the rest. So is CURRENT_USER(), in code that runs as its invoker. ` +
        `These use one of the two functions: ${asking}. Make them accept both names`,
    );
  }
  if (own !== '') {
    context.warn(
      `"${clone}" is the definer of objects that applications made in its intervals: ${own}. They work for both users. ` +
        `Do not drop "${clone}". Give them another definer before "${original}" has to alter them`,
    );
  }
}
