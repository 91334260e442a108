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
  'turn TLS on at the server. `"ssl": false` in the secret goes without TLS, ' +
  'but then anyone on the network path can read everything that is sent';

/** Meanings of SQLSTATEs. */
const FAILURES: Readonly<Record<string, ServiceFailure>> = {
  '28000': [
    'ERR_LOGIN_NOT_ALLOWED',
    'does not let the user in',
    'check the role and pg_hba.conf. The role may lack LOGIN, or may have to log in by IAM, LDAP or PAM (rds_iam). pg_hba.conf ' +
      'may have no line for this user, database, address and encryption, or may want a client certificate (option ' +
      '`clientCertificate`)',
  ],
  '3D000': ['ERR_DATABASE_MISSING', 'has no such database', 'correct "dbname" in the secret'],
  '42501': [
    'ERR_RIGHTS_MISSING',
    'denies the right',
    'grant the user CONNECT on the database, and let it change its own password. With rds.restrict_password_commands it ' +
      'must be a member of rds_password',
  ],
  '53300': [
    'ERR_SERVICE_FULL',
    'has no connection left',
    'close idle connections, or raise max_connections or the CONNECTION LIMIT of the role',
  ],
  '42704': ['ERR_USER_MISSING', 'has no such role', 'create the role, or correct "username" in the secret'],
  '55000': [
    'ERR_LOGIN_NOT_ALLOWED',
    'takes no connections to the database',
    'correct "dbname" in the secret',
  ],
  '57P01': ['ERR_SERVICE_UNREACHABLE', 'ended the session', 'wait for the next attempt'],
  '25P03': [
    'ERR_SERVICE_TIMEOUT',
    'ended the transaction, which waited too long for the function',
    'nothing was changed. Wait for the next attempt. If this repeats, raise the function’s memory, or check its way to ' +
      'Secrets Manager',
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
  '57P03': ['ERR_SERVICE_FAILED', 'is starting up or shutting down', 'wait for the next attempt'],
  '57014': ['ERR_SERVICE_TIMEOUT', 'cancelled the statement', 'check the role’s statement_timeout'],
  '55P03': [
    'ERR_SERVICE_TIMEOUT',
    'could not lock the role',
    'nothing was changed. pg_stat_activity shows which session changes the same role. If its application_name is `quarterturn` ' +
      'and its wait_event SyncRep, it is an earlier attempt of this function, whose COMMIT waits for a synchronous standby: ' +
      'bring the standby back, or remove it from synchronous_standby_names',
  ],
  '25006': ['ERR_SERVICE_READ_ONLY', 'is read-only', 'set "host" to the writer’s endpoint, not a reader’s'],
};

/** SQLSTATEs of password checks: passwordcheck, hooks of pg_tle, credcheck. At login they mean something else. */
const POLICIES = ['22023', 'P0001', '28000'];

const REFUSED_VALUE: ServiceFailure = [
  'ERR_VALUE_REFUSED',
  'refuses the new password',
  'make the policy of generated passwords agree with the password check on the server, which refuses this one. If it refuses ' +
    'every password, it may take only plain text: make it accept SCRAM verifiers, which Quarterturn sends (with credcheck: ' +
    'credcheck.encrypted_password_allowed)',
];

/** Words in the message of a password check that takes only plain text. */
const WANTS_PLAIN_TEXT = /plain[ -]?text|hashed|encrypted password/i;

const TAKES_PLAIN_TEXT_ALONE: ServiceFailure = [
  'ERR_SERVICE_UNSUPPORTED',
  'takes new passwords only in plain text',
  'nothing was changed, and another password will not help. Make the password check on the server accept SCRAM verifiers (with ' +
    'credcheck: credcheck.encrypted_password_allowed = on), then let the next attempt continue with AWSPENDING. ' +
    'Quarterturn never sends a password in plain text: servers log it',
];

/** Message of ALTER ROLE before PostgreSQL 16. */
const WANTS_SUPERUSER = /must be superuser to alter/;

const SUPERUSER_ALONE: ServiceFailure = [
  'ERR_RIGHTS_MISSING',
  'lets only a superuser change this role',
  'nothing was changed. Name a superuser’s secret as "masterarn", ' +
    'or remove the attribute from the role if the application does not need it. ' +
    'Only a superuser may change a superuser, and before PostgreSQL 16 also a role with REPLICATION, which may not even change ' +
    'itself',
];

/** Meanings of SQLSTATEs that poolers give at login, in place of the server. */
const POOLER: Readonly<Record<string, ServiceFailure>> = {
  '08P01': [
    'ERR_SERVICE_FAILED',
    'ended the login, and did not say whether the password is right',
    'leave AWSPENDING where it is until you know which password works. A connection pooler may be in the way: PgBouncer ' +
      'refuses wrong passwords like this. Look into its log for this time',
  ],
  // The server refused the password of the pooler. A refusal of ours never gets here.
  '28P01': [
    'ERR_POOLER_IN_THE_WAY',
    'accepted the password, but could not log in to its own server',
    'correct the password that the connection pooler stores: the server refuses it',
  ],
};

/** Meanings of the errors of `pg` itself, which have no code. */
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
      'asks for a login method that Quarterturn does not support',
      'make pg_hba.conf say scram-sha-256 for this user and address',
    ],
  ],
  [
    /transaction blocks not allowed|[Ll]ong transactions not allowed/,
    [
      'ERR_POOLER_IN_THE_WAY',
      'is a connection pooler that pools statements, but a password change needs a transaction',
      'nothing was changed. Connect past the pooler with the option `connectTo`, or make it pool sessions or transactions',
    ],
  ],
];

const WAY_HINTS = {
  name: 'correct "host" in the secret, or the VPC’s DNS',
  refused: 'check that the server is running, and "host" and "port" in the secret',
  closed: 'check the logs of the server, and of a proxy or firewall in between',
  way: 'check "host", "port" and the subnets’ routes. The database’s security group must let the function’s in',
  otherName:
    'name the server in "host" as its certificate does, or name the certificate’s host with `servername` of the option ' +
    '`connectTo`',
  tls:
    'check ssl_min_protocol_version and ssl_ciphers of the server. It may speak nothing newer than TLS 1.1, or may not be ' +
    'PostgreSQL',
};

/** Hints by how far the login got: once the server has answered, the network path works. */
const HINTS = {
  unconnected: WAY_HINTS,
  connected: {
    ...WAY_HINTS,
    closed: 'check the server’s log. The server may be starting up, failing over, or out of processes',
    way:
      'something took the connection, so the network path is open. The server may be starting up, failing over, or out of ' +
      'processes. Or another service listens on this port',
  },
  loggedIn: {
    ...WAY_HINTS,
    closed:
      'wait for the next attempt, which finds out what was changed. The server had let the function in, and may have restarted ' +
      'or failed over since. If this repeats, check the server’s log',
    way:
      'wait for the next attempt, which finds out what was changed. The server had let the function in, so the network path is ' +
      'open. It may wait for a lock (pg_stat_activity, pg_locks), fail over, or be overloaded',
  },
};

export const LOGGING_IN = 'log in';

/**
 * Returns the error for a failed login or statement, with what to do. Omits the cause of a failed statement: a server may quote
 * the statement.
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
  // A server may send anything as a code.
  const isServers = error instanceof Error && 'severity' in error;
  const said = isServers ? quoted(code) : code;
  const sqlState = isSqlState(code) ? ` (SQLSTATE ${said})` : code && ` (${said})`;
  return new RotationError(
    rotationCode,
    `could not ${doing} as "${username}" to "${dbname}": ${placeName(place)} ${problem}${sqlState}`,
    { hint, ...(doing === LOGGING_IN && { cause: error }) },
  );
}

/** Returns why a server refuses a change. */
function refusal(code: string, message: string): ServiceFailure | undefined {
  if (code === '42501') return WANTS_SUPERUSER.test(message) ? SUPERUSER_ALONE : undefined;
  if (isSqlState(code) && WANTS_PLAIN_TEXT.test(message)) return TAKES_PLAIN_TEXT_ALONE;
  return POLICIES.includes(code) ? REFUSED_VALUE : undefined;
}

/** Returns Node's code for those errors of `pg` itself that mean the same. */
function codeIn(message: string): string {
  if (/^timeout expired$|^Query read timeout$/.test(message)) return 'ETIMEDOUT';
  return /Connection terminated|not queryable/.test(message) ? 'ECONNRESET' : '';
}

function byMessage(message: string): ServiceFailure {
  const known = MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
  return known ?? ['ERR_SERVICE_FAILED', 'failed', 'check the server’s log for this time'];
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
}

/** Returns an error's SQLSTATE or Node code; empty if it has none. */
export function codeOf(error: unknown): string {
  return errorParts(error).code;
}

export function userMissing(username: string): RotationError {
  return new RotationError('ERR_USER_MISSING', `there is no role "${username}"`, {
    hint: 'create the role (the rotator’s README has the SQL), or correct "username" in the secret',
  });
}
