import { codeOf } from './failures.js';
import { ENDED_BY, PIN_NAMES, type Session } from './session.js';

/** A limit of the role's may end the statement that puts ours in its place. */
const MOST_TRIES = 10;
/** From which major on there is a setting for it. */
const HAS_TRANSACTION_TIMEOUT = 17;

/** How long, in milliseconds, the server goes on with what we have begun. */
export interface ServerLimits {
  readonly statementMs: number;
  readonly lockMs: number;
  readonly idleMs: number;
}

/**
 * Begins a transaction in which names mean what they mean, and in which our limits hold: those of a role, a database or a
 * server may be a millisecond or absent, and a role may have its transactions wait for others (DEFERRABLE).
 */
export async function begin(
  session: Session,
  mode: 'READ ONLY' | 'READ WRITE',
  limits: Partial<ServerLimits> = {},
): Promise<void> {
  const limitMs = session.limitMs();
  // The server gives up before we do: then it is there to say so.
  const { statementMs = Math.ceil(limitMs * 0.9), lockMs = limitMs, idleMs = limitMs } = limits;
  const statements = [
    `BEGIN ${mode}, ISOLATION LEVEL READ COMMITTED`,
    ...((session.major ?? 0) >= HAS_TRANSACTION_TIMEOUT ? ['SET LOCAL transaction_timeout = 0'] : []),
    `SET LOCAL statement_timeout = ${statementMs}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`,
    `SET LOCAL lock_timeout = ${lockMs}`,
    // As the user itself: its sessions may act as another role. A look asks as whom they do.
    ...(mode === 'READ WRITE' ? ['SET LOCAL ROLE NONE'] : []),
    PIN_NAMES,
  ];
  for (let attempt = 1; ; attempt++) {
    try {
      await session.query(statements.join('; '));
      return;
    } catch (error) {
      const code = codeOf(error);
      const setting = ENDED_BY[code];
      if (setting !== undefined && (await session.without(setting))) continue;
      if (code !== '57014' || attempt === MOST_TRIES) throw error;
      await session.query('ROLLBACK');
    }
  }
}

/** Asks something in a transaction of its own. */
export async function look(
  session: Session,
  sql: string,
  limits?: Partial<ServerLimits>,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  await begin(session, 'READ ONLY', limits);
  try {
    const rows = await session.query(sql);
    await session.query('COMMIT');
    return rows;
  } catch (error) {
    await session.query('ROLLBACK').catch(() => {}); // A session that is broken says so at the next statement.
    throw error;
  }
}
