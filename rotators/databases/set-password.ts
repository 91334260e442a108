import { RotationError, type Versions } from '../../src/index.js';
import { type AdministratorsStep, throughAdministrator } from './administrator.js';
import { locked, logInWithAny } from './candidates.js';
import { orDropPending } from './drop-pending.js';
import type { DatabaseServer, Engine, Wanted, Witness } from './engine.js';
import type { DatabaseSecret } from './secret.js';
import type { DatabaseSession } from './session.js';

/** The step of a single user's setSecret. */
interface SingleUsersStep<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>
  extends AdministratorsStep<Secret, Session, Facts> {
  readonly kind: Engine<Secret, Session, Facts>;
  readonly server: DatabaseServer<Secret, Session, Facts>;
  /** Users whose lost password may be reset. */
  readonly mayReset: readonly string[];
}

/**
 * Runs setSecret of a single user. One of the secret's versions logs in, which proves that the user is the secret's. Then
 * the user itself, or the administrator, sets the password. Loaded on demand, to keep cold starts short.
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
    // AWSCURRENT may still be right, and a declaration without it would end it.
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
 * Sets a password that nobody has proved to know. Only for users that `mayReset` names and that are not privileged.
 *
 * @throws RotationError `otherwise` for all other users
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
        hint:
          `${otherwise.hint}. Or name the user in the function’s option \`mayReset\`: the administrator then sets the password, ` +
          'and anyone who can write this secret can take the user over',
      });
    }
    if (rank !== undefined) {
      throw new RotationError('ERR_RIGHTS_MISSING', `the lost password of "${username}" was not reset`, {
        hint: `"${username}" ${rank}: set its password by hand`,
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
