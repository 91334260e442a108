import { toFailure } from '../failures.js';
import type { PostgresSecret } from '../secret.js';
import { PIN_NAMES, type Session } from '../session.js';
import { settingsOf } from './role-settings.js';

/** As whom a session acts. */
export interface Identity {
  readonly actsAs: string;
  /** As whom it is set to act (`ALTER ROLE … SET role`): the server says nothing if it cannot. */
  readonly setTo: string | undefined;
  /** Whether its user could act as the original. */
  readonly mayActAsOriginal: boolean;
}

export async function identityOf(
  session: Session,
  original: string,
  target: PostgresSecret,
): Promise<Identity> {
  try {
    await session.query(`BEGIN READ ONLY; ${PIN_NAMES}`);
    const [row] = await session.query(
      'SELECT current_user AS acts_as, current_database() AS database, EXISTS (SELECT FROM pg_roles ' +
        `WHERE rolname = ${session.escapeLiteral(original)} AND pg_has_role(session_user, oid, 'MEMBER')) AS may_act`,
    );
    const own = await settingsOf(session, target.username);
    const everybody = await settingsOf(session, 'everybody');
    await session.query('COMMIT');
    // In the server's order: a role's go before everybody's, and those for one database before those for all.
    const set = [own, everybody]
      .flatMap((settings) => [String(row?.database), ''].map((database) => ({ settings, database })))
      .flatMap(({ settings, database }) =>
        settings.filter((setting) => setting.name === 'role' && setting.database === database),
      );
    const value = set[0]?.value;
    return {
      actsAs: String(row?.acts_as),
      setTo: value?.toLowerCase() === 'none' ? undefined : value,
      mayActAsOriginal: row?.may_act === true,
    };
  } catch (error) {
    throw toFailure(error, 'ask as whom it acts', target);
  }
}
