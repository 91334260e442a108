import {
  connectionFailure,
  errorParts,
  quoted,
  RotationError,
  type ServiceFailure,
} from '../../src/index.js';
import { placeName } from '../databases/secret.js';
import type { PostgresSecret } from './secret.js';

type Target = Pick<PostgresSecret, 'host' | 'port' | 'username' | 'dbname'>;

const NO_TLS =
  'turn TLS on at the server; only `"ssl": false` in the secret makes do without it, and then everything that is sent can ' +
  'be read on the way';

/** By SQLSTATE. */
const FAILURES: Readonly<Record<string, ServiceFailure>> = {
  '28000': [
    'ERR_LOGIN_NOT_ALLOWED',
    'does not let the user in',
    'the role may lack LOGIN, or pg_hba.conf has no line for this user, database, address and encryption, or wants a ' +
      'certificate of the client (option `clientCertificate`), or the role is to log in by IAM, LDAP or PAM (rds_iam)',
  ],
  '3D000': ['ERR_DATABASE_MISSING', 'has no such database', 'correct "dbname" in the secret'],
  '42501': [
    'ERR_RIGHTS_MISSING',
    'denies the right',
    'the user needs CONNECT on the database, and must be allowed to change its own password ' +
      '(rds.restrict_password_commands wants a member of rds_password)',
  ],
  '53300': [
    'ERR_SERVICE_FULL',
    'has no connection left',
    'close idle ones, or raise max_connections, or the CONNECTION LIMIT of the role',
  ],
  '42704': ['ERR_USER_MISSING', 'has no such role', 'create it, or correct "username" in the secret'],
  '55000': [
    'ERR_LOGIN_NOT_ALLOWED',
    'takes no connections to the database',
    'correct "dbname" in the secret',
  ],
  '57P01': ['ERR_SERVICE_UNREACHABLE', 'ended the session', 'the next attempt may find it ready'],
  '25P03': [
    'ERR_SERVICE_TIMEOUT',
    'ended the transaction, which had waited too long for the function',
    'nothing was changed, and the next attempt starts again. If this repeats, look at what slows the function down: its ' +
      'memory size, or its way to Secrets Manager',
  ],
  '25P04': [
    'ERR_SERVICE_TIMEOUT',
    'ended the transaction, which took longer than the transaction_timeout of the role or the server',
    'nothing was changed. Give the role a transaction_timeout of 10 seconds or more',
  ],
  '57P05': [
    'ERR_SERVICE_TIMEOUT',
    'ended the session, which was idle for longer than the idle_session_timeout of the role or the server',
    'nothing was changed. Give the role an idle_session_timeout of 10 seconds or more',
  ],
  '57P03': ['ERR_SERVICE_FAILED', 'is starting up or shutting down', 'the next attempt may find it ready'],
  '57014': ['ERR_SERVICE_TIMEOUT', 'cancelled the statement', 'look for a statement_timeout on the role'],
  '55P03': [
    'ERR_SERVICE_TIMEOUT',
    'could not lock the role',
    'nothing was changed. Look in pg_stat_activity for a session that changes the same role. One whose application_name is ' +
      'quarterturn and whose wait_event is SyncRep is an earlier attempt of this function: its COMMIT waits for a ' +
      'synchronous standby, so bring the standby back, or take it out of synchronous_standby_names',
  ],
  '25006': ['ERR_SERVICE_READ_ONLY', 'is read-only', 'name the writer’s endpoint as "host", not a reader’s'],
};

/** What password checks refuse with: passwordcheck, hooks of pg_tle, credcheck. At login they mean something else. */
const POLICIES = ['22023', 'P0001', '28000'];

const REFUSED_VALUE: ServiceFailure = [
  'ERR_VALUE_REFUSED',
  'refuses the new password',
  'a password check on the server refuses it; make the policy of the generated password agree with that check. If it refuses ' +
    'every password, it may take plain text alone: Quarterturn sends a SCRAM verifier, so have the check take those ' +
    '(credcheck.encrypted_password_allowed, for one)',
];

/** A password check may raise what it likes. */
const WANTS_PLAIN_TEXT = /plain[ -]?text|hashed|encrypted password/i;

const TAKES_PLAIN_TEXT_ALONE: ServiceFailure = [
  'ERR_SERVICE_UNSUPPORTED',
  'takes new passwords in plain text alone',
  'nothing was changed, and another password will not help. Quarterturn sends a SCRAM verifier, never a password in plain ' +
    'text: servers log it. Have the password check on the server take verifiers (credcheck.encrypted_password_allowed = on, ' +
    'for one), then let the next attempt go on with AWSPENDING',
];

/** What ALTER ROLE says before PostgreSQL 16. */
const WANTS_SUPERUSER = /must be superuser to alter/;

const SUPERUSER_ALONE: ServiceFailure = [
  'ERR_RIGHTS_MISSING',
  'lets a superuser alone change this role',
  'nothing was changed. Only a superuser may change a superuser, and before PostgreSQL 16 also a role with REPLICATION, which ' +
    'may not even change itself. Name a superuser’s secret as "masterarn", or take the attribute from the role if the ' +
    'application does not need it',
];

/** What poolers say in the place of a server, when a client logs in. */
const POOLER: Readonly<Record<string, ServiceFailure>> = {
  '08P01': [
    'ERR_SERVICE_FAILED',
    'ended the login, and did not say whether the password is right',
    'a connection pooler may stand there: PgBouncer refuses wrong passwords so. Look into its log at this time. Until you ' +
      'know which password works, leave AWSPENDING where it is',
  ],
  // The pooler has taken the password from us, and had its own refused. A refusal of ours never gets here.
  '28P01': [
    'ERR_POOLER_IN_THE_WAY',
    'took the password, and then could not log in to its server',
    'a connection pooler stands there, and the server does not take what the pooler keeps as the password: correct that',
  ],
};

/** pg's own errors have no code. */
const MESSAGES: readonly (readonly [RegExp, ServiceFailure])[] = [
  [/does not support SSL|establishing an SSL connection/, ['ERR_TLS_NOT_OFFERED', 'offers no TLS', NO_TLS]],
  [
    /clear text asked for/,
    [
      'ERR_TLS_NOT_OFFERED',
      'asks for the password in clear text on a connection that is not encrypted',
      'remove `"ssl": false` from the secret, or make pg_hba.conf say scram-sha-256',
    ],
  ],
  [
    /^Unknown authenticationOk message type|^SASL:/,
    [
      'ERR_SERVICE_UNSUPPORTED',
      'asks for a way of logging in that is not supported here',
      'make pg_hba.conf say scram-sha-256 for this user and address',
    ],
  ],
  [
    /transaction blocks not allowed|[Ll]ong transactions not allowed/,
    [
      'ERR_POOLER_IN_THE_WAY',
      'is a connection pooler that pools statements, and a password is changed in a transaction',
      'nothing was changed. Connect past the pooler with the option `connectTo`, or have it pool sessions or transactions',
    ],
  ],
];

const WAY_HINTS = {
  name: 'correct "host" in the secret, or the VPC’s DNS',
  refused: 'correct "host" and "port"; is it running?',
  closed: 'a proxy or a firewall may stand there; look into its log, and the server’s',
  way: 'look at the database’s security group (it must let the function’s in), the subnets’ routes, host and port',
  otherName:
    'name the server in "host" as its certificate does; or say with the option `connectTo` which name it must be for',
  tls: 'it may speak nothing newer than TLS 1.1, or be no PostgreSQL; look at its ssl_min_protocol_version and ssl_ciphers',
};

/** By how far we had come: of the way to a server that has answered, nothing needs to be said any more. */
const HINTS = {
  unconnected: WAY_HINTS,
  connected: {
    ...WAY_HINTS,
    closed: 'the server’s log says why: it may be starting up, failing over, or out of processes',
    way:
      'something took the connection, so the way to it is open. The server may be starting up, failing over, or out of ' +
      'processes; or another service listens at this port',
  },
  loggedIn: {
    ...WAY_HINTS,
    closed:
      'it had let the function in. It may have been restarted, or failed over; the next attempt finds out what was changed. ' +
      'If this repeats, look into the server’s log',
    way:
      'it had let the function in, so the way to it is open. It may wait for a lock (pg_stat_activity, pg_locks), fail over, ' +
      'or have too much to do. The next attempt finds out what was changed',
  },
};

export const LOGGING_IN = 'log in';

/**
 * Says what went wrong between us and the server, and what to do. Of a statement that failed, the cause is left out:
 * a server may quote the statement.
 */
export function toFailure(
  error: unknown,
  doing: string,
  { username, dbname, ...place }: Target,
  come: keyof typeof HINTS = doing === LOGGING_IN ? 'connected' : 'loggedIn',
): RotationError {
  const { code, message } = errorParts(error);
  const known =
    doing === LOGGING_IN ? (POOLER[code] ?? FAILURES[code]) : (refusal(code, message) ?? FAILURES[code]);
  const [rotationCode, problem, hint] =
    known ?? connectionFailure(code || codeIn(message), HINTS[come]) ?? byMessage(message);
  // A server may answer with anything in the place of a code.
  const isServers = error instanceof Error && 'severity' in error;
  const said = isServers ? quoted(code) : code;
  const sqlState = isSqlState(code) ? ` (SQLSTATE ${said})` : code && ` (${said})`;
  return new RotationError(
    rotationCode,
    `could not ${doing} as "${username}" to "${dbname}": ${placeName(place)} ${problem}${sqlState}`,
    { hint, ...(doing === LOGGING_IN && { cause: error }) },
  );
}

/** Why a server does not make a change. */
function refusal(code: string, message: string): ServiceFailure | undefined {
  if (code === '42501') return WANTS_SUPERUSER.test(message) ? SUPERUSER_ALONE : undefined;
  if (isSqlState(code) && WANTS_PLAIN_TEXT.test(message)) return TAKES_PLAIN_TEXT_ALONE;
  return POLICIES.includes(code) ? REFUSED_VALUE : undefined;
}

/** pg's own errors have no code; these have Node's meaning. */
function codeIn(message: string): string {
  if (/^timeout expired$|^Query read timeout$/.test(message)) return 'ETIMEDOUT';
  return /Connection terminated|not queryable/.test(message) ? 'ECONNRESET' : '';
}

function byMessage(message: string): ServiceFailure {
  const known = MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
  return known ?? ['ERR_SERVICE_FAILED', 'failed', 'look into the server’s log at this time'];
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
}

/** The SQLSTATE of an error, or Node's code, or nothing. */
export function codeOf(error: unknown): string {
  return errorParts(error).code;
}

export function userMissing(username: string): RotationError {
  return new RotationError('ERR_USER_MISSING', `there is no role "${username}"`, {
    hint: 'create it (the rotator’s README has the SQL), or correct "username" in the secret',
  });
}
