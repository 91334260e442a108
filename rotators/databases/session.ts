import type { ClientCertificate, RotationError } from '../../src/index.js';
import type { DatabaseSecret } from './secret.js';

/** Where to connect instead of the secret's host and port. Fields left out are as in the secret. */
export interface Endpoint {
  /** Host name, IP address, or path of a Unix socket: it begins with `/`, and TLS is not used there. */
  readonly host?: string;
  /** TCP port. @default the secret's */
  readonly port?: number;
  /** Name that the server's certificate must be for. @default the host that is connected to */
  readonly servername?: string;
}

/** Host and port to connect to for a secret. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** Name that the server's certificate must be for, if not `host`. */
  readonly servername: string | undefined;
}

/** Everything that a login needs in addition to the secret. */
export interface LoginOptions {
  readonly place: Place;
  /** Certificate authorities, in PEM; `undefined`: the defaults of `tlsContext()`. */
  readonly ca: string | readonly string[] | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  /** Whether to bind the proof of a password to the server's certificate, where the server can. */
  readonly channelBinding: boolean;
  /** Returns how long a login or a statement may take if it begins now, in milliseconds. */
  limitMs(): number;
  /** Aborts when the step's time is up. */
  readonly signal: AbortSignal;
}

/** A session with a server that asked for the password and took it. */
export interface DatabaseSession<Secret extends DatabaseSecret>
  extends Pick<LoginOptions, 'place' | 'limitMs' | 'signal'> {
  /** The secret that logged in. */
  readonly target: Secret;
  end(): Promise<void>;
}

/** Logins of an engine. */
export interface Logins<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>> {
  /**
   * Logs in as an application would.
   *
   * @returns `'rejected'` only if the server refused the password; a RotationError if the answer was inconclusive, and
   *   another password might still work
   * @throws RotationError for a failure that no other password would change, and `ERR_CREDENTIAL_UNPROVEN` if the server
   *   lets the user in without asking for a password
   */
  logIn(secret: Secret, options: LoginOptions): Promise<Session | 'rejected' | RotationError>;
  /**
   * Asks the server whose session it is.
   *
   * @throws RotationError if it is not the target's session, or if the server does not answer
   */
  ask(session: Session): Promise<void>;
}
