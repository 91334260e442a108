import { RotationError, type Versions } from '../../src/index.js';
import { type AdministratorsStep, throughAdministrator } from './administrator.js';
import { locked, logInWithAny } from './candidates.js';
import { orDropPending } from './drop-pending.js';
import type { DatabaseServer, Engine, Wanted, Witness } from './engine.js';
import type { DatabaseSecret } from './secret.js';
import type { DatabaseSession } from './session.js';

/** What setSecret of a single user works with. */
interface SingleUsersStep<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>
  extends AdministratorsStep<Secret, Session, Facts> {
  readonly kind: Engine<Secret, Session, Facts>;
  readonly server: DatabaseServer<Secret, Session, Facts>;
  /** The users whose lost password may be reset. */
  readonly mayReset: readonly string[];
}

/**
 * setSecret of a single user: one of the secret's versions logs in, which proves whose the user is, and then it, or the
 * administrator, sets the password. Loaded when it is called: a cold start does without.
 */
export async function setPassword<
  Secret extends DatabaseSecret,
  Session extends DatabaseSession<Secret>,
  Facts,
>(versions: Versions<Secret>, step: SingleUsersStep<Secret, Session, Facts>): Promise<void> {
  const { kind, server, connections, context } = step;
  const { pending, current } = versions;
  const found = await logInWithAny(versions, connections, context);
  if (found === 'rejected') {
    const otherwise = await locked(versions, kind.rejectionHint, context);
    return resetPassword(pending, otherwise, step);
  }
  const { session, isCurrent, inconclusive } = found;
  try {
    // It may be right, and is to be kept then: what is declared without it would end it.
    if (kind.keeps === 2 && inconclusive) throw inconclusive;
    const user = { session, facts: await server.facts(session) };
    await setWithProof(user, { pending, current: kind.keeps === 2 && isCurrent ? current : undefined }, step);
  } catch (error) {
    throw isCurrent ? orDropPending(error, context) : error;
  } finally {
    await session.end();
  }
}

async function setWithProof<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>(
  user: Witness<Session, Facts>,
  wanted: Wanted<Secret>,
  step: SingleUsersStep<Secret, Session, Facts>,
): Promise<void> {
  const { server } = step;
  const { pending } = wanted;
  if (!hasAdministrator(pending)) {
    await server.setOwn(user, wanted, step);
    return;
  }
  const errand = { pending, users: [pending.username], witness: user.session };
  await throughAdministrator(errand, step, (administrator) =>
    server.setFor(administrator, { ...wanted, user }, step),
  );
}

/**
 * Sets a password that nobody has proved to know: only for users that the function itself names, and that are nobody's
 * superiors.
 *
 * @throws RotationError `otherwise`, unless it may
 */
async function resetPassword<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>(
  pending: Secret,
  otherwise: RotationError,
  step: SingleUsersStep<Secret, Session, Facts>,
): Promise<void> {
  const { server, mayReset } = step;
  const { username } = pending;
  if (!hasAdministrator(pending)) throw otherwise;
  const errand = { pending, users: [username], witness: undefined };
  await throughAdministrator(errand, step, async (administrator) => {
    const rank = await server.rankOf(username, administrator);
    if (!mayReset.includes(username)) {
      throw new RotationError(otherwise.code, otherwise.message, {
        hint: `${otherwise.hint}; or name the user in the function’s option \`mayReset\`, and the administrator sets it`,
      });
    }
    if (rank !== undefined) {
      throw new RotationError('ERR_RIGHTS_MISSING', `the lost password of "${username}" is not reset`, {
        hint: `it ${rank}: set it by hand`,
      });
    }
    return server.setFor(administrator, { pending, current: undefined, user: undefined }, step);
  });
}

function hasAdministrator<Secret extends DatabaseSecret>(
  secret: Secret,
): secret is Secret & { readonly masterarn: string } {
  return secret.masterarn !== undefined;
}
