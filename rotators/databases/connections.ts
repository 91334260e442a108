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

/** Options of every rotator for databases. */
export interface DatabaseOptions<Secret extends DatabaseSecret> {
  /**
   * Policy of generated passwords.
   *
   * @default 32 characters that need no quoting, narrowed by the variables of AWS's functions (EXCLUDE_CHARACTERS …)
   */
  readonly password?: PasswordPolicy;
  /** Certificate authorities to trust, in PEM. @default Node's, and those of RDS in Lambda */
  readonly ca?: string | readonly string[];
  /** Client certificate, for a server that wants one in addition to the password. */
  readonly clientCertificate?: ClientCertificate;
  /**
   * Returns where to connect for a secret, also for an administrator's. Use it if the secret's `host` is a proxy or a
   * reader, or if the function does not reach the server by that name. Fields left out are as in the secret.
   */
  readonly connectTo?: (secret: Omit<Secret, 'password'>) => Endpoint;
  /**
   * Set this if the function connects through a connection pooler that asks the server for a user's password at each
   * login. Never set it for a pooler that stores passwords itself: that one would refuse every client after a rotation.
   *
   * @default the environment variable POOLER_ASKS_SERVER (`true` or `false`), else `false`: a rotation through a pooler fails
   */
  readonly poolerAsksServer?: boolean;
  /**
   * Set this to `false` if your own proxy terminates TLS between the function and the server. The proof of a password is
   * then not bound to the server's certificate, and anyone at that point could use the session.
   *
   * @default the environment variable CHANNEL_BINDING (`true` or `false`), else `true`
   */
  readonly channelBinding?: boolean;
  /** Longest time for a login or a statement, in milliseconds. @default 10000, and at most half of the step's remaining time */
  readonly timeoutMs?: number;
}

/** Logs in to servers, as {@link DatabaseOptions} say. */
export interface Connections<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>> {
  /**
   * Logs in as an application would.
   *
   * @throws RotationError if the server did not say whether it takes the password
   */
  logIn(secret: Secret, context: StepContext): Promise<Session | 'rejected'>;
  /** Like `logIn`, but returns the error of an inconclusive login: another password may be tried then. */
  attempt(secret: Secret, context: StepContext): Promise<Session | 'rejected' | RotationError>;
  /**
   * Logs in, and asks whose session it is: a pooler may let a client in before it reaches the server.
   *
   * @throws RotationError if the server did not say whether it takes the password
   */
  tryOut(secret: Secret, context: StepContext): Promise<Verdict>;
  /** Like `tryOut`, but returns the error of an inconclusive login. */
  tryIn(secret: Secret, context: StepContext): Promise<Verdict | RotationError>;
  /** Host and port to connect to for a secret. Secrets with the same host and port are for the same server. */
  placeOf(secret: Secret): Place;
  /** Returns the options that an engine logs in with. */
  loginOptions(secret: Secret, context: StepContext): LoginOptions;
  readonly poolerAsksServer: boolean;
}

/**
 * Returns the logins and the password generator that the options describe. The engine's driver is loaded at the first
 * login, to keep cold starts short.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password can meet the policy
 * @throws TypeError if any other option is invalid
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
    // Half of the remaining time: a call that takes too long leaves time for the next one, and to report it.
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
    throw new TypeError('ca must be certificates in PEM, not file paths');
  }
  if (clientCertificate && !belongTogether(clientCertificate)) {
    throw new TypeError('clientCertificate must be a certificate and its private key, in PEM');
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 900_000) {
    throw new TypeError('timeoutMs must be a whole number of milliseconds, from 1 to 900000');
  }
}

function belongTogether({ cert, key }: ClientCertificate): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false; // OpenSSL's message may describe the private key: do not repeat it.
  }
}

/** @throws TypeError if the variable is set to anything but `true` or `false` */
function switchFrom(environment: NodeJS.ProcessEnv, name: string, otherwise: boolean): boolean {
  const value = environment[name]?.trim().toLowerCase() ?? '';
  if (value === '') return otherwise;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new TypeError(`the environment variable ${name} must be true or false`);
}
