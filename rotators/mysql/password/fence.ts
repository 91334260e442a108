import { createHash } from 'node:crypto';
import { errorParts, isRotationError, RotationError, type StepContext } from '../../../src/index.js';
import type { Ending } from '../../databases/engine.js';
import { placeName } from '../../databases/secret.js';
import type { Session } from '../account.js';
import { errnoOf, toFailure } from '../failures.js';

/**
 * How long the server waits for us while we hold the lock: longer than the look at the labels takes. A function that freezes
 * keeps nobody waiting for longer, and what it sends later meets a dead session.
 */
const IDLE_SECONDS = 3;

/** What is changed, for messages. */
export interface Change {
  readonly username: string;
  /** As in "could not … as". */
  readonly doing: string;
}

/**
 * Makes a change while it holds a lock that keeps every other attempt at this user's password out. The labels are looked at
 * in between: what has come too late is not sent. A declaration may be repeated, but not after a later one.
 *
 * The lock ends with the session, and the server ends the session soon if nothing comes. So a statement that is held back on its
 * way finds no session any more, and what waits on the server itself still holds the lock.
 *
 * @param change sends statements in the session; none of them is to be repeated by anybody else
 * @throws RotationError for what the server refuses, `ERR_OUTCOME_UNKNOWN` if it did not answer; one that `change` throws is
 *   passed on
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
 * Likewise for a change that depends on what is there: `look` asks for it once the lock is held, and returns the change. The labels
 * are looked at in between.
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
    // A server, or its init_connect, may have sessions begin otherwise.
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
  // Whoever waits for a lock waits longer than a session that froze may hold it.
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
        'nothing was changed. Most likely another attempt is at it, and the next one finds it done. If this repeats: ' +
        `SELECT IS_USED_LOCK('${name}') tells which session it is, and SHOW PROCESSLIST what it waits for`,
    },
  );
}

/** Names of locks have at most 64 characters, of which case does not count. */
function lockName(username: string): string {
  return `quarterturn:${createHash('sha256').update(username).digest('hex').slice(0, 48)}`;
}

/** What a change may wait for: less than we do. */
function waitLimits({ flavour, limitMs }: Session): string {
  const seconds = atLeastOne(limitMs() / 2000);
  return flavour === 'mariadb' ? `max_statement_time = ${seconds}` : `lock_wait_timeout = ${seconds}`;
}

function atLeastOne(seconds: number): number {
  return Math.max(1, Math.floor(seconds));
}

/** Whether the connection broke, or the time was up, before the server said anything. */
function isUnanswered(error: unknown): boolean {
  return errnoOf(error) === undefined && errorParts(error).code !== '';
}

function unknownOutcome(doing: string, { target: { username }, place }: Session): RotationError {
  return new RotationError(
    'ERR_OUTCOME_UNKNOWN',
    `${placeName(place)} did not answer the statement with which "${username}" was to ${doing}: the server may have made the ` +
      'change, or may still make it',
    {
      hint:
        'leave AWSPENDING where it is: the next attempt declares the same again. If this repeats, look with SHOW FULL ' +
        'PROCESSLIST for what such a statement waits for: a backup, or a session that has locked the tables of users',
    },
  );
}
