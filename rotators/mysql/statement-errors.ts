import type { ServiceFailure } from '../../src/index.js';
import type { ErrorNumbers } from './login-errors.js';

const READ_ONLY: ServiceFailure = [
  'ERR_SERVICE_READ_ONLY',
  'takes no changes',
  'set "host" to the writer’s endpoint, not a reader’s. If it is the writer, check read_only and super_read_only',
];
const REFUSED: ServiceFailure = [
  'ERR_VALUE_REFUSED',
  'refuses the new password',
  'make the policy of generated passwords agree with the password check on the server, which refuses this one',
];
const ENDED: ServiceFailure = [
  'ERR_SERVICE_UNREACHABLE',
  'ended the session',
  'wait for the next attempt. The server was shut down, or somebody ended the session (KILL)',
];
const CANCELLED: ServiceFailure = [
  'ERR_SERVICE_TIMEOUT',
  'cancelled the statement',
  'wait for the next attempt. Somebody ended the statement (KILL QUERY), or it took longer than max_execution_time',
];
const UNLOCKABLE: ServiceFailure = [
  'ERR_SERVICE_TIMEOUT',
  'could not lock the tables of users',
  'nothing was changed. SHOW PROCESSLIST shows what holds the lock: a backup (FLUSH TABLES WITH READ LOCK, LOCK INSTANCE FOR ' +
    'BACKUP), or a session that has locked the tables of users',
];
/** Seen during a BACKUP STAGE: the new password worked, and only the commit was waiting. */
const OUT_OF_TIME: ServiceFailure = [
  'ERR_SERVICE_TIMEOUT',
  'ended the statement, which waited too long',
  'leave AWSPENDING where it is: the password may have been changed all the same, and the next attempt finds out. SHOW FULL ' +
    'PROCESSLIST shows what the statement waited for: a backup (FLUSH TABLES WITH READ LOCK, BACKUP STAGE, mariabackup), or a ' +
    'session that has locked the tables of users',
];
const NO_RIGHT: ServiceFailure = [
  'ERR_RIGHTS_MISSING',
  'denies the right',
  'to change another user’s password, the administrator needs CREATE USER. On MySQL it also needs SYSTEM_USER if the account ' +
    'has that, and a user that keeps two passwords itself needs APPLICATION_PASSWORD_ADMIN',
];
const TOO_OLD: ServiceFailure = [
  'ERR_SERVICE_UNSUPPORTED',
  'does not know the statement',
  'upgrade the server to MySQL 8.0.14 or MariaDB 10.4, or a later version',
];
const NO_PLUGIN: ServiceFailure = [
  'ERR_SERVICE_UNSUPPORTED',
  'has not loaded the plugin of the account',
  'load the plugin, or identify the account by another plugin as an administrator. Until then nobody can log in to it',
];
const NO_SUCH_HASH: ServiceFailure = [
  'ERR_SERVICE_UNSUPPORTED',
  'does not take the hash of the new password',
  'nothing was changed. Update Quarterturn: the server may be newer, and want another kind of hash',
];

export const STATEMENT_ERRORS: ErrorNumbers = {
  both: {
    1044: NO_RIGHT,
    1045: NO_RIGHT,
    1053: ENDED,
    1064: TOO_OLD,
    1142: NO_RIGHT,
    1143: NO_RIGHT,
    1152: ENDED,
    1193: TOO_OLD,
    1205: UNLOCKABLE,
    1213: UNLOCKABLE,
    1227: NO_RIGHT,
    1235: [
      'ERR_SERVICE_UNSUPPORTED',
      'does not support a statement that the rotation needs',
      'nothing was changed. Most likely the server refuses GET_LOCK, as Galera does in its strict mode. ' +
        'Without that lock, a change that comes too late could lock everybody out',
    ],
    1290: READ_ONLY,
    1317: CANCELLED,
    1396: [
      'ERR_USER_MISSING',
      'cannot change the account',
      'check that the account still exists, with this host',
    ],
    1410: NO_RIGHT,
    1524: NO_PLUGIN,
    1792: READ_ONLY,
    1819: REFUSED,
    1827: NO_SUCH_HASH,
    1836: READ_ONLY,
    1874: READ_ONLY,
  },
  mysql: {
    3024: CANCELLED,
    3169: ENDED,
    3638: REFUSED,
    3878: [
      'ERR_SERVICE_UNSUPPORTED',
      'keeps no second password for an account without a first',
      'give the account a password, and store it in the secret',
    ],
    3891: REFUSED,
    3892: REFUSED,
    3894: [
      'ERR_SERVICE_UNSUPPORTED',
      'cannot keep the password when it changes the plugin',
      'nothing was changed. Both passwords must use the account’s plugin',
    ],
    4031: [
      'ERR_SERVICE_TIMEOUT',
      'ended the session, which waited too long for the function',
      'wait for the next attempt. If this repeats, raise the function’s memory, check its way to Secrets Manager, and check ' +
        'wait_timeout',
    ],
  },
  mariadb: {
    1205: OUT_OF_TIME,
    1372: NO_SUCH_HASH,
    1927: ENDED,
    1969: OUT_OF_TIME,
  },
};

/** Meanings of MariaDB's 1396, by the number in its warnings. */
export const MARIADB_BEHIND: Readonly<Record<number, ServiceFailure>> = {
  1290: [
    'ERR_SERVICE_UNSUPPORTED',
    'accepts no password hashes',
    'nothing was changed. Run SET GLOBAL strict_password_validation = OFF: with a plugin that checks passwords ' +
      '(simple_password_check, cracklib_password_check …) it refuses every hash. Make the policy of generated passwords agree ' +
      'with that plugin',
  ],
  1372: NO_SUCH_HASH,
  1524: NO_PLUGIN,
  1819: REFUSED,
};
