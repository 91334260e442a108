import { isRotationError, quoted, RotationError, type StepContext } from '../../../src/index.js';
import type { Pair } from '../../databases/pairs.js';
import type { Session } from '../account.js';
import { toFailure } from '../failures.js';
import { accountName } from '../sql.js';
import { assertMysql } from './give-turn.js';
import { rightsIn } from './grants.js';
import { warnOfNames } from './user-names.js';

/** Checks that a clone's session has the original's rights. Without the role the login succeeds, but the session has no rights. */
export async function prove(session: Session, pair: Pair, context: StepContext): Promise<void> {
  assertMysql(session);
  if (session.target.username !== pair.clone) return;
  try {
    await assertActs(session, pair, context);
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask for its role', session);
  }
  await warnOfNames(session, pair, context);
}

async function assertActs(session: Session, { original, clone }: Pair, context: StepContext): Promise<void> {
  const { account } = session;
  const [row] = await session.query('SELECT CURRENT_ROLE() AS roles');
  const role = accountName({ user: original, host: '' }).slice(0, -'``'.length);
  // The names are in backticks, so a name cannot match part of another.
  if (
    String(row?.roles)
      .split(/,(?=`)/)
      .some((name) => name.startsWith(role))
  )
    return;
  const lines = await session.query('SHOW GRANTS');
  const own = lines.flatMap((line) => rightsIn(String(Object.values(line)[0]), account));
  // A clone that AWS's function made, before its next turn.
  if (own.some(({ name }) => name !== 'USAGE' && name !== 'ROLE')) {
    context.warn(
      `sessions of "${clone}" have direct rights, but not the role "${original}", until its next turn`,
    );
    return;
  }
  const [from, to] = [{ user: original, host: account.host }, account].map((one) => quoted(accountName(one)));
  const [first] = await session.query("SHOW GLOBAL VARIABLES LIKE 'init_connect'");
  const hint = /\bROLE\b/i.test(String(first?.Value))
    ? 'remove SET ROLE from the server’s init_connect, or change it to SET ROLE DEFAULT: it takes the role from each new session. ' +
      'Until then applications have no rights with this user'
    : `GRANT ${from} TO ${to}; SET DEFAULT ROLE ${from} TO ${to}`;
  throw new RotationError(
    'ERR_RIGHTS_MISSING',
    `sessions of "${clone}" do not have the rights of "${original}"`,
    { hint },
  );
}
