import { RotationError, type Rotator, type StepContext, text, type Versions } from '../../../src/index.js';
import { logInAsAdministrator } from '../administrator.js';
import { orDropPending } from '../drop-pending.js';
import { type PostgresOptions, readOptions } from '../options.js';
import { untilReplicated } from '../replica.js';
import { type PostgresSecret, parseSecret, placeName, SHOWS } from '../secret.js';
import { type StoredForm, serverFacts, verifierFor } from '../server.js';
import type { Session } from '../session.js';
import { inTransaction } from '../transaction.js';
import { identityOf } from './identity.js';
import { pairFinder } from './pairs.js';
import { giveTurn } from './turn.js';

/** The JSON of the secrets that AWS's "multi user" function uses. */
export interface AlternatingUsersSecret extends PostgresSecret {
  readonly masterarn: string;
}

export interface AlternatingUsersOptions extends PostgresOptions {
  /**
   * Which users take turns: the original, and its clone.
   *
   * @default `app` and `app_clone`, as in AWS's function
   */
  readonly pairs?: Readonly<Record<string, string>>;
}

/**
 * Rotates between two users, so that what applications hold stays valid for a whole interval: the administrator that
 * `masterarn` names sets the password of the one that is not in use. The clone is made when it is first needed, and
 * kept like the original at each of its turns; its sessions act as the original, which owns what either creates.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
 */
export function alternatingUsers(
  options: AlternatingUsersOptions = {},
): Rotator<AlternatingUsersSecret, 'username' | 'password'> {
  const { makePassword, ...connections } = readOptions(options);
  const pairOf = pairFinder(options.pairs ?? {});

  return {
    name: 'postgres-alternating-users',
    rotates: ['username', 'password'],
    shows: SHOWS,
    rejectionHint:
      'a role that does not exist, or whose VALID UNTIL has passed, is refused like one with a wrong password',
    parse: (json) => ({ ...parseSecret(json), masterarn: text(json, 'masterarn') }),
    createSecret: ({ username }) => ({ username: pairOf(username).other, password: makePassword() }),
    setSecret,
    testSecret,
  };

  async function setSecret(
    { pending, current }: Versions<AlternatingUsersSecret>,
    context: StepContext,
  ): Promise<void> {
    const pair = pairOf(current.username);
    if (pending.username !== pair.other) {
      throw new RotationError(
        'ERR_PENDING_MISMATCH',
        `AWSPENDING is for "${pending.username}", and the alternate of "${current.username}" is "${pair.other}"`,
        {
          hint: 'find out who wrote AWSPENDING, or whether the option `pairs` has changed; remove its label and rotate again',
        },
      );
    }
    const verifier = await proveAndPrepare(current, pending, context);
    const users = [pair.original, pair.clone];
    const { session, facts, target, isForReplica } = await logInAsAdministrator(
      current,
      users,
      connections,
      context,
    );
    try {
      const { version, actsAs } = facts;
      const doing = `make "${pending.username}" ready`;
      const change = { session, target, doing, limitMs: connections.limitMs(context), context };
      await inTransaction(change, () => giveTurn({ session, version, actsAs, pair, verifier, context }));
    } catch (error) {
      // AWSCURRENT has just logged in, and is not touched.
      throw orDropPending(error, context);
    } finally {
      await session.end();
    }
    if (isForReplica) await untilReplicated(pending, connections, context);
  }

  /** AWSCURRENT must be able to log in: whoever may write the secret could name any user in it. */
  async function proveAndPrepare(
    current: AlternatingUsersSecret,
    pending: AlternatingUsersSecret,
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
      // MD5 only if both have it now. A new clone gets what the original has: its clients know no more, perhaps.
      const stored = async (): Promise<StoredForm> =>
        session.form === 'md5' && (await exists(pending.username, session))
          ? { form: await connections.formOf(pending, context) }
          : { form: session.form };
      return await verifierFor(pending, { facts, target: current }, stored, context);
    } finally {
      await session.end();
    }
  }

  async function testSecret(
    pending: AlternatingUsersSecret,
    context: StepContext,
  ): Promise<'accepted' | 'rejected'> {
    const session = await connections.logIn(pending, context);
    if (session === 'rejected') return 'rejected';
    try {
      await assertActsAsOriginal(session, pending, context);
      return 'accepted';
    } finally {
      await session.end();
    }
  }

  /** A login whose grant was revoked succeeds, and silently stays itself. */
  async function assertActsAsOriginal(
    session: Session,
    pending: AlternatingUsersSecret,
    context: StepContext,
  ): Promise<void> {
    const { username } = pending;
    const { original } = pairOf(username);
    const { actsAs, setTo, mayActAsOriginal } = await identityOf(session, original, pending);
    if (actsAs === (setTo ?? original)) return;
    // A clone of AWS's making, whose turn has not come, or that owns what the original could not use.
    if (setTo === undefined && mayActAsOriginal) {
      return context.warn(`sessions of "${username}" act as "${actsAs}", not as "${original}"`);
    }
    const expected = setTo ?? original;
    const grant = `GRANT ${session.escapeIdentifier(expected)} TO ${session.escapeIdentifier(username)}`;
    throw new RotationError(
      'ERR_RIGHTS_MISSING',
      `sessions of "${username}" act as "${actsAs}", not as "${expected}"`,
      { hint: grant },
    );
  }
}

async function exists(role: string, session: Session): Promise<boolean> {
  const [row] = await session.query(
    `SELECT FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) ${session.escapeLiteral(role)}`,
  );
  return row !== undefined;
}
