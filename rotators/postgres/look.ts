import { codeOf } from './failures.js';
import { ENDED_BY, PIN_NAMES, type Session } from './session.js';

/** Most tries: a limit of the role may end the very statement that replaces it. */
const MOST_TRIES = 10;
/** First major version with transaction_timeout. */
const HAS_TRANSACTION_TIMEOUT = 17;

/** Time limits on the server, in milliseconds. */
export interface ServerLimits {
  readonly statementMs: number;
  readonly lockMs: number;
  readonly idleMs: number;
}

/**
 * Begins a transaction with a fixed search path and our own limits. Limits of a role, a database or a server may be a
 * millisecond or absent, and a role may make its transactions wait for others (DEFERRABLE).
 */
export async function begin(
  session: Session,
  mode: 'READ ONLY' | 'READ WRITE',
  limits: Partial<ServerLimits> = {},
): Promise<void> {
  const limitMs = session.limitMs();
  // The server's limit ends first, so that the server can report it.
  const { statementMs = Math.ceil(limitMs * 0.9), lockMs = limitMs, idleMs = limitMs } = limits;
  const statements = [
    `BEGIN ${mode}, ISOLATION LEVEL READ COMMITTED`,
    ...((session.major ?? 0) >= HAS_TRANSACTION_TIMEOUT ? ['SET LOCAL transaction_timeout = 0'] : []),
    `SET LOCAL statement_timeout = ${statementMs}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`,
    `SET LOCAL lock_timeout = ${lockMs}`,
    // Act as the user itself: its sessions may act as another role. A look keeps that role.
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

/** Runs a query in a read-only transaction. */
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
    await session.query('ROLLBACK').catch(() => {}); // A broken session fails at the next statement.
    throw error;
  }
}
