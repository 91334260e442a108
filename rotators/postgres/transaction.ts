import { setTimeout as sleep } from 'node:timers/promises';
import { isRotationError, type StepContext } from '../../src/index.js';
import { codeOf, toFailure } from './failures.js';
import type { PostgresSecret } from './secret.js';
import { PIN_NAMES, type Session } from './session.js';

/**
 * What another attempt at this very change makes of ours, when it was faster: "tuple concurrently updated", a role or a
 * grant that is there already, a deadlock.
 */
const OVERTAKEN = ['XX000', '23505', '42710', '40P01'];
const MOST_TRIES = 20;

export interface Change {
  readonly session: Session;
  /** Whose session it is, for messages. */
  readonly target: PostgresSecret;
  /** What is being done, as in "could not … as". */
  readonly doing: string;
  /** How long a statement may take, in milliseconds. */
  readonly limitMs: number;
  readonly context: StepContext;
}

/**
 * Changes roles in one transaction: all of it, or nothing. `work` is done again if another attempt got in between.
 *
 * @throws RotationError for what the server refuses; one that `work` throws is passed on
 */
export async function inTransaction<T>(
  { session, target, doing, limitMs, context }: Change,
  work: () => Promise<T>,
): Promise<T> {
  // The server gives up before we do, and leaves nothing that waits.
  const waitMs = Math.max(1, Math.floor(limitMs * 0.8));
  for (let attempt = 1; ; attempt++) {
    try {
      // Read-write by name: a role, or its database, may be read-only by default. As the user itself: its sessions may
      // act as another role.
      await session.query(
        `BEGIN READ WRITE; SET LOCAL ROLE NONE; ${PIN_NAMES}; ` +
          `SET LOCAL lock_timeout = ${waitMs}; SET LOCAL statement_timeout = ${limitMs}`,
      );
      const result = await work();
      await session.query('COMMIT');
      return result;
    } catch (error) {
      await session.query('ROLLBACK').catch(() => {}); // If the session is broken, the next BEGIN says so.
      if (!OVERTAKEN.includes(codeOf(error)) || attempt === MOST_TRIES) {
        throw isRotationError(error) ? error : toFailure(error, doing, target);
      }
      await sleep(Math.random() * 25 * attempt, undefined, { signal: context.signal });
    }
  }
}
