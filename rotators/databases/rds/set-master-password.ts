import { setTimeout as sleep } from 'node:timers/promises';
import {
  isRotationError,
  RotationError,
  type StepContext,
  type Verdict,
  type Versions,
} from '../../../src/index.js';
import type { DatabaseSecret } from '../secret.js';
import type { DatabaseSession } from '../session.js';
import { askForPassword } from './ask-for-password.js';
import { type Database, findDatabase } from './database.js';
import type { EngineInRds, Identifiers } from './engine-in-rds.js';

/** Statuses in which RDS takes a new password and has applied the last one. `storage-optimization` may last for days. */
const READY = ['available', 'storage-optimization'];

interface Means<Secret extends DatabaseSecret> {
  readonly engine: Pick<
    EngineInRds<Secret, DatabaseSession<Secret>>,
    'product' | 'engines' | 'passwords' | 'lookFor' | 'forOtherUsers'
  >;
  tryIn(secret: Secret, context: StepContext): Promise<Verdict | RotationError>;
  readonly pollMs: number;
  /** Whether changes that wait for a cluster's maintenance window may be applied with the password. */
  readonly appliesPending: boolean;
}

/**
 * Runs setSecret of a master user. Logins decide how far the rotation is: the statuses of RDS lag behind, and do not show
 * other attempts. Loaded on demand, to keep cold starts short.
 */
export async function setMasterPassword<Secret extends DatabaseSecret>(
  { pending, current }: Versions<Secret & Identifiers>,
  { engine, tryIn, pollMs, appliesPending }: Means<Secret>,
  context: StepContext,
): Promise<void> {
  let isAsked = false;
  for (;;) {
    const database = await findDatabase(pending, engine, context);
    if (READY.includes(database.status) && !database.isChanging) {
      // AWSCURRENT first: on the normal path no login is refused.
      const byCurrent = isAsked ? 'rejected' : await tryIn(current, context);
      const byPending = byCurrent === 'accepted' ? 'rejected' : await tryIn(pending, context);
      if (byPending === 'accepted') return;
      // Neither works: the master user is locked out. A new password from RDS lets it in again.
      if (!isAsked) {
        const inconclusive = [byCurrent, byPending].find(isRotationError);
        if (inconclusive) throw inconclusive;
        assertAppliesNothingElse(database, appliesPending);
        // The last moment: RDS has no call that withdraws a request.
        if ((await context.confirm()) === 'current') return;
        isAsked = await askForPassword(database, pending.password, engine.passwords, context);
      }
    }
    await pause(database, engine.lookFor, pollMs, context);
  }
}

/** A cluster applies everything that waits with a password, such as an upgrade with an outage; a DB instance does not. */
function assertAppliesNothingElse({ kind, name, pending }: Database, appliesPending: boolean): void {
  if (kind === 'instance' || pending.length === 0 || appliesPending) return;
  throw new RotationError(
    'ERR_SERVICE_FAILED',
    `${name} has changes that wait for its maintenance window (${pending.join(', ')}), and a new password would apply them now`,
    {
      hint:
        'nothing was changed. Wait for the window, or apply the changes yourself at a time that suits (ModifyDBCluster with ' +
        'ApplyImmediately), then rotate again. Or let the rotation apply them, with the option `appliesPending: true`',
    },
  );
}

async function pause(
  { name, status }: Database,
  lookFor: string,
  pollMs: number,
  context: StepContext,
): Promise<void> {
  // One second more for the calls after the pause: the deadline must not cut them off.
  if (context.leftMs < pollMs + 1000) {
    throw new RotationError('ERR_SERVICE_TIMEOUT', `${name} does not have the new password yet (${status})`, {
      hint:
        'nothing is lost: the next attempt continues from here. Give the function a timeout of five minutes. If the status ' +
        `does not change, repair the database. If it is available, look for ${lookFor}`,
    });
  }
  await sleep(pollMs, undefined, { signal: context.signal });
}
