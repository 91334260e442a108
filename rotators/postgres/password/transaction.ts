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
 * How long the server waits for us while we hold the role's row: longer than the look at the labels takes. A function that
 * freezes keeps nobody waiting for longer, and a COMMIT that comes later meets a dead session.
 */
const IDLE_MS = 3000;
/** If `timeoutMs` is short: then a look that is slow fails the attempt, and nothing is changed. */
const SHORTEST_IDLE_MS = 1000;

/** Classes of SQLSTATE with which a server answers COMMIT when it has rolled back. */
const ROLLED_BACK = /^(?:23|25|40(?!003)|53|54)/;

/**
 * Changes roles in one transaction: all of it, or nothing. `work` is done again if another attempt got in between. While
 * it holds the rows that it has changed, no other attempt can change them; so the labels are looked at then, before
 * COMMIT, and what has come too late is rolled back.
 *
 * @param doing as in "could not … as"
 * @throws RotationError for what the server refuses, `ERR_OUTCOME_UNKNOWN` if COMMIT got no answer; one that `work` throws
 *   is passed on
 */
export async function inTransaction(
  session: Session,
  doing: string,
  context: StepContext,
  work: () => Promise<unknown>,
): Promise<Ending> {
  const { target } = session;
  const limitMs = session.limitMs();
  // The server gives up before we do, and leaves nothing that waits.
  const lockMs = Math.max(1, Math.floor(limitMs * 0.8));
  // Whoever waits for a lock waits longer than a session that froze may hold it.
  const idleMs = Math.max(SHORTEST_IDLE_MS, Math.min(IDLE_MS, Math.floor(limitMs * 0.6)));
  for (let attempt = 1; ; attempt++) {
    let isSent = false;
    try {
      // Read-write by name: a role, or its database, may be read-only by default.
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
      await session.query('ROLLBACK').catch(() => {}); // If the session is broken, the next BEGIN says so.
      if (!isOvertaken(error) || attempt === MOST_TRIES) {
        throw isRotationError(error) ? error : toFailure(error, doing, target);
      }
      await sleep(Math.random() * 25 * attempt, undefined, { signal: context.signal });
    }
  }
}

/**
 * Whether another attempt at the very same was faster. The codes alone say less: a password check, or any fault inside the
 * server, may fail with them, again and again.
 */
function isOvertaken(error: unknown): boolean {
  const { code, message } = errorParts(error);
  const { schema, routine }: Partial<ServerError> = error instanceof Error ? error : {};
  switch (code) {
    case 'XX000':
      // Which the server does not translate.
      return /^tuple concurrently (?:updated|deleted)$/.test(message);
    case '23505':
      // Two roles of one name, or two equal grants.
      return schema === 'pg_catalog';
    case '42710':
      return routine === 'CreateRole';
    default:
      return code === '40P01';
  }
}

/** What a server adds to an error, and where in its source it comes from. */
interface ServerError extends Error {
  readonly schema?: string;
  readonly routine?: string;
}

/** Whether a failed COMMIT is certain to have changed nothing: the server said so, or pg did not even send it. */
function isRolledBack(error: unknown): boolean {
  const code = codeOf(error);
  return (
    ROLLED_BACK.test(code) || (code === '' && error instanceof Error && /not queryable/.test(error.message))
  );
}

function unknownOutcome(doing: string, target: PostgresSecret): RotationError {
  return new RotationError(
    'ERR_OUTCOME_UNKNOWN',
    `${placeName(target)} did not answer the COMMIT with which "${target.username}" was to ${doing}: the server may have made the ` +
      'change, or may still make it',
    {
      hint:
        'leave AWSPENDING where it is: the next attempt finds out which password works. If this repeats, look in ' +
        'pg_stat_activity for sessions whose application_name is quarterturn. The wait_event SyncRep means that COMMIT waits ' +
        'for a synchronous standby: bring the standby back, or take it out of synchronous_standby_names',
    },
  );
}
