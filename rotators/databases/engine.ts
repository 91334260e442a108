import type { StepContext } from '../../src/index.js';
import type { Connections } from './connections.js';
import type { Pair, UserNames } from './pairs.js';
import type { DatabaseSecret } from './secret.js';
import type { DatabaseSession, Logins } from './session.js';

/** What a kind of database is called, and what its secrets are. */
export interface Kind<Secret extends DatabaseSecret> {
  /** For messages: `PostgreSQL`. */
  readonly product: string;
  /** What `engine` of a secret, and RDS, call it. */
  readonly engines: readonly string[];
  /** The fields of a secret that are not secret. */
  readonly shows: readonly (keyof Secret & string)[];
  parse(json: Readonly<Record<string, unknown>>): Secret;
}

/**
 * A kind of database, as a rotator for a single user sees it: everything but the order in which it is done. Most of it is
 * loaded at the first login.
 */
export interface Engine<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>
  extends Kind<Secret> {
  /** The rotator's name. */
  readonly name: string;
  /** What else, with this engine, looks like a refused password. */
  readonly rejectionHint: string;
  /**
   * How many passwords the server holds for a user after an administrator has set one. With 2, applications that still
   * hold AWSCURRENT log in until the next rotation: what is rotated overlaps.
   */
  readonly keeps: 1 | 2;
  server(): Promise<DatabaseServer<Secret, Session, Facts>>;
}

/** What a rotator for a single user does with a server. */
export interface DatabaseServer<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>
  extends Logins<Secret, Session> {
  /** What the server says of itself, and of the session's user: version, account, whether it is read-only. */
  facts(session: Session): Promise<Facts>;
  /**
   * Of an engine whose servers count refused logins and then lock the user: finds a way to see without a login when a replica
   * has taken a change. Called before the change.
   *
   * @param pending whose user is changed: `replica` may be a session of another
   * @param sessions `source`: the one that is about to make the change; `replica`: one at the replica
   * @returns `undefined` if refused logins do the user no harm
   * @throws RotationError if nothing but a login would tell, and could lock the user
   */
  watch?(
    pending: Secret,
    sessions: { readonly source: Session; readonly replica: Session },
  ): Promise<ReplicaWatch | undefined>;
  /**
   * Sets the password of the session's own user, by itself. As `setFor` does, it first asks whether a password can be
   * changed there, and asks `confirm()` at the last moment.
   *
   * @throws RotationError
   */
  setOwn(
    user: Witness<Session, Facts>,
    wanted: Wanted<Secret>,
    step: DatabaseStep<Secret, Session>,
  ): Promise<Ending>;
  /**
   * Sets the password of another user, as an administrator.
   *
   * @param wanted `user`: what the user's own session says, in which one of the secret's versions has logged in; none if
   *   a lost password is reset
   * @throws RotationError
   */
  setFor(
    administrator: Witness<Session, Facts>,
    wanted: Wanted<Secret> & { readonly user: Witness<Session, Facts> | undefined },
    step: DatabaseStep<Secret, Session>,
  ): Promise<Ending>;
  /**
   * What makes a user a superior, as in "it is …", with the verb; `undefined` if it is none. Asked before a lost password
   * is reset, which nobody has proved to know.
   *
   * @throws RotationError `ERR_USER_MISSING`
   */
  rankOf(username: string, administrator: Witness<Session, Facts>): Promise<string | undefined>;
}

/** What the server is to take from now on, and nothing else. */
export interface Wanted<Secret extends DatabaseSecret> {
  readonly pending: Secret;
  /**
   * The version that is to be taken besides, of an engine that keeps two passwords: AWSCURRENT, if it has just logged in.
   * One that the server refuses is not made valid again.
   */
  readonly current: Secret | undefined;
}

/** `'let go'`: nothing was changed, since another attempt had finished this rotation. */
export type Ending = 'changed' | 'let go';

/**
 * Called after a change, while the session that made it is open.
 *
 * @returns what asks the replica whether it has taken the change; `undefined` if only a login tells
 */
export type ReplicaWatch = () => Promise<HasArrived | undefined>;

export type HasArrived = () => Promise<boolean>;

/** A session, and what the server says in it. */
export interface Witness<Session, Facts> {
  readonly session: Session;
  readonly facts: Facts;
}

/** The way to the servers, and what the engine tells of the step. */
export interface DatabaseStep<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>> {
  readonly connections: Connections<Secret, Session>;
  readonly context: StepContext;
}

/** A kind of database, as a rotator for alternating users sees it. Most of it is loaded at the first login. */
export interface AlternatingEngine<
  Secret extends DatabaseSecret,
  Session extends DatabaseSession<Secret>,
  Facts,
  Prepared,
> extends Kind<Secret> {
  /** The rotator's name. */
  readonly name: string;
  /** What else, with this engine, looks like a refused password. */
  readonly rejectionHint: string;
  readonly userNames: UserNames;
  turns(): Promise<Turns<Secret, Session, Facts, Prepared>>;
}

/** How two users of a server take turns. */
export interface Turns<
  Secret extends DatabaseSecret,
  Session extends DatabaseSession<Secret>,
  Facts,
  Prepared,
> extends Logins<Secret, Session>,
    Pick<DatabaseServer<Secret, Session, Facts>, 'facts' | 'watch'> {
  /**
   * Asks, in a session of either user, whether applications can do with it what they can with the other's. Called by
   * testSecret.
   *
   * @throws RotationError if they cannot
   */
  prove(session: Session, pair: Pair, context: StepContext): Promise<void>;
  /**
   * What else giveTurn needs, as far as AWSCURRENT's session can tell.
   *
   * @throws RotationError
   */
  prepare(
    current: Witness<Session, Facts>,
    pending: Secret,
    step: DatabaseStep<Secret, Session>,
  ): Promise<Prepared>;
  /**
   * Gives the next turn to the pair's other user: makes it, if it is the clone and not there yet, sets its password, and
   * makes the clone what the original is. The user whose turn it is still is never touched. Asks `confirm()` at the last
   * moment.
   *
   * @throws RotationError
   */
  giveTurn(
    administrator: Witness<Session, Facts>,
    turn: Turn<Prepared>,
    step: DatabaseStep<Secret, Session>,
  ): Promise<Ending>;
}

export interface Turn<Prepared> {
  readonly pair: Pair;
  readonly prepared: Prepared;
}
