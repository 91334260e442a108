import { RotationError, type StepContext } from '../../../src/index.js';
import { type Administrator, logInAsAdministrator } from '../administrator.js';
import type { Connections } from '../connections.js';
import { userMissing } from '../failures.js';
import type { PostgresSecret } from '../secret.js';
import { assertChangeable, serverFacts, UNKNOWN_FORM, verifierFor } from '../server.js';
import type { Session } from '../session.js';
import { untilReplicated } from './replica.js';
import { asAdministrator, IS_SUPERIOR, readRights } from './rights.js';
import { storedFormOf } from './stored-form.js';
import { inTransaction } from './transaction.js';

/** Sets the password of the session's own user: by itself, or, if the secret names one, through the administrator. */
export async function setPassword(
  pending: PostgresSecret,
  session: Session,
  connections: Connections,
  context: StepContext,
): Promise<void> {
  const { masterarn } = pending;
  const facts = await serverFacts(session, pending);
  if (masterarn === undefined) {
    assertChangeable(facts, pending);
    await connections.assertReachesServer(session, facts, pending);
  }
  const verifier = await verifierFor(pending, { facts, target: pending }, session, context);
  if (masterarn === undefined) {
    const transaction = { session, target: pending, doing: 'change the password', context };
    await inTransaction({ ...transaction, limitMs: connections.limitMs(context) }, () =>
      session.query(alterRole(session, pending.username, verifier)),
    );
  } else {
    const by = { pending: { ...pending, masterarn }, connections, context };
    await throughAdministrator(by, (administrator) => setAsAdministrator(pending, administrator, verifier));
  }
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
  // Not in the transaction: it must not wait for anything but the server.
  let verifier = '';
  const prepare = async (administrator: Administrator): Promise<void> => {
    const { session, facts } = administrator;
    const stored = facts.isMd5 ? await storedFormOf(pending, session, connections, context) : undefined;
    verifier = await verifierFor(pending, administrator, stored ?? UNKNOWN_FORM, context);
  };
  await throughAdministrator(
    { pending: { ...pending, masterarn }, connections, context, prepare },
    async (administrator) => {
      const rank = await rankOf(username, administrator);
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
      await setAsAdministrator(pending, administrator, verifier);
    },
  );
}

interface ByAdministrator {
  readonly pending: PostgresSecret & { readonly masterarn: string };
  readonly connections: Connections;
  readonly context: StepContext;
  /** What is done before the transaction begins. */
  readonly prepare?: (administrator: Administrator) => Promise<void>;
}

/** Logs the administrator in, and does `work` in one transaction. */
async function throughAdministrator(
  { pending, connections, context, prepare }: ByAdministrator,
  work: (administrator: Administrator) => Promise<void>,
): Promise<void> {
  const { username } = pending;
  const administrator = await logInAsAdministrator(pending, [username], connections, context);
  const { session, target, isForReplica } = administrator;
  const doing = `change the password of "${username}"`;
  let end: 'changed' | 'let go';
  try {
    await prepare?.(administrator);
    const limitMs = connections.limitMs(context);
    end = await inTransaction({ session, target, doing, limitMs, context }, () => work(administrator));
  } finally {
    await session.end();
  }
  if (isForReplica && end === 'changed') await untilReplicated(pending, connections, context);
}

async function setAsAdministrator(
  { username }: PostgresSecret,
  { session, facts }: Administrator,
  verifier: string,
): Promise<void> {
  const rights = await readRights(session, facts.version, [username]);
  const sql = alterRole(session, username, verifier);
  await asAdministrator(session, rights, {
    sql,
    doing: `change the password of "${username}"`,
    role: username,
  });
}

function alterRole(session: Session, username: string, verifier: string): string {
  return `ALTER ROLE ${session.escapeIdentifier(username)} PASSWORD ${session.escapeLiteral(verifier)}`;
}

/** Whether a role, or one that it can act as, could do more than use the database. */
async function rankOf(
  username: string,
  { session }: Administrator,
): Promise<'missing' | 'superior' | 'ordinary'> {
  const [row] = await session.query(
    `SELECT EXISTS (SELECT FROM pg_roles above WHERE ${IS_SUPERIOR} AND ` +
      "pg_has_role(role.oid, above.oid, 'MEMBER')) AS is_superior " +
      `FROM pg_roles role WHERE role.rolname = ${session.escapeLiteral(username)}`,
  );
  if (!row) return 'missing';
  return row.is_superior === true ? 'superior' : 'ordinary';
}
