import type { ServiceFailure } from '../../src/index.js';

/** What the numbers of errors mean: to both servers, and to one of them alone. */
export interface ErrorNumbers {
  readonly both: Readonly<Record<number, ServiceFailure>>;
  readonly mysql: Readonly<Record<number, ServiceFailure>>;
  readonly mariadb: Readonly<Record<number, ServiceFailure>>;
}

const FULL: ServiceFailure = [
  'ERR_SERVICE_FULL',
  'has no connection left',
  'close idle ones, or raise max_connections, or the limits of the account (MAX_USER_CONNECTIONS, MAX_CONNECTIONS_PER_HOUR)',
];
const LOCKED: ServiceFailure = [
  'ERR_LOGIN_NOT_ALLOWED',
  'has locked the account, and took the password',
  'ALTER USER … ACCOUNT UNLOCK, if it is to be used again',
];
const BLOCKED = (unblock: string): ServiceFailure => [
  'ERR_LOGIN_NOT_ALLOWED',
  'blocks the account after too many refused logins, and does not say whether the password is right',
  `find out who tries a wrong password, and then unblock the account: ${unblock}`,
];
const EXPIRED: ServiceFailure = [
  'ERR_LOGIN_NOT_ALLOWED',
  'takes the password, but says that it has expired',
  'an administrator must set it anew. Then look at the account’s PASSWORD EXPIRE and at default_password_lifetime: they must ' +
    'leave more time than lies between two rotations',
];
const WRONG_DATABASE = 'correct "dbname" in the secret, or leave it out: a rotation needs no database';

/** 1045 is a refusal of the password, wherever a server may mean that by it. */
export const LOGIN_ERRORS: ErrorNumbers = {
  both: {
    1040: FULL,
    1044: [
      'ERR_RIGHTS_MISSING',
      'does not let the user use the database',
      `${WRONG_DATABASE}. To a user without rights one that does not exist is like one that is closed`,
    ],
    1045: [
      'ERR_SERVICE_FAILED',
      'ended the login before it was given the password',
      'a proxy may stand there, and have had its own login refused',
    ],
    1049: ['ERR_DATABASE_MISSING', 'has no such database', WRONG_DATABASE],
    1129: [
      'ERR_LOGIN_NOT_ALLOWED',
      'blocks this address after too many failed connections',
      'find out what breaks connections off, then have the server forget them: FLUSH HOSTS, or, in MySQL, ' +
        'TRUNCATE TABLE performance_schema.host_cache; and look at max_connect_errors',
    ],
    1130: [
      'ERR_LOGIN_NOT_ALLOWED',
      'lets nobody in from this address',
      'no account’s host matches the address that the function has',
    ],
    1184: [
      'ERR_SERVICE_FAILED',
      'ended the session because its own init_connect fails',
      'the user may lack a right that init_connect needs; the server’s error log says which statement it was',
    ],
    1203: FULL,
    1226: FULL,
    1251: [
      'ERR_SERVICE_UNSUPPORTED',
      'asks for a way of logging in that is not supported here',
      'the account’s password is of the time before MySQL 4.1: set it anew',
    ],
    1698: [
      'ERR_LOGIN_NOT_ALLOWED',
      'lets the user in over its Unix socket only, and asks for no password there',
      'the account is identified by unix_socket or auth_socket: identify it by a password',
    ],
    1820: EXPIRED,
    1862: EXPIRED,
    3032: [
      'ERR_SERVICE_FAILED',
      'is in offline mode, and lets only administrators in',
      'nothing is wrong with the password. Whoever works at the server must turn offline_mode off',
    ],
    3159: [
      'ERR_TLS_NOT_OFFERED',
      'lets nobody in without TLS',
      'remove `"ssl": false` from the secret: the server has require_secure_transport',
    ],
  },
  mysql: {
    3118: LOCKED,
    3955: BLOCKED('ALTER USER … ACCOUNT UNLOCK (a new password does not unblock it)'),
  },
  mariadb: {
    4150: BLOCKED('FLUSH PRIVILEGES, or set its password anew; see max_password_errors'),
    4151: LOCKED,
  },
};
