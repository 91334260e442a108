import type { ServiceFailure } from '../../src/index.js';

/** Meanings of error numbers: on both servers, or only on one. */
export interface ErrorNumbers {
  readonly both: Readonly<Record<number, ServiceFailure>>;
  readonly mysql: Readonly<Record<number, ServiceFailure>>;
  readonly mariadb: Readonly<Record<number, ServiceFailure>>;
}

const FULL: ServiceFailure = [
  'ERR_SERVICE_FULL',
  'has no connection left',
  'close idle connections, or raise max_connections or the account’s limits (MAX_USER_CONNECTIONS, MAX_CONNECTIONS_PER_HOUR)',
];
const LOCKED: ServiceFailure = [
  'ERR_LOGIN_NOT_ALLOWED',
  'accepted the password, but the account is locked',
  'unlock the account only if it is still to be used: ALTER USER … ACCOUNT UNLOCK',
];
const BLOCKED = (unblock: string): ServiceFailure => [
  'ERR_LOGIN_NOT_ALLOWED',
  'blocks the account after too many refused logins, and does not say whether the password is right',
  `find out who tries a wrong password, then unblock the account: ${unblock}`,
];
const EXPIRED: ServiceFailure = [
  'ERR_LOGIN_NOT_ALLOWED',
  'accepts the password, but says that it has expired',
  'set the password again as an administrator. Then check PASSWORD EXPIRE of the account and default_password_lifetime: ' +
    'both must be longer than the time between two rotations',
];
const WRONG_DATABASE = 'correct "dbname" in the secret, or remove it: a rotation needs no database';

/** Here 1045 came before the password was sent. The login itself handles a 1045 that refuses the password. */
export const LOGIN_ERRORS: ErrorNumbers = {
  both: {
    1040: FULL,
    1044: [
      'ERR_RIGHTS_MISSING',
      'does not let the user use the database',
      `${WRONG_DATABASE}. A missing database looks the same to a user without rights`,
    ],
    1045: [
      'ERR_SERVICE_FAILED',
      'ended the login before the function sent the password',
      'look for a proxy in between: the server may have refused the proxy’s own login',
    ],
    1049: ['ERR_DATABASE_MISSING', 'has no such database', WRONG_DATABASE],
    1129: [
      'ERR_LOGIN_NOT_ALLOWED',
      'blocks this address after too many failed connections',
      'find out what breaks the connections, then reset the count: FLUSH HOSTS, or on MySQL ' +
        'TRUNCATE TABLE performance_schema.host_cache. Also check max_connect_errors',
    ],
    1130: [
      'ERR_LOGIN_NOT_ALLOWED',
      'lets nobody in from this address',
      'create an account whose host matches the function’s address',
    ],
    1184: [
      'ERR_SERVICE_FAILED',
      'ended the session because its own init_connect fails',
      'the server’s error log names the statement. The user may lack a right that init_connect needs',
    ],
    1203: FULL,
    1226: FULL,
    1251: [
      'ERR_SERVICE_UNSUPPORTED',
      'asks for a login method that Quarterturn does not support',
      'set the account’s password again: its hash is older than MySQL 4.1',
    ],
    1698: [
      'ERR_LOGIN_NOT_ALLOWED',
      'lets the user in only through its Unix socket, without a password',
      'identify the account by a password, not by unix_socket or auth_socket',
    ],
    1820: EXPIRED,
    1862: EXPIRED,
    3032: [
      'ERR_SERVICE_FAILED',
      'is in offline mode, and lets only administrators in',
      'wait until whoever maintains the server turns offline_mode off. Nothing is wrong with the password',
    ],
    3159: [
      'ERR_TLS_NOT_OFFERED',
      'lets nobody in without TLS',
      'remove `"ssl": false` from the secret: the server has require_secure_transport on',
    ],
  },
  mysql: {
    3118: LOCKED,
    3955: BLOCKED('ALTER USER … ACCOUNT UNLOCK (a new password does not unblock it)'),
  },
  mariadb: {
    4150: BLOCKED('FLUSH PRIVILEGES, or set its password again; see max_password_errors'),
    4151: LOCKED,
  },
};
