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

/** MariaDB began as MySQL, and has given some numbers of errors another meaning since. */
export type Flavour = 'mysql' | 'mariadb';

/** Where a session leads, and as whom. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Without one no database is chosen. */
  readonly dbname?: string | undefined;
}

/** With whom an error came up: a session, or what is known before there is one. */
interface Spoken {
  readonly target: Target;
  readonly flavour: Flavour;
}

export const LOGGING_IN = 'log in';

const UNREACHABLE =
  'look at the database’s security group (it must let the function’s in), the subnets’ routes, host and port';

/** mysql2's own errors. */
const DRIVER: Readonly<Record<string, ServiceFailure>> = {
  PROTOCOL_CONNECTION_LOST: ['ERR_SERVICE_UNREACHABLE', 'closed the connection', UNREACHABLE],
  HANDSHAKE_NO_SSL_SUPPORT: [
    'ERR_TLS_NOT_OFFERED',
    'offers no TLS',
    'turn TLS on at the server; only `"ssl": false` in the secret makes do without it, and then everything that is sent can ' +
      'be read on the way',
  ],
  [NOT_IN_CLEAR]: [
    'ERR_TLS_NOT_OFFERED',
    'asks for the password itself on a connection that is not encrypted',
    'remove `"ssl": false` from the secret: without TLS whoever sits in the way could have the password. The server takes a ' +
      'caching_sha2_password without it only while it has that password in its cache, which each change empties. MySQL asks so for a ' +
      'user that does not exist, too: look whether "username" is right',
  ],
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: unsupportedPlugin(
    'asks for the password in clear text (PAM, LDAP or IAM)',
  ),
  AUTH_SWITCH_PLUGIN_ERROR: unsupportedPlugin('asks for a way of logging in that is not supported here'),
};

function unsupportedPlugin(problem: string): ServiceFailure {
  return [
    'ERR_SERVICE_UNSUPPORTED',
    problem,
    'the account must be identified by caching_sha2_password (MySQL), or mysql_native_password, ed25519 or parsec (MariaDB)',
  ];
}

const HINTS = {
  name: 'correct "host" in the secret; the name must be known in the function’s VPC',
  refused: 'correct "host" and "port"; is it running?',
  closed: UNREACHABLE,
  way: UNREACHABLE,
  otherName:
    'name the server in "host" as its certificate does; or say with the option `connectTo` which name it must be for',
  tls: 'it may speak nothing newer than TLS 1.1, or be no MySQL; look at its tls_version and ssl_cipher',
};

const UNKNOWN: ServiceFailure = [
  'ERR_SERVICE_FAILED',
  'failed',
  'look into the server’s error log at this time',
];

/**
 * Says what went wrong between us and the server, and what to do. Of a statement that failed, the cause is left out: a
 * server quotes statements.
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

/** What a number means in a login, a statement need not mean by it. */
function byNumber(errno: number, flavour: Flavour, isLogin: boolean): ServiceFailure | undefined {
  const tables = isLogin ? [LOGIN_ERRORS, STATEMENT_ERRORS] : [STATEMENT_ERRORS, LOGIN_ERRORS];
  for (const table of tables) {
    const failure = table[flavour][errno] ?? table.both[errno];
    if (failure) return failure;
  }
  return undefined;
}

/** What MariaDB's warnings add to its error: the session has asked for them. */
function behind(error: unknown): ServiceFailure | undefined {
  const isKnown = typeof error === 'object' && error !== null && 'behind' in error;
  return isKnown ? MARIADB_BEHIND[Number(error.behind)] : undefined;
}

/** Whether the server has named a reason that another password would not change. */
export function isConclusive(error: unknown, flavour: Flavour): boolean {
  const errno = errnoOf(error);
  if (errno !== undefined) return byNumber(errno, flavour, true) !== undefined;
  return DRIVER[errorParts(error).code]?.[0] === 'ERR_SERVICE_UNSUPPORTED';
}

/** The number of a server's error. Node's own errors have negative ones. */
export function errnoOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errno' in error)) return undefined;
  const { errno } = error;
  return typeof errno === 'number' && Number.isInteger(errno) && errno > 0 ? errno : undefined;
}

/**
 * A session that is not the one that was asked for: its server need not have seen the password.
 *
 * @param account as the server calls it: `user@host`
 */
export function otherUser(target: Target, account: string): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_UNPROVEN',
    `${placeName(target)} let "${target.username}" in as "${quoted(account)}"`,
    {
      hint:
        "nothing was changed. An account without a name that matches the function’s address (DROP USER ''@host), a proxied " +
        'user, a connection pooler or a server that runs with skip-grant-tables does so: the password of ' +
        `"${target.username}" was not asked for`,
    },
  );
}

export function userMissing(username: string): RotationError {
  return new RotationError('ERR_USER_MISSING', `there is no account of "${username}"`, {
    hint: 'create it (the rotator’s README has the SQL), or correct "username" in the secret',
  });
}

/** An account that its own machine’s processes can log in to without a password. */
export function notAsked(target: Target): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_UNPROVEN',
    `${placeName(target)} may have let "${target.username}" in without asking for the password`,
    { hint: 'the account is identified by unix_socket or auth_socket, too: identify it by a password alone' },
  );
}
