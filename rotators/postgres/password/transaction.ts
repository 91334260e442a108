import { setTimeout as sleep } from 'node:timers/promises';
import { errorParts, isRotationError, RotationError, type StepContext } from '../../../src/index.js';
import type { Ending } from '../../databases/engine.js';
import { placeName } from '../../databases/secret.js';
import { codeOf, toFailure } from '../failures.js';
import { begin } from '../look.js';
import type { PostgresSecret } from '../secret.js';
import type { Session } from '../session.js';

const MOST_TRIES = 20;

/**
 * How long the server waits for the function while it holds the role's row: longer than the look at the labels takes. If the
 * function freezes, others wait no longer than this, and a later COMMIT meets a dead session.
 */
const IDLE_MS = 3000;
/** Lower limit for a short `timeoutMs`. A slow look at the labels then fails the attempt, and nothing is changed. */
const SHORTEST_IDLE_MS = 1000;

/** Classes of SQLSTATE for a COMMIT that the server rolled back. */
const ROLLED_BACK = /^(?:23|25|40(?!003)|53|54)/;

/**
 * Changes roles in one transaction: everything or nothing. Runs `work` again if another attempt interfered. While the transaction
 * holds the changed rows, no other attempt can change them. So it looks at the labels then, before COMMIT, and rolls back a
 * change that comes too late.
 *
 * @param doing the action, as in "could not … as"
 * @throws RotationError if the server refuses, and `ERR_OUTCOME_UNKNOWN` if COMMIT got no answer; passes on the one that `work`
 *   throws
 */
export async function inTransaction(
  session: Session,
  doing: string,
  context: StepContext,
  work: () => Promise<unknown>,
): Promise<Ending> {
  const { target } = session;
  const limitMs = session.limitMs();
  // The server stops waiting before the function does, so no statement stays behind.
  const lockMs = Math.max(1, Math.floor(limitMs * 0.8));
  // Wait longer for the lock than a frozen session can hold it.
  const idleMs = Math.max(SHORTEST_IDLE_MS, Math.min(IDLE_MS, Math.floor(limitMs * 0.6)));
  for (let attempt = 1; ; attempt++) {
    let isSent = false;
    try {
      // Explicitly read-write: a role or its database may be read-only by default.
      await begin(session, 'READ WRITE', { lockMs, idleMs });
      await work();
      if ((await context.confirm()) === 'current') {
        await session.query('ROLLBACK');
        return 'let go';
      }
      session.assertOpen();
      isSent = true;
      await session.query('COMMIT');
      return 'changed';
    } catch (error) {
      if (isSent && !isRolledBack(error)) throw unknownOutcome(doing, target);
      await session.query('ROLLBACK').catch(() => {}); // A broken session fails at the next BEGIN.
      if (!isOvertaken(error) || attempt === MOST_TRIES) {
        throw isRotationError(error) ? error : toFailure(error, doing, target);
      }
      await sleep(Math.random() * 25 * attempt, undefined, { signal: context.signal });
    }
  }
}

/**
 * Whether another attempt made the same change first. The codes alone do not show it: a password check, or a fault of the server,
 * may give them again and again.
 */
function isOvertaken(error: unknown): boolean {
  const { code, message } = errorParts(error);
  const { schema, routine }: Partial<ServerError> = error instanceof Error ? error : {};
  switch (code) {
    case 'XX000':
      // The server does not translate this message.
      return /^tuple concurrently (?:updated|deleted)$/.test(message);
    case '23505':
      // Two transactions created the same role, or the same grant.
      return schema === 'pg_catalog';
    case '42710':
      return routine === 'CreateRole';
    default:
      return code === '40P01';
  }
}

/** Fields that a server adds to an error. */
interface ServerError extends Error {
  readonly schema?: string;
  readonly routine?: string;
}

/** Whether a failed COMMIT certainly changed nothing: the server said so, or pg did not send it. */
function isRolledBack(error: unknown): boolean {
  const code = codeOf(error);
  return (
    ROLLED_BACK.test(code) || (code === '' && error instanceof Error && /not queryable/.test(error.message))
  );
}

function unknownOutcome(doing: string, target: PostgresSecret): RotationError {
  return new RotationError(
    'ERR_OUTCOME_UNKNOWN',
    `${placeName(target)} did not answer the COMMIT when "${target.username}" tried to ${doing}: the server may have made the ` +
      'change, or may still make it',
    {
      hint:
        'leave AWSPENDING where it is: the next attempt finds out which password works. If this repeats, look in ' +
        'pg_stat_activity for sessions whose application_name is `quarterturn`. The wait_event SyncRep means that COMMIT waits ' +
        'for a synchronous standby: bring the standby back, or remove it from synchronous_standby_names',
    },
  );
}
