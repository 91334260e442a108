import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  type ClientCertificate,
  isRotationError,
  type PasswordPolicy,
  passwordPolicyFrom,
  passwordSource,
  type RotationError,
  type StepContext,
  type Verdict,
} from '../../src/index.js';
import type { DatabaseSecret } from './secret.js';
import type { DatabaseSession, Endpoint, LoginOptions, Logins, Place } from './session.js';

/** What all rotators for databases can be told. */
export interface DatabaseOptions<Secret extends DatabaseSecret> {
  /** @default 32 characters that need no quoting, narrowed by the variables of AWS's functions (EXCLUDE_CHARACTERS …) */
  readonly password?: PasswordPolicy;
  /** Certificate authorities, PEM. @default Node's, and those of RDS in Lambda */
  readonly ca?: string | readonly string[];
  /** For a server that wants a certificate besides the password. */
  readonly clientCertificate?: ClientCertificate;
  /**
   * Where to connect for a secret, an administrator's too, if its host is not the one to change the password at, or
   * cannot be reached from here by that name: it names a proxy, a reader, or another name of the server.
   */
  readonly connectTo?: (secret: Omit<Secret, 'password'>) => Endpoint;
  /**
   * Set this if a connection pooler stands between the function and the server, and asks the server for a user's password
   * at each login. One that keeps passwords of its own would lock everybody out.
   *
   * @default the environment variable POOLER_ASKS_SERVER, `true` or `false`; else false: a pooler in the way is refused
   */
  readonly poolerAsksServer?: boolean;
  /**
   * Set this to false if a proxy that ends TLS stands between the function and the server, so that the two see different
   * certificates: the proof of a password is then not bound to one. Whoever stands there could use the session.
   *
   * @default the environment variable CHANNEL_BINDING, `true` or `false`; else true
   */
  readonly channelBinding?: boolean;
  /** How long a login, or a statement, may take, in milliseconds. @default 10000, and at most half of what is left of the step */
  readonly timeoutMs?: number;
}

/** The way to the servers, as the options have it. */
export interface Connections<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>> {
  /**
   * Logs in as an application would.
   *
   * @throws RotationError if the server did not say whether it takes the password
   */
  logIn(secret: Secret, context: StepContext): Promise<Session | 'rejected'>;
  /** Likewise, but returns the error of a login that was inconclusive: then another password may be tried. */
  attempt(secret: Secret, context: StepContext): Promise<Session | 'rejected' | RotationError>;
  /**
   * Logs in, and asks whose session it is: a pooler may let a client in before it has reached the server.
   *
   * @throws RotationError if the server did not say whether it takes the password
   */
  tryOut(secret: Secret, context: StepContext): Promise<Verdict>;
  /** Likewise, but returns the error of a login that was inconclusive. */
  tryIn(secret: Secret, context: StepContext): Promise<Verdict | RotationError>;
  /** Where a secret leads: two that lead to the same host and port are of the same server. */
  placeOf(secret: Secret): Place;
  /** What an engine logs in with. */
  loginOptions(secret: Secret, context: StepContext): LoginOptions;
  readonly poolerAsksServer: boolean;
}

/**
 * Reads the options. How the engine is logged in to is loaded at the first login: a cold start does without.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
 */
export function connectionsOf<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  options: DatabaseOptions<Secret>,
  load: () => Promise<Logins<Secret, Session>>,
): Connections<Secret, Session> & { readonly makePassword: () => string } {
  assertPossible(options);
  const { ca, clientCertificate, timeoutMs = 10_000 } = options;
  const { poolerAsksServer = switchFrom(process.env, 'POOLER_ASKS_SERVER', false) } = options;
  const { channelBinding = switchFrom(process.env, 'CHANNEL_BINDING', true) } = options;
  const placeOf = (secret: Secret): Place => {
    const { password: _, ...rest } = secret;
    const { host = secret.host, port = secret.port, servername } = options.connectTo?.(rest) ?? {};
    return { host, port, servername };
  };
  const loginOptions = (secret: Secret, context: StepContext): LoginOptions => ({
    place: placeOf(secret),
    ca,
    clientCertificate,
    channelBinding,
    // Half of what is left: whatever takes too long leaves time for what comes next, and to say so.
    limitMs: () => Math.max(1, Math.floor(Math.min(timeoutMs, context.leftMs / 2))),
    signal: context.signal,
  });
  const attempt = async (secret: Secret, context: StepContext) =>
    (await load()).logIn(secret, loginOptions(secret, context));
  const tryIn = async (secret: Secret, context: StepContext): Promise<Verdict | RotationError> => {
    const session = await attempt(secret, context);
    return session === 'rejected' || isRotationError(session) ? session : verdictIn(session, await load());
  };
  return {
    makePassword: passwordSource(options.password ?? passwordPolicyFrom(process.env)),
    logIn: async (secret, context) => orThrow(await attempt(secret, context)),
    attempt,
    tryOut: async (secret, context) => orThrow(await tryIn(secret, context)),
    tryIn,
    placeOf,
    loginOptions,
    poolerAsksServer,
  };
}

function orThrow<T>(found: T | RotationError): T {
  if (isRotationError(found)) throw found;
  return found;
}

async function verdictIn<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>>(
  session: Session,
  { ask }: Logins<Secret, Session>,
): Promise<Verdict> {
  try {
    await ask(session);
    return 'accepted';
  } finally {
    await session.end();
  }
}

function assertPossible<Secret extends DatabaseSecret>(options: DatabaseOptions<Secret>): void {
  const { ca, clientCertificate, timeoutMs = 1 } = options;
  if (ca !== undefined && ![ca].flat().every((pem) => pem.includes('-----BEGIN CERTIFICATE-----'))) {
    throw new TypeError('ca must be certificates in PEM, not the paths of files');
  }
  if (clientCertificate && !belongTogether(clientCertificate)) {
    throw new TypeError('clientCertificate must be a certificate and the key that belongs to it, in PEM');
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 900_000) {
    throw new TypeError('timeoutMs must be a whole number of milliseconds, from 1 to 900000');
  }
}

function belongTogether({ cert, key }: ClientCertificate): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false; // Whatever OpenSSL says of a private key is better not repeated.
  }
}

/** @throws TypeError if the variable is set to anything but `true` or `false` */
function switchFrom(environment: NodeJS.ProcessEnv, name: string, otherwise: boolean): boolean {
  const value = environment[name]?.trim().toLowerCase() ?? '';
  if (value === '') return otherwise;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new TypeError(`the environment variable ${name} must be true or false`);
}
