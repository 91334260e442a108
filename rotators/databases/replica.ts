import { setTimeout as sleep } from 'node:timers/promises';
import { isRotationError, RotationError, type StepContext, type Verdict } from '../../src/index.js';
import type { DatabaseStep, HasArrived } from './engine.js';
import { type DatabaseSecret, placeName } from './secret.js';
import type { DatabaseSession } from './session.js';

/** Pause between two questions that need no login. */
const ASK_MS = 250;
/** Pauses before a login: one that comes too early is refused. */
const PAUSES_MS = { first: 300, second: 1000, longest: 8000, only: 3000 } as const;
/** Time for a last look and for reporting its failure. */
const MARGIN_MS = 2000;

/** The change to wait for. */
interface Arrival<Secret> {
  readonly pending: Secret;
  /** The version that the replica took right before the change. */
  readonly accepted: Secret | undefined;
  /** Whether the replica may lock the user after some refused logins in a row. */
  readonly isCounted: boolean;
  /** Asks the replica itself; `undefined` if only a login shows it. */
  readonly hasArrived: HasArrived | undefined;
}

/**
 * Waits until a replica takes the password that was set at its primary: applications log in there, and so does testSecret.
 *
 * A server may lock a user after some refused logins in a row. So an accepted login follows each refused one, and resets
 * the count. If no password of this user is known to work, it makes one login only.
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
 * Logs in with AWSPENDING. If the replica refuses it, logs in with `accepted`, which resets the server's count.
 *
 * @throws RotationError if the replica refuses both
 */
async function look<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  pending: Secret,
  accepted: Secret | undefined,
  { connections: { tryIn, tryOut }, context }: DatabaseStep<Secret, Session>,
): Promise<Verdict | RotationError> {
  const verdict = await tryIn(pending, context);
  if (verdict !== 'rejected' || !accepted) return verdict;
  if ((await tryOut(accepted, context)) === 'accepted') return 'rejected';
  // The change arrived in between, and ended that password.
  if ((await tryOut(pending, context)) === 'accepted') return 'accepted';
  throw new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    `${placeName(pending)} is a replica, and refuses both AWSPENDING and the password that it took before the change`,
    {
      hint:
        'the change was made at the primary, but somebody may have changed the password since. Find out who. The next ' +
        'attempt sets it again',
    },
  );
}

function late(pending: DatabaseSecret): RotationError {
  return new RotationError(
    'ERR_SERVICE_TIMEOUT',
    `${placeName(pending)} is a replica, and does not yet take the password that was set at its primary`,
    { hint: 'check the replication lag. The next attempt continues from here' },
  );
}
