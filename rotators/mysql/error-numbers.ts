import type { ServiceFailure } from '../../src/index.js';

const LOGIN = 'ERR_LOGIN_NOT_ALLOWED';
const FULL: ServiceFailure = [
  'ERR_SERVICE_FULL',
  'has no connection left',
  'close idle ones, or raise max_connections, or the limits of the account (MAX_USER_CONNECTIONS, MAX_CONNECTIONS_PER_HOUR)',
];
const LOCKED: ServiceFailure = [
  LOGIN,
  'has locked the account, and took the password',
  'ALTER USER … ACCOUNT UNLOCK, if it is to be used again',
];
const BLOCKED = (unblock: string): ServiceFailure => [
  LOGIN,
  'blocks the account after too many refused logins, and does not say whether the password is right',
  `find out who tries a wrong password, and then unblock the account: ${unblock}`,
];
const EXPIRED: ServiceFailure = [
  LOGIN,
  'takes the password, but says that it has expired',
  'an administrator must set it anew, by hand or with this rotator (`masterarn` in the secret); then look at the ' +
    'account’s PASSWORD EXPIRE and at default_password_lifetime: they must leave more time than lies between two rotations',
];
const READ_ONLY: ServiceFailure = [
  'ERR_SERVICE_READ_ONLY',
  'takes no changes',
  'name the writer’s endpoint as "host", not a reader’s. If it is the writer, look at read_only and super_read_only',
];
const REFUSED: ServiceFailure = [
  'ERR_VALUE_REFUSED',
  'refuses the new password',
  'a password check on the server refuses it; make the policy of the generated password agree with that check',
];
const ENDED: ServiceFailure = [
  'ERR_SERVICE_UNREACHABLE',
  'ended the session',
  'it was shut down, or somebody has ended the session (KILL); the next attempt may find it ready',
];
const CANCELLED: ServiceFailure = [
  'ERR_SERVICE_TIMEOUT',
  'cancelled the statement',
  'somebody has ended it (KILL QUERY), or it took longer than max_execution_time; the next attempt starts again',
];
const TOO_LATE: ServiceFailure = [
  'ERR_SERVICE_TIMEOUT',
  'ended the session, which had waited too long for the function',
  'the next attempt starts again. If this repeats, look at what slows the function down: its memory size, or its way to ' +
    'Secrets Manager; and at wait_timeout',
];
const UNLOCKABLE: ServiceFailure = [
  'ERR_SERVICE_TIMEOUT',
  'could not lock what it has to change',
  'nothing was changed. Look with SHOW PROCESSLIST for a session that holds a lock: a backup (FLUSH TABLES WITH READ LOCK, ' +
    'LOCK INSTANCE FOR BACKUP), or a transaction that has read the tables of users',
];
const OUT_OF_TIME: ServiceFailure = [
  'ERR_SERVICE_TIMEOUT',
  'ended the statement, which had waited too long',
  'look with SHOW FULL PROCESSLIST for a backup (FLUSH TABLES WITH READ LOCK, BACKUP STAGE, mariabackup), or for a session that ' +
    'has locked the tables of users. During a BACKUP STAGE the password may have been changed all the same: the next attempt ' +
    'finds out, so leave AWSPENDING where it is',
];
const NO_RIGHT: ServiceFailure = [
  'ERR_RIGHTS_MISSING',
  'denies the right',
  'a user may change its own password; to change another’s the administrator needs CREATE USER. MySQL wants SYSTEM_USER ' +
    'besides for an account that has it, and APPLICATION_PASSWORD_ADMIN of a user that keeps two passwords of its own',
];
const TOO_OLD: ServiceFailure = [
  'ERR_SERVICE_UNSUPPORTED',
  'does not know the statement',
  'MySQL 8.0.14 or newer, or MariaDB 10.4 or newer is needed',
];
const NO_PLUGIN: ServiceFailure = [
  'ERR_SERVICE_UNSUPPORTED',
  'has not loaded the plugin of the account',
  'nobody can log in to that account. Load the plugin, or have an administrator identify the account by another one',
];

const NO_SUCH_HASH: ServiceFailure = [
  'ERR_SERVICE_UNSUPPORTED',
  'does not take the hash of the new password',
  'nothing was changed. The server may be newer than this rotator, and want another kind of hash',
];

/** What MySQL and MariaDB mean alike. 1045 is a refusal of the password, wherever a server may mean that by it. */
export const BY_NUMBER: Readonly<Record<number, ServiceFailure>> = {
  1040: FULL,
  1044: [
    'ERR_RIGHTS_MISSING',
    'does not let the user use the database',
    'correct "dbname" in the secret, or leave it away: a rotation needs no database. MariaDB says this of one that does not ' +
      'exist, too',
  ],
  1045: [
    'ERR_SERVICE_FAILED',
    'ended the login before it had the password',
    'a proxy may stand there, and have had its own login refused',
  ],
  1049: [
    'ERR_DATABASE_MISSING',
    'has no such database',
    'correct "dbname" in the secret, or leave it away: a rotation needs no database',
  ],
  1053: ENDED,
  1064: TOO_OLD,
  1129: [
    LOGIN,
    'blocks this address after too many failed connections',
    'find out what breaks connections off, then have the server forget them: FLUSH HOSTS, or, in MySQL, ' +
      'TRUNCATE TABLE performance_schema.host_cache; and look at max_connect_errors',
  ],
  1130: [
    LOGIN,
    'lets nobody in from this address',
    'no account’s host matches the address that the function has',
  ],
  1142: NO_RIGHT,
  1143: NO_RIGHT,
  1152: ENDED,
  1184: [
    'ERR_SERVICE_FAILED',
    'ended the session because its own init_connect fails',
    'the user may lack a right that init_connect needs; the server’s error log says which statement it was',
  ],
  1193: TOO_OLD,
  1203: FULL,
  1205: UNLOCKABLE,
  1213: UNLOCKABLE,
  1226: FULL,
  1227: NO_RIGHT,
  1251: [
    'ERR_SERVICE_UNSUPPORTED',
    'asks for a way of logging in that is not supported here',
    'the account is of the time before MySQL 4.1: set its password anew',
  ],
  1290: READ_ONLY,
  1317: CANCELLED,
  1396: [
    'ERR_USER_MISSING',
    'cannot change the account',
    'it may be gone since the login: look whether it is there, with this host',
  ],
  1410: NO_RIGHT,
  1524: NO_PLUGIN,
  1698: [
    LOGIN,
    'lets the user in without a password only, and over its Unix socket only',
    'the account is identified by auth_socket or unix_socket: identify it by a password',
  ],
  1792: READ_ONLY,
  1819: REFUSED,
  1820: EXPIRED,
  1827: NO_SUCH_HASH,
  1836: READ_ONLY,
  1862: EXPIRED,
  1874: READ_ONLY,
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
};

/** What MySQL alone means. */
export const MYSQL_BY_NUMBER: Readonly<Record<number, ServiceFailure>> = {
  3024: CANCELLED,
  3118: LOCKED,
  3169: ENDED,
  3638: REFUSED,
  3878: [
    'ERR_SERVICE_UNSUPPORTED',
    'keeps no second password for an account without a first',
    'give the account a password, and write it into the secret',
  ],
  3891: REFUSED,
  3892: REFUSED,
  3894: [
    'ERR_SERVICE_UNSUPPORTED',
    'cannot keep the password when it changes the plugin',
    'nothing was changed. Both passwords must be of the plugin that the account has',
  ],
  3955: BLOCKED('ALTER USER … ACCOUNT UNLOCK (a new password does not unblock it)'),
  4031: TOO_LATE,
};

/** What MariaDB alone means. */
export const MARIADB_BY_NUMBER: Readonly<Record<number, ServiceFailure>> = {
  1205: OUT_OF_TIME,
  1927: ENDED,
  1969: OUT_OF_TIME,
  4150: BLOCKED('FLUSH PRIVILEGES, or set its password anew; see max_password_errors'),
  4151: LOCKED,
};

/** What MariaDB means by 1396, by the number that its warnings have besides. */
export const MARIADB_BEHIND: Readonly<Record<number, ServiceFailure>> = {
  1290: [
    'ERR_SERVICE_UNSUPPORTED',
    'takes no hashes',
    'nothing was changed. A plugin there checks passwords (simple_password_check, cracklib_password_check …), and then ' +
      'strict_password_validation refuses every hash: SET GLOBAL strict_password_validation = OFF, and keep to that check with ' +
      'the policy of the generated password',
  ],
  1372: NO_SUCH_HASH,
  1524: NO_PLUGIN,
  1819: REFUSED,
};
