import { setTimeout as sleep } from 'node:timers/promises';
import { isRotationError, RotationError } from '../../src/index.js';
import type { DatabaseStep } from './engine.js';
import { type DatabaseSecret, placeName } from './secret.js';
import type { DatabaseSession } from './session.js';

const POLL_MS = 250;
/** What a last look, and saying that it was in vain, may take. */
const MARGIN_MS = 2000;

/**
 * Waits until a replica takes a password that was set at its primary: applications log in there, and so does testSecret.
 *
 * @throws RotationError `ERR_SERVICE_TIMEOUT` shortly before the step's time is up
 */
export async function untilReplicated<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  pending: Secret,
  { connections: { tryIn }, context }: DatabaseStep<Secret, Session>,
): Promise<void> {
  for (;;) {
    const verdict = await tryIn(pending, context);
    if (verdict === 'accepted') return;
    if (context.leftMs < MARGIN_MS) {
      if (isRotationError(verdict)) throw verdict;
      throw new RotationError(
        'ERR_SERVICE_TIMEOUT',
        `${placeName(pending)} is a replica, and does not take yet what was set at its primary`,
        { hint: 'look at how far it lags behind; the next attempt goes on from here' },
      );
    }
    await sleep(POLL_MS, undefined, { signal: context.signal });
  }
}
