import type { Ending, Turn, Turns } from '../../databases/engine.js';
import { assertChangeable, type ServerFacts, type Step, serverFacts, type Witness } from '../facts.js';
import { ask, logIn } from '../login.js';
import { storedFormOf, verifierFor } from '../password/stored-form.js';
import { inTransaction } from '../password/transaction.js';
import type { PostgresSecret } from '../secret.js';
import type { Session } from '../session.js';
import { prove } from './acting-role.js';
import { makeReady } from './change-user.js';
import type { UsersTurn } from './role.js';

/** Returns the operations on a server. Loaded at the first login, to keep cold starts short. */
export function turnsWith(
  options: Pick<UsersTurn, 'cloneMayDiffer'>,
): Turns<PostgresSecret, Session, ServerFacts, string> {
  return {
    logIn,
    ask,
    facts: serverFacts,
    prove,
    prepare: verifierOf,
    giveTurn: (administrator, turn, step) => giveTurn(administrator, turn, step, options),
  };
}

/**
 * Returns the verifier of the new password. It is MD5 only if both users have MD5 now; a new clone gets the original's form,
 * since its clients may support no other. SCRAM gets at least AWSCURRENT's iterations: a pair must not get weaker turn by turn.
 */
async function verifierOf(current: Witness, pending: PostgresSecret, step: Step): Promise<string> {
  const { session, facts } = current;
  const ofOther = facts.isMd5 && session.form === 'md5';
  const stored = ofOther ? await storedFormOf(pending, session, step) : undefined;
  return verifierFor(pending, current, stored ?? session, step.context);
}

async function giveTurn(
  administrator: Witness,
  { pair, prepared: verifier }: Turn<string>,
  step: Step,
  { cloneMayDiffer }: Pick<UsersTurn, 'cloneMayDiffer'>,
): Promise<Ending> {
  await assertChangeable(administrator, step);
  const { session, facts } = administrator;
  return inTransaction(session, `prepare "${pair.other}"`, step.context, () =>
    makeReady({ session, facts, pair, verifier, context: step.context, cloneMayDiffer }),
  );
}
