import { RotationError, type StepContext } from '../../src/index.js';
import { type Administrator, logInAsAdministrator } from './administrator.js';
import { userMissing } from './failures.js';
import type { Connections } from './options.js';
import { untilReplicated } from './replica.js';
import { asAdministrator, readRights } from './rights.js';
import type { PostgresSecret } from './secret.js';
import { assertChangeable, serverFacts, verifierFor } from './server.js';
import type { Session } from './session.js';
import { inTransaction } from './transaction.js';

/** Sets the password of the session's own user: by itself, or, if the secret names one, through the administrator. */
export async function setPassword(
  pending: PostgresSecret,
  session: Session,
  connections: Connections,
  context: StepContext,
): Promise<void> {
  const facts = await serverFacts(session, pending);
  const { masterarn } = pending;
  if (masterarn === undefined) assertChangeable(facts, pending);
  const verifier = await verifierFor(pending, { session, facts, target: pending }, context);
  if (masterarn !== undefined) {
    return withAdministrator({ ...pending, masterarn }, connections, context, (administrator) =>
      change(pending, administrator, verifier, connections, context),
    );
  }
  const sql = `ALTER ROLE ${session.escapeIdentifier(pending.username)} PASSWORD ${session.escapeLiteral(verifier)}`;
  const doing = 'change the password';
  await inTransaction(
    { session, target: pending, doing, limitMs: connections.limitMs(context), context },
    () => session.query(sql),
  );
}

/**
 * Sets a password that nobody has proved to know: only for users that the function itself names, and that are nobody's
 * superiors.
 *
 * @throws RotationError `otherwise`, unless it may
 */
export async function resetPassword(
  pending: PostgresSecret,
  { mayReset, otherwise }: { readonly mayReset: readonly string[]; readonly otherwise: RotationError },
  connections: Connections,
  context: StepContext,
): Promise<void> {
  const { username, masterarn } = pending;
  if (masterarn === undefined) throw otherwise;
  await withAdministrator({ ...pending, masterarn }, connections, context, async (administrator) => {
    const rank = await inTransaction(changeBy(administrator, username, connections, context), () =>
      rankOf(username, administrator),
    );
    if (rank === 'missing') throw userMissing(username);
    if (!mayReset.includes(username)) {
      throw new RotationError(otherwise.code, otherwise.message, {
        hint: `${otherwise.hint}; or name the user in the function’s option \`mayReset\`, and the administrator sets it`,
      });
    }
    if (rank === 'superior') {
      throw new RotationError('ERR_RIGHTS_MISSING', `the lost password of "${username}" is not reset`, {
        hint: 'it is, or is a member of, a superuser, a role with CREATEROLE or rds_superuser: set it by hand',
      });
    }
    await change(
      pending,
      administrator,
      await verifierFor(pending, administrator, context),
      connections,
      context,
    );
  });
}

async function withAdministrator(
  secret: PostgresSecret & { readonly masterarn: string },
  connections: Connections,
  context: StepContext,
  work: (administrator: Administrator) => Promise<void>,
): Promise<void> {
  const administrator = await logInAsAdministrator(secret, [secret.username], connections, context);
  await work(administrator).finally(() => administrator.session.end());
  if (administrator.isForReplica) await untilReplicated(secret, connections, context);
}

function change(
  { username }: PostgresSecret,
  administrator: Administrator,
  verifier: string,
  connections: Connections,
  context: StepContext,
): Promise<void> {
  const { session } = administrator;
  const sql = `ALTER ROLE ${session.escapeIdentifier(username)} PASSWORD ${session.escapeLiteral(verifier)}`;
  return inTransaction(changeBy(administrator, username, connections, context), async () => {
    const rights = await readRights(session, [username]);
    await asAdministrator(session, rights, {
      sql,
      doing: `change the password of "${username}"`,
      role: username,
    });
  });
}

function changeBy(
  { session, target }: Administrator,
  username: string,
  connections: Connections,
  context: StepContext,
) {
  const doing = `change the password of "${username}"`;
  return { session, target, doing, limitMs: connections.limitMs(context), context };
}

/** Whether a role, or one that it can act as, could do more than use the database. */
async function rankOf(
  username: string,
  { session }: Administrator,
): Promise<'missing' | 'superior' | 'ordinary'> {
  const [row] = await session.query(
    'SELECT EXISTS (SELECT FROM pg_roles above WHERE (above.rolsuper OR above.rolcreaterole ' +
      "OR above.rolname = 'rds_superuser') AND pg_has_role(role.oid, above.oid, 'MEMBER')) AS is_superior " +
      `FROM pg_roles role WHERE role.rolname = ${session.escapeLiteral(username)}`,
  );
  if (!row) return 'missing';
  return row.is_superior === true ? 'superior' : 'ordinary';
}
