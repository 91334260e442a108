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
import { poolerInTheWay, toFailure } from './failures.js';
import type { PostgresSecret } from './secret.js';
import type { ServerFacts } from './server.js';
import {
  type Endpoint,
  formAskedOf,
  type LoginOptions,
  login,
  type PasswordForm,
  type Session,
} from './session.js';
import { identityColumns, isPgpool, wayOf } from './way.js';

/** What all rotators for PostgreSQL can be told. */
export interface PostgresOptions {
  /** @default 32 characters that need no quoting, narrowed by the variables of AWS's functions (EXCLUDE_CHARACTERS …) */
  readonly password?: PasswordPolicy;
  /** Certificate authorities, PEM. @default Node's, and those of RDS in Lambda */
  readonly ca?: string | readonly string[];
  /** For a server that wants a certificate besides the password (`clientcert` in pg_hba.conf). */
  readonly clientCertificate?: ClientCertificate;
  /**
   * Where to connect for a secret, an administrator's too, if its host is not the one to change the password at, or
   * cannot be reached from here by that name: it names a proxy, a reader, or another name of the server.
   */
  readonly connectTo?: (secret: Omit<PostgresSecret, 'password'>) => Endpoint;
  /**
   * Set this if a connection pooler stands between the function and the server, and asks the server for a user's password
   * at each login, as PgBouncer does with auth_query. One that keeps passwords of its own would lock everybody out.
   *
   * @default the environment variable POOLER_ASKS_SERVER, `true` or `false`; else false: a pooler in the way is refused
   */
  readonly poolerAsksServer?: boolean;
  /** How long a login, or a statement, may take, in milliseconds. @default 10000, and never longer than the step */
  readonly timeoutMs?: number;
}

/** The way to the servers, as the options have it. */
export interface Connections {
  /**
   * Logs in as an application would.
   *
   * @throws RotationError if the server did not say whether it takes the password
   */
  logIn(secret: PostgresSecret, context: StepContext): Promise<Session | 'rejected'>;
  /** Likewise, but returns the error of a login that was inconclusive: then another password may be tried. */
  attempt(secret: PostgresSecret, context: StepContext): Promise<Session | 'rejected' | RotationError>;
  /** How the server asks for a user's password, found out without sending one. */
  formOf(secret: PostgresSecret, context: StepContext): Promise<PasswordForm | undefined>;
  /**
   * Must be asked before a password is changed in a session.
   *
   * @throws RotationError `ERR_POOLER_IN_THE_WAY` if a pooler may keep the password that is to be changed
   */
  assertReachesServer(session: Session, facts: ServerFacts, target: PostgresSecret): Promise<void>;
  /**
   * Logs in, and asks whose session it is: a pooler may let a client in before it has reached the server.
   *
   * @throws RotationError if the server did not say whether it takes the password
   */
  tryOut(secret: PostgresSecret, context: StepContext): Promise<Verdict>;
  /** Likewise, but returns the error of a login that was inconclusive. */
  tryIn(secret: PostgresSecret, context: StepContext): Promise<Verdict | RotationError>;
  /** Where a secret leads: two that lead to the same place are of the same server. */
  placeOf(secret: PostgresSecret): { readonly host: string; readonly port: number };
  /** How long a statement may take now, in milliseconds. */
  limitMs(context: StepContext): number;
}

/**
 * Reads the options.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
 */
export function readOptions(options: PostgresOptions): Connections & { readonly makePassword: () => string } {
  const { ca, clientCertificate, connectTo = () => ({}), timeoutMs = 10_000 } = options;
  const { poolerAsksServer = switchFrom(process.env, 'POOLER_ASKS_SERVER') } = options;
  if (ca !== undefined && ![ca].flat().every((pem) => pem.includes('-----BEGIN CERTIFICATE-----'))) {
    throw new TypeError('ca must be certificates in PEM, not the paths of files');
  }
  if (clientCertificate) assertUsable(clientCertificate);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 900_000) {
    throw new TypeError('timeoutMs must be a whole number of milliseconds, from 1 to 900000');
  }
  const endpointOf = ({ password: _, ...rest }: PostgresSecret): Endpoint => connectTo(rest);
  const limitMs = ({ leftMs }: StepContext): number => Math.max(1, Math.floor(Math.min(timeoutMs, leftMs)));
  const loginOptions = (secret: PostgresSecret, context: StepContext): LoginOptions => ({
    ca,
    clientCertificate,
    endpoint: endpointOf(secret),
    timeoutMs: limitMs(context),
    signal: context.signal,
  });
  const attempt: Connections['attempt'] = (secret, context) => login(secret, loginOptions(secret, context));
  const logIn: Connections['logIn'] = async (secret, context) => {
    const found = await attempt(secret, context);
    if (isRotationError(found)) throw found;
    return found;
  };
  return {
    makePassword: passwordSource(options.password ?? passwordPolicyFrom(process.env)),
    limitMs,
    logIn,
    attempt,
    formOf: (secret, context) => formAskedOf(secret, loginOptions(secret, context)),
    async assertReachesServer(session, { way }, target) {
      if (poolerAsksServer) return;
      const place = { ...target, ...endpointOf(target) };
      const isPooler =
        way === 'pooler' ||
        isRdsProxy(place.host) ||
        (way === 'unknown' && (await isPgpool(session, target)));
      if (isPooler) throw poolerInTheWay(place, 'another process');
    },
    async tryOut(secret, context) {
      const session = await logIn(secret, context);
      return session === 'rejected' ? 'rejected' : ask(session, secret);
    },
    async tryIn(secret, context) {
      const session = await attempt(secret, context);
      return session === 'rejected' || isRotationError(session) ? session : ask(session, secret);
    },
    placeOf(secret) {
      const { host = secret.host, port = secret.port } = endpointOf(secret);
      return { host: host.toLowerCase(), port };
    },
  };
}

/** By its name: what it says of its processes is not documented. */
function isRdsProxy(host: string): boolean {
  return /\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com(?:\.cn)?$/i.test(host);
}

/** @throws TypeError if the variable is set to anything but `true` or `false` */
function switchFrom(environment: NodeJS.ProcessEnv, name: string): boolean {
  const value = environment[name]?.trim().toLowerCase() ?? '';
  if (value === 'true') return true;
  if (value === 'false' || value === '') return false;
  throw new TypeError(`the environment variable ${name} must be true or false`);
}

async function ask(session: Session, target: PostgresSecret): Promise<Verdict> {
  try {
    const [row] = await session.query(`SELECT ${identityColumns(session, target)}`);
    wayOf(row, session, target);
    return 'accepted';
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask whose session it is', target);
  } finally {
    await session.end();
  }
}

function assertUsable(certificate: ClientCertificate): void {
  if (belongTogether(certificate)) return;
  throw new TypeError('clientCertificate must be a certificate and the key that belongs to it, in PEM');
}

function belongTogether({ cert, key }: ClientCertificate): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false; // Whatever OpenSSL says of a private key is better not repeated.
  }
}
