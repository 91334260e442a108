import { createHash } from 'node:crypto';
import { errorParts, isRotationError, RotationError, type StepContext } from '../../../src/index.js';
import type { Ending } from '../../databases/engine.js';
import { placeName } from '../../databases/secret.js';
import type { Session } from '../account.js';
import { errnoOf, toFailure } from '../failures.js';

/**
 * How long the server waits for the function while it holds the lock: longer than the look at the labels takes. If the function
 * freezes, others wait no longer than this, and its later statements meet a dead session.
 */
const IDLE_SECONDS = 3;

/** A change, for messages. */
export interface Change {
  readonly username: string;
  /** The action, as in "could not … as". */
  readonly doing: string;
}

/**
 * Makes a change under a lock that keeps out every other attempt at this user's password. Looks at the labels under the lock,
 * and sends nothing if the change comes too late. A declaration may be repeated, but never after a later one.
 *
 * The lock ends with the session, and the server soon ends a silent session. So a delayed statement finds no session, and one
 * that waits on the server still holds the lock.
 *
 * @param change sends statements in the session; nobody else may repeat them
 * @throws RotationError if the server refuses, and `ERR_OUTCOME_UNKNOWN` if it does not answer; passes on the one that `change`
 *   throws
 */
export function underLock(
  session: Session,
  target: Change,
  context: StepContext,
  change: () => Promise<unknown>,
): Promise<Ending> {
  return lookUnderLock(session, target, context, async () => change);
}

/**
 * Like {@link underLock}, for a change that depends on the present state. `look` reads the state under the lock, and returns the
 * change. Looks at the labels in between.
 */
export async function lookUnderLock(
  session: Session,
  { username, doing }: Change,
  context: StepContext,
  look: () => Promise<() => Promise<unknown>>,
): Promise<Ending> {
  let isSent = false;
  try {
    await lock(session, username);
    // The server, or its init_connect, may make sessions read-only.
    await session.query('SET SESSION TRANSACTION READ WRITE');
    await session.query(`SET SESSION ${waitLimits(session)}`);
    const change = await look();
    if ((await context.confirm()) === 'current') return 'let go';
    session.assertOpen();
    isSent = true;
    await change();
    return 'changed';
  } catch (error) {
    if (isRotationError(error)) throw error;
    throw isSent && isUnanswered(error) ? unknownOutcome(doing, session) : toFailure(error, doing, session);
  }
}

async function lock(session: Session, username: string): Promise<void> {
  const limitMs = session.limitMs();
  // Wait longer for the lock than a frozen session can hold it.
  const idle = atLeastOne(Math.min(IDLE_SECONDS, (limitMs * 0.6) / 1000));
  const wait = atLeastOne((limitMs * 0.8) / 1000);
  // MariaDB's GET_LOCK ends at max_statement_time, too.
  const isLimited = session.flavour === 'mariadb' ? `, max_statement_time = ${wait + 1}` : '';
  await session.query(`SET SESSION wait_timeout = ${idle}${isLimited}`);
  const name = lockName(username);
  const [row] = await session.query(`SELECT GET_LOCK('${name}', ${wait}) AS locked`);
  if (String(row?.locked) === '1') return;
  throw new RotationError(
    'ERR_SERVICE_TIMEOUT',
    `another session at ${placeName(session.place)} holds the lock for the password of "${username}"`,
    {
      hint:
        'nothing was changed. Most likely another attempt is making the change: wait for the next one. If this repeats, ' +
        `SELECT IS_USED_LOCK('${name}') shows the session, and SHOW PROCESSLIST what it waits for`,
    },
  );
}

/** Returns the lock's name. Names have at most 64 characters, and ignore case. */
function lockName(username: string): string {
  return `quarterturn:${createHash('sha256').update(username).digest('hex').slice(0, 48)}`;
}

/** Limits how long a change waits on the server: less than the function waits. */
function waitLimits({ flavour, limitMs }: Session): string {
  const seconds = atLeastOne(limitMs() / 2000);
  return flavour === 'mariadb' ? `max_statement_time = ${seconds}` : `lock_wait_timeout = ${seconds}`;
}

function atLeastOne(seconds: number): number {
  return Math.max(1, Math.floor(seconds));
}

/** Whether the connection broke, or the time was up, before the server answered. */
function isUnanswered(error: unknown): boolean {
  return errnoOf(error) === undefined && errorParts(error).code !== '';
}

function unknownOutcome(doing: string, { target: { username }, place }: Session): RotationError {
  return new RotationError(
    'ERR_OUTCOME_UNKNOWN',
    `${placeName(place)} did not answer when "${username}" tried to ${doing}: the server may have made the change, or may ` +
      'still make it',
    {
      hint:
        'leave AWSPENDING where it is: the next attempt makes the same change again. If this repeats, SHOW FULL PROCESSLIST ' +
        'shows what the statement waits for: a backup, or a session that has locked the tables of users',
    },
  );
}
