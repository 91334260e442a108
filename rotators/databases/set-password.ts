import type { StepContext, Versions } from '../../src/index.js';
import { orDropPending } from '../databases/drop-pending.js';
import { locked, logInWithAny } from './candidates.js';
import type { Connections } from './connections.js';
import { resetPassword, setPassword } from './password/set.js';
import type { PostgresSecret } from './secret.js';

/** setSecret of a single user. Loaded when it is called: a cold start does without. */
export async function setSecret(
  versions: Versions<PostgresSecret>,
  mayReset: readonly string[],
  connections: Connections,
  context: StepContext,
): Promise<void> {
  const { pending } = versions;
  const found = await logInWithAny(versions, connections, context);
  if (found === 'rejected') {
    const otherwise = await locked(versions, context);
    return resetPassword(pending, { mayReset, otherwise }, connections, context);
  }
  const { session, isCurrent } = found;
  try {
    await setPassword(pending, session, connections, context);
  } catch (error) {
    throw isCurrent ? orDropPending(error, context) : error;
  } finally {
    await session.end();
  }
}
