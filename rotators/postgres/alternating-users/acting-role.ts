import { isRotationError, quoted, RotationError, type StepContext } from '../../../src/index.js';
import type { Pair } from '../../databases/pairs.js';
import { toFailure } from '../failures.js';
import { begin } from '../look.js';
import type { Session } from '../session.js';
import { identityColumns, wayOf } from '../way.js';
import { rolesToActAs, type Setting, settingsOf } from './role-settings.js';
import { warnOfSessionUser } from './session-user.js';

/** Checks that a session acts as the original. After a REVOKE of the grant a login still succeeds, but acts as the clone. */
export async function prove(session: Session, pair: Pair, context: StepContext): Promise<void> {
  const { original } = pair;
  const { username } = session.target;
  await assertActs(session, original, context);
  if (username === pair.clone) await warnOfSessionUser(session, pair, context);
}

async function assertActs(session: Session, original: string, context: StepContext): Promise<void> {
  const { username } = session.target;
  const { actsAs, setTo, mayActAsOriginal } = await identityOf(session, original);
  if (actsAs === (setTo ?? original)) return;
  // A clone that AWS's function made, before its next turn, or one that owns objects.
  if (setTo === undefined && mayActAsOriginal) {
    return context.warn(`sessions of "${username}" act as "${quoted(actsAs)}", not as "${original}"`);
  }
  const expected = setTo ?? original;
  const grant = `GRANT ${quoted(session.escapeIdentifier(expected))} TO ${session.escapeIdentifier(username)}`;
  throw new RotationError(
    'ERR_RIGHTS_MISSING',
    `sessions of "${username}" act as "${quoted(actsAs)}", not as "${quoted(expected)}"`,
    { hint: grant },
  );
}

/** Roles of a session. */
interface Identity {
  readonly actsAs: string;
  /** Role that it is set to act as (`ALTER ROLE … SET role`). The server does not report a role that it may not act as. */
  readonly setTo: string | undefined;
  /** Whether its user may act as the original. */
  readonly mayActAsOriginal: boolean;
}

async function identityOf(session: Session, original: string): Promise<Identity> {
  const { target } = session;
  try {
    await begin(session, 'READ ONLY');
    const [row] = await session.query(
      "SELECT current_user AS acts_as, current_database() AS database, current_setting('server_version_num') AS version, " +
        `${identityColumns(session)}, ` +
        'EXISTS (SELECT FROM pg_roles ' +
        `WHERE rolname = ${session.escapeLiteral(original)} AND pg_has_role(session_user, oid, 'MEMBER')) AS may_act`,
    );
    wayOf(row, session);
    // The server's order of precedence: a role's settings win over everybody's, those for one database over those for all.
    const ordered: Setting[] = [];
    for (const owner of [target.username, undefined]) {
      const settings = await settingsOf(session, owner);
      for (const place of [row?.database, '']) {
        ordered.push(...settings.filter(({ database }) => database === place));
      }
    }
    const [first] = await rolesToActAs(session, Number(row?.version), original, ordered);
    await session.query('COMMIT');
    const value = first?.value;
    return {
      actsAs: String(row?.acts_as),
      setTo: value?.toLowerCase() === 'none' ? undefined : value,
      mayActAsOriginal: row?.may_act === true,
    };
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask as whom it acts', target);
  }
}
