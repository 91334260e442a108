import type { StepContext } from '../../src/index.js';
import type { Connections } from './connections.js';
import type { Pair, UserNames } from './pairs.js';
import type { DatabaseSecret } from './secret.js';
import type { DatabaseSession, Logins } from './session.js';

/** A kind of database: its names, and the JSON of its secrets. */
export interface Kind<Secret extends DatabaseSecret> {
  /** Name for messages: `PostgreSQL`. */
  readonly product: string;
  /** Names that RDS and the field `engine` of a secret use. */
  readonly engines: readonly string[];
  /** Fields of a secret that messages may show. */
  readonly shows: readonly (keyof Secret & string)[];
  parse(json: Readonly<Record<string, unknown>>): Secret;
}

/**
 * A kind of database, as a rotator for a single user sees it: all operations, but not their order. Most of it is loaded at
 * the first login.
 */
export interface Engine<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>
  extends Kind<Secret> {
  /** The rotator's name. */
  readonly name: string;
  /** What else, with this engine, looks like a refused password. */
  readonly rejectionHint: string;
  /**
   * Number of passwords that the server holds for a user after an administrator has set one. With 2, applications that
   * still hold AWSCURRENT log in until the next rotation.
   */
  readonly keeps: 1 | 2;
  server(): Promise<DatabaseServer<Secret, Session, Facts>>;
}

/** Operations of a rotator for a single user on a server. */
export interface DatabaseServer<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>
  extends Logins<Secret, Session> {
  /** Asks the server about itself and the session's user: version, account, whether it is read-only. */
  facts(session: Session): Promise<Facts>;
  /**
   * Finds a way to see, without a login, when a replica has applied a change. Called before the change. Only for engines
   * whose servers count refused logins and then lock the user.
   *
   * @param pending the version whose user is changed; `replica` may be another user's session
   * @param sessions `source`: the session that will make the change; `replica`: a session at the replica
   * @returns `undefined` if refused logins do not harm the user
   * @throws RotationError if only a login shows it, and could lock the user
   */
  watch?(
    pending: Secret,
    sessions: { readonly source: Session; readonly replica: Session },
  ): Promise<ReplicaWatch | undefined>;
  /**
   * Lets the session's user set its own password. Like `setFor`, it first checks that a password can be changed there, and
   * calls `confirm()` at the last moment.
   *
   * @throws RotationError if the password was not changed, or the outcome is unknown
   */
  setOwn(
    user: Witness<Session, Facts>,
    wanted: Wanted<Secret>,
    step: DatabaseStep<Secret, Session>,
  ): Promise<Ending>;
  /**
   * Sets the password of another user, as an administrator.
   *
   * @param wanted `user`: the user's own session, in which a version of the secret logged in; `undefined` when a lost
   *   password is reset
   * @throws RotationError if the password was not changed, or the outcome is unknown
   */
  setFor(
    administrator: Witness<Session, Facts>,
    wanted: Wanted<Secret> & { readonly user: Witness<Session, Facts> | undefined },
    step: DatabaseStep<Secret, Session>,
  ): Promise<Ending>;
  /**
   * Returns why a user is privileged, beginning with the verb ("is a …"); `undefined` if it is not. Called before a lost
   * password is reset: nobody has proved to know that one.
   *
   * @throws RotationError `ERR_USER_MISSING` if the user does not exist
   */
  rankOf(username: string, administrator: Witness<Session, Facts>): Promise<string | undefined>;
}

/** The passwords that the server takes from now on. It takes no others. */
export interface Wanted<Secret extends DatabaseSecret> {
  readonly pending: Secret;
  /**
   * The second password of an engine that keeps two: AWSCURRENT, if it has just logged in. A password that the server
   * refuses is never made valid again.
   */
  readonly current: Secret | undefined;
}

/** `'let go'`: nothing was changed, because another attempt has finished this rotation. */
export type Ending = 'changed' | 'let go';

/**
 * Called after a change, while the session that made it is open.
 *
 * @returns a function that asks the replica whether it has applied the change; `undefined` if only a login shows it
 */
export type ReplicaWatch = () => Promise<HasArrived | undefined>;

export type HasArrived = () => Promise<boolean>;

/** A session, and what the server told in it. */
export interface Witness<Session, Facts> {
  readonly session: Session;
  readonly facts: Facts;
}

/** Logins to the servers, and the step's context. */
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
   * Checks, in a session of either user, that applications can do the same with it as with the other user's. Called by
   * testSecret.
   *
   * @throws RotationError if they can do less
   */
  prove(session: Session, pair: Pair, context: StepContext): Promise<void>;
  /**
   * Collects what `giveTurn` needs from AWSCURRENT's session.
   *
   * @throws RotationError if the users cannot take turns there
   */
  prepare(
    current: Witness<Session, Facts>,
    pending: Secret,
    step: DatabaseStep<Secret, Session>,
  ): Promise<Prepared>;
  /**
   * Gives the next turn to the pair's other user: creates the clone if it does not exist, sets the password, and gives the
   * clone the original's settings. Never touches the user that is in use. Calls `confirm()` at the last moment.
   *
   * @throws RotationError if the turn was not given, or the outcome is unknown
   */
  giveTurn(
    administrator: Witness<Session, Facts>,
    turn: Turn<Prepared>,
    step: DatabaseStep<Secret, Session>,
  ): Promise<Ending>;
}

/** The pair whose turn is given, and what `prepare` returned. */
export interface Turn<Prepared> {
  readonly pair: Pair;
  readonly prepared: Prepared;
}
