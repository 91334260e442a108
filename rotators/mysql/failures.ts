import {
  connectionFailure,
  errorParts,
  quoted,
  RotationError,
  type ServiceFailure,
} from '../../src/index.js';
import { placeName } from '../databases/secret.js';
import { LOGIN_ERRORS } from './login-errors.js';
import { MARIADB_BEHIND, STATEMENT_ERRORS } from './statement-errors.js';
import { NOT_IN_CLEAR } from './wire/auth-plugins.js';

/** The server's family. MariaDB began as MySQL, but has given some error numbers another meaning. */
export type Flavour = 'mysql' | 'mariadb';

/** Server and user of a session. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Database to choose; none if absent. */
  readonly dbname?: string | undefined;
}

/** A session that met an error, or what is known of it before it is open. */
interface Spoken {
  readonly target: Target;
  readonly flavour: Flavour;
}

export const LOGGING_IN = 'log in';

const UNREACHABLE =
  'check "host", "port" and the subnets’ routes. The database’s security group must let the function’s in';

/** mysql2's own errors. */
const DRIVER: Readonly<Record<string, ServiceFailure>> = {
  PROTOCOL_CONNECTION_LOST: ['ERR_SERVICE_UNREACHABLE', 'closed the connection', UNREACHABLE],
  HANDSHAKE_NO_SSL_SUPPORT: [
    'ERR_TLS_NOT_OFFERED',
    'offers no TLS',
    'turn TLS on at the server. `"ssl": false` in the secret goes without TLS, ' +
      'but then anyone on the network path can read everything that is sent',
  ],
  [NOT_IN_CLEAR]: [
    'ERR_TLS_NOT_OFFERED',
    'asks for the password itself on a connection that is not encrypted',
    'remove `"ssl": false` from the secret: without TLS, anyone on the network path could take the password. ' +
      'Without TLS the server takes a caching_sha2_password only from its cache, which each change empties. ' +
      'Check "username", too: MySQL also asks so for a user that does not exist',
  ],
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: unsupportedPlugin(
    'asks for the password in clear text (PAM, LDAP or IAM)',
  ),
  AUTH_SWITCH_PLUGIN_ERROR: unsupportedPlugin('asks for a login method that Quarterturn does not support'),
};

function unsupportedPlugin(problem: string): ServiceFailure {
  return [
    'ERR_SERVICE_UNSUPPORTED',
    problem,
    'identify the account by caching_sha2_password (MySQL), or by mysql_native_password, ed25519 or parsec (MariaDB)',
  ];
}

const HINTS = {
  name: 'correct "host" in the secret. The function’s VPC must be able to resolve that name',
  refused: 'check that the server is running, and "host" and "port" in the secret',
  closed: UNREACHABLE,
  way: UNREACHABLE,
  otherName:
    'name the server in "host" as its certificate does, or name the certificate’s host with `servername` of the option ' +
    '`connectTo`',
  tls: 'check tls_version and ssl_cipher of the server. It may speak nothing newer than TLS 1.1, or may not be MySQL',
};

const UNKNOWN: ServiceFailure = [
  'ERR_SERVICE_FAILED',
  'failed',
  'check the server’s error log for this time',
];

/**
 * Returns the error for a failed login or statement, with what to do. Omits the cause of a failed statement: servers quote
 * statements.
 */
export function toFailure(
  error: unknown,
  doing: string,
  { target: { username, dbname, host, port }, flavour }: Spoken,
): RotationError {
  const isLogin = doing === LOGGING_IN;
  const errno = errnoOf(error);
  const { code } = errorParts(error);
  const [rotationCode, problem, hint] =
    (errno === undefined
      ? (DRIVER[code] ?? connectionFailure(code, HINTS))
      : (behind(error) ?? byNumber(errno, flavour, isLogin))) ?? UNKNOWN;
  const number = errno === undefined ? code && ` (${code})` : ` (error ${errno})`;
  const place = `${placeName({ host, port })} ${problem}${number}`;
  const what = `could not ${doing} as "${username}"${dbname === undefined ? '' : ` to "${dbname}"`}`;
  return new RotationError(rotationCode, `${what}: ${place}`, { hint, ...(isLogin && { cause: error }) });
}

/** Returns the meaning of an error number. Logins and statements may mean different things by one. */
function byNumber(errno: number, flavour: Flavour, isLogin: boolean): ServiceFailure | undefined {
  const tables = isLogin ? [LOGIN_ERRORS, STATEMENT_ERRORS] : [STATEMENT_ERRORS, LOGIN_ERRORS];
  for (const table of tables) {
    const failure = table[flavour][errno] ?? table.both[errno];
    if (failure) return failure;
  }
  return undefined;
}

/** Returns the meaning of the warning that MariaDB gave with its error. The session asked for it. */
function behind(error: unknown): ServiceFailure | undefined {
  const isKnown = typeof error === 'object' && error !== null && 'behind' in error;
  return isKnown ? MARIADB_BEHIND[Number(error.behind)] : undefined;
}

/** Whether the server gave a reason that another password would not change. */
export function isConclusive(error: unknown, flavour: Flavour): boolean {
  const errno = errnoOf(error);
  if (errno !== undefined) return byNumber(errno, flavour, true) !== undefined;
  return DRIVER[errorParts(error).code]?.[0] === 'ERR_SERVICE_UNSUPPORTED';
}

/** Returns the number of a server's error. Node's own errors have negative ones. */
export function errnoOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errno' in error)) return undefined;
  const { errno } = error;
  return typeof errno === 'number' && Number.isInteger(errno) && errno > 0 ? errno : undefined;
}

/**
 * Returns the error for a session of another user: the server may never have seen the password.
 *
 * @param account the session's account, as the server names it: `user@host`
 */
export function otherUser(target: Target, account: string): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_UNPROVEN',
    `${placeName(target)} let "${target.username}" in as "${quoted(account)}"`,
    {
      hint:
        `nothing was changed: the server did not check the password of "${target.username}". Look for an account without a ` +
        "name that matches the function’s address (DROP USER ''@host), a proxied user, a connection pooler, or " +
        'skip-grant-tables',
    },
  );
}

export function userMissing(username: string): RotationError {
  return new RotationError('ERR_USER_MISSING', `there is no account of "${username}"`, {
    hint: 'create the account (the rotator’s README has the SQL), or correct "username" in the secret',
  });
}

/** Returns the error for an account that processes on its own machine can log in to without a password. */
export function notAsked(target: Target): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_UNPROVEN',
    `${placeName(target)} may have let "${target.username}" in without asking for the password`,
    { hint: 'identify the account by a password only. It also has unix_socket or auth_socket' },
  );
}
