import { RotationError, type StepContext, type Versions } from '../../../src/index.js';
import { orDropPending } from '../../databases/drop-pending.js';
import type { Pair } from '../../databases/pairs.js';
import { logInAsAdministrator } from '../administrator.js';
import type { Connections } from '../connections.js';
import { untilReplicated } from '../password/replica.js';
import { storedFormOf } from '../password/stored-form.js';
import { inTransaction } from '../password/transaction.js';
import { type PostgresSecret, placeName } from '../secret.js';
import { serverFacts, verifierFor } from '../server.js';
import { giveTurn } from './change-user.js';

type Secret = PostgresSecret & { readonly masterarn: string };

/** setSecret of two users that take turns. Loaded when it is called: a cold start does without. */
export async function setSecret(
  { pending, current }: Versions<Secret>,
  pair: Pair,
  connections: Connections,
  context: StepContext,
): Promise<void> {
  if (pending.username !== pair.other) {
    throw new RotationError(
      'ERR_PENDING_MISMATCH',
      `AWSPENDING is for "${pending.username}", and the alternate of "${current.username}" is "${pair.other}"`,
      {
        hint: 'find out who wrote AWSPENDING, or whether the option `pairs` has changed; remove its label and rotate again',
      },
    );
  }
  const verifier = await proveAndPrepare(current, pending, connections, context);
  const users = [pair.original, pair.clone];
  const { session, facts, target, isForReplica } = await logInAsAdministrator(
    current,
    users,
    connections,
    context,
  );
  let end: 'changed' | 'let go';
  try {
    const { version, actsAs } = facts;
    const doing = `make "${pending.username}" ready`;
    const transaction = { session, target, doing, limitMs: connections.limitMs(context), context };
    end = await inTransaction(transaction, () =>
      giveTurn({ session, version, actsAs, pair, verifier, context }),
    );
  } catch (error) {
    // AWSCURRENT has just logged in, and is not touched.
    throw orDropPending(error, context);
  } finally {
    await session.end();
  }
  if (isForReplica && end === 'changed') await untilReplicated(pending, connections, context);
}

/** AWSCURRENT must be able to log in: whoever may write the secret could name any user in it. */
async function proveAndPrepare(
  current: Secret,
  pending: Secret,
  connections: Connections,
  context: StepContext,
): Promise<string> {
  const session = await connections.logIn(current, context);
  if (session === 'rejected') {
    throw new RotationError(
      'ERR_CREDENTIAL_REJECTED',
      `${placeName(current)} refused "${current.username}" of AWSCURRENT, so nothing was changed`,
      {
        hint: 'store the password that works as AWSCURRENT with PutSecretValue, or set this one as an administrator',
      },
    );
  }
  try {
    const facts = await serverFacts(session, current);
    // MD5 only if both have it now. A new clone gets what the original has: its clients know no more, perhaps. The iterations
    // of SCRAM are those of AWSCURRENT at least: a pair must not get weaker turn by turn.
    const ofOther = facts.isMd5 && session.form === 'md5';
    const stored = ofOther ? await storedFormOf(pending, session, connections, context) : undefined;
    return await verifierFor(pending, { facts, target: current }, stored ?? session, context);
  } finally {
    await session.end();
  }
}
