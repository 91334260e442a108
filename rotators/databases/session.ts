import type { ClientCertificate, RotationError } from '../../src/index.js';
import type { DatabaseSecret } from './secret.js';

/** Where to connect, if not where the secret says. What is absent is as the secret has it. */
export interface Endpoint {
  /** A name, an IPv4 or IPv6 address, or the folder of a Unix socket, which begins with `/` and does without TLS. */
  readonly host?: string;
  readonly port?: number;
  /** The name that the server's certificate must be for. @default the host that is connected to */
  readonly servername?: string;
}

/** Where a secret leads. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** The name that the server's certificate must be for, if it is not the host's. */
  readonly servername: string | undefined;
}

/** What a login is made with besides the secret. */
export interface LoginOptions {
  readonly place: Place;
  /** Certificate authorities, PEM; `undefined`: those that `tlsContext()` takes then. */
  readonly ca: string | readonly string[] | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  /** Whether the proof of a password is bound to the server's certificate, where that can be done. */
  readonly channelBinding: boolean;
  /** How long the login, or a statement in the session, may take if it begins now, in milliseconds. */
  limitMs(): number;
  /** Fires when the step's time is up: whatever waits ends then. */
  readonly signal: AbortSignal;
}

/** A session with a server, in which the server has asked for the password and has taken it. */
export interface DatabaseSession<Secret extends DatabaseSecret>
  extends Pick<LoginOptions, 'place' | 'limitMs' | 'signal'> {
  /** Whose session it is: the secret that has logged in. */
  readonly target: Secret;
  end(): Promise<void>;
}

/** How an engine is logged in to. */
export interface Logins<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>> {
  /**
   * Logs in as an application would.
   *
   * @returns `'rejected'` only if the server refused the password; a RotationError if it did not say whether it takes it,
   *   and another password might still work
   * @throws RotationError for what no other password would change, and `ERR_CREDENTIAL_UNPROVEN` if the server lets the
   *   user in without asking for one
   */
  logIn(secret: Secret, options: LoginOptions): Promise<Session | 'rejected' | RotationError>;
  /**
   * Asks whose session it is, as the server answers a statement.
   *
   * @throws RotationError if it is not that of its target, or if nobody answers
   */
  ask(session: Session): Promise<void>;
}
