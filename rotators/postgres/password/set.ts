import type { Ending, Wanted } from '../../databases/engine.js';
import { assertChangeable, type Step, type Witness } from '../facts.js';
import type { PostgresSecret } from '../secret.js';
import type { Session } from '../session.js';
import { asAdministrator, readRights } from './rights.js';
import { storedFormOf, UNKNOWN_FORM, verifierFor } from './stored-form.js';
import { inTransaction } from './transaction.js';

/** Lets the session's user set its own password. */
export async function setOwn(
  user: Witness,
  { pending }: Wanted<PostgresSecret>,
  step: Step,
): Promise<Ending> {
  await assertChangeable(user, step);
  const { session } = user;
  const verifier = await verifierFor(pending, user, session, step.context);
  return inTransaction(session, 'change the password', step.context, () =>
    session.query(alterRole(session, pending.username, verifier)),
  );
}

/** Sets the password of a role as an administrator, in the form that the server holds now. */
export async function setFor(
  administrator: Witness,
  { pending, user }: Wanted<PostgresSecret> & { readonly user: Witness | undefined },
  step: Step,
): Promise<Ending> {
  await assertChangeable(administrator, step);
  const { session, facts } = administrator;
  const { username } = pending;
  // Before the transaction, which must wait only for the server.
  const verifier = await (user
    ? verifierFor(pending, user, user.session, step.context)
    : verifierOfLost(pending, administrator, step));
  const doing = `change the password of "${username}"`;
  return inTransaction(session, doing, step.context, async () => {
    const rights = await readRights(session, facts.version, [username]);
    const sql = alterRole(session, username, verifier);
    await asAdministrator(session, rights, { sql, doing, role: username });
  });
}

async function verifierOfLost(pending: PostgresSecret, administrator: Witness, step: Step): Promise<string> {
  const { session, facts } = administrator;
  const stored = facts.isMd5 ? await storedFormOf(pending, session, step) : undefined;
  return verifierFor(pending, administrator, stored ?? UNKNOWN_FORM, step.context);
}

function alterRole(session: Session, username: string, verifier: string): string {
  return `ALTER ROLE ${session.escapeIdentifier(username)} PASSWORD ${session.escapeLiteral(verifier)}`;
}
