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

/** Statuses in which RDS takes a new password, and in which it has applied the last one. The second may last for days. */
const READY = ['available', 'storage-optimization'];

interface Means<Secret extends DatabaseSecret> {
  readonly engine: Pick<
    EngineInRds<Secret, DatabaseSession<Secret>>,
    'product' | 'engines' | 'passwords' | 'lookFor' | 'forOtherUsers'
  >;
  tryIn(secret: Secret, context: StepContext): Promise<Verdict | RotationError>;
  readonly pollMs: number;
  /** Whether what waits for a cluster's maintenance window may be applied with the password. */
  readonly appliesPending: boolean;
}

/**
 * setSecret of a master user. Logins, not the statuses of RDS, say where the rotation stands: they lag behind, and know of
 * no other attempt. Loaded when it is called: a cold start does without.
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
      // Neither works for a master user who is locked out. RDS lets it in again.
      if (!isAsked) {
        const inconclusive = [byCurrent, byPending].find(isRotationError);
        if (inconclusive) throw inconclusive;
        assertAppliesNothingElse(database, appliesPending);
        // The last moment: RDS knows no way to let go of what it was asked for.
        if ((await context.confirm()) === 'current') return;
        isAsked = await askForPassword(database, pending.password, engine.passwords, context);
      }
    }
    await pause(database, engine.lookFor, pollMs, context);
  }
}

/** A DB instance takes a password by itself, a cluster all that waits with it: an upgrade, with an outage. */
function assertAppliesNothingElse({ kind, name, pending }: Database, appliesPending: boolean): void {
  if (kind === 'instance' || pending.length === 0 || appliesPending) return;
  throw new RotationError(
    'ERR_SERVICE_FAILED',
    `${name} has changes that wait for its maintenance window (${pending.join(', ')}), and a new password would apply them now`,
    {
      hint:
        'nothing was changed. Wait for the window, or apply them yourself at a time that suits (ModifyDBCluster with ' +
        'ApplyImmediately), and rotate again; or let the rotation apply them, with the option `appliesPending: true`',
    },
  );
}

async function pause(
  { name, status }: Database,
  lookFor: string,
  pollMs: number,
  context: StepContext,
): Promise<void> {
  // A second is for what comes after it: it must not be cut off.
  if (context.leftMs < pollMs + 1000) {
    throw new RotationError('ERR_SERVICE_TIMEOUT', `${name} does not have the new password yet (${status})`, {
      hint:
        'nothing is lost: the next attempt goes on from here. Give the function a timeout of some minutes. If the ' +
        `status is not one that passes, see to the database; if it is ready, look for ${lookFor}`,
    });
  }
  await sleep(pollMs, undefined, { signal: context.signal });
}
