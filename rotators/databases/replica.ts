import { setTimeout as sleep } from 'node:timers/promises';
import { isRotationError, RotationError, type StepContext, type Verdict } from '../../src/index.js';
import type { DatabaseStep, HasArrived } from './engine.js';
import { type DatabaseSecret, placeName } from './secret.js';
import type { DatabaseSession } from './session.js';

/** Between two questions that need no login. */
const ASK_MS = 250;
/** Before a login: each that comes too early is refused. */
const PAUSES_MS = { first: 300, second: 1000, longest: 8000, only: 3000 } as const;
/** What a last look, and saying that it was in vain, may take. */
const MARGIN_MS = 2000;

/** What is waited for. */
interface Arrival<Secret> {
  readonly pending: Secret;
  /** What the replica took right before the change. */
  readonly accepted: Secret | undefined;
  /** Whether the replica may lock the user after some refused logins in a row. */
  readonly isCounted: boolean;
  /** Asks the replica itself; absent if only a login tells. */
  readonly hasArrived: HasArrived | undefined;
}

/**
 * Waits until a replica takes a password that was set at its primary: applications log in there, and so does testSecret.
 * A server may lock a user after some refused logins in a row. So each refused one is followed by an accepted one, which starts
 * the count anew; where no password of this user is known to be accepted, one login is made and no more.
 *
 * @throws RotationError `ERR_SERVICE_TIMEOUT` shortly before the step's time is up, or after that one login
 */
export async function untilReplicated<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  { pending, accepted, isCounted, hasArrived }: Arrival<Secret>,
  step: DatabaseStep<Secret, Session>,
): Promise<void> {
  const { context } = step;
  const own = accepted?.username === pending.username ? accepted : undefined;
  const isOnly = isCounted && !own;
  let pauseMs: number = hasArrived ? 0 : isOnly ? PAUSES_MS.only : PAUSES_MS.first;
  for (;;) {
    await pause(pauseMs, context);
    while (hasArrived && !(await hasArrived())) {
      if (context.leftMs <= MARGIN_MS) throw late(pending);
      await pause(ASK_MS, context);
    }
    const verdict = await look(pending, own, step);
    if (verdict === 'accepted') return;
    if (isOnly || context.leftMs <= MARGIN_MS) throw isRotationError(verdict) ? verdict : late(pending);
    pauseMs = Math.min(Math.max(2 * pauseMs, PAUSES_MS.second), PAUSES_MS.longest);
  }
}

/** Leaves time for a last look. */
async function pause(pauseMs: number, { leftMs, signal }: StepContext): Promise<void> {
  await sleep(Math.max(0, Math.min(pauseMs, leftMs - MARGIN_MS)), undefined, { signal });
}

/**
 * Logs in with AWSPENDING. If that is refused, the server is made to begin its count anew, by what it takes.
 *
 * @throws RotationError if it takes neither
 */
async function look<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  pending: Secret,
  accepted: Secret | undefined,
  { connections: { tryIn, tryOut }, context }: DatabaseStep<Secret, Session>,
): Promise<Verdict | RotationError> {
  const verdict = await tryIn(pending, context);
  if (verdict !== 'rejected' || !accepted) return verdict;
  if ((await tryOut(accepted, context)) === 'accepted') return 'rejected';
  // The change has come in between, and has ended that password.
  if ((await tryOut(pending, context)) === 'accepted') return 'accepted';
  throw new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    `${placeName(pending)} is a replica, and refuses both AWSPENDING and what it took before the change`,
    {
      hint:
        'the change was made at its primary. Somebody else may have changed the password since: look who does. The next ' +
        'attempt sets it again',
    },
  );
}

function late(pending: DatabaseSecret): RotationError {
  return new RotationError(
    'ERR_SERVICE_TIMEOUT',
    `${placeName(pending)} is a replica, and does not take yet what was set at its primary`,
    { hint: 'look at how far it lags behind; the next attempt goes on from here' },
  );
}
