import type { ServiceFailure } from '../../src/index.js';
import type { ErrorNumbers } from './login-errors.js';

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
const UNLOCKABLE: ServiceFailure = [
  'ERR_SERVICE_TIMEOUT',
  'could not lock what it has to change',
  'nothing was changed. Look with SHOW PROCESSLIST for a backup (FLUSH TABLES WITH READ LOCK, LOCK INSTANCE FOR BACKUP), or for ' +
    'a session that has locked the tables of users',
];
/** Of a BACKUP STAGE it was seen that the new password worked: the wait was for the commit. */
const OUT_OF_TIME: ServiceFailure = [
  'ERR_SERVICE_TIMEOUT',
  'ended the statement, which had waited too long',
  'look with SHOW FULL PROCESSLIST for a backup (FLUSH TABLES WITH READ LOCK, BACKUP STAGE, mariabackup), or for a session that ' +
    'has locked the tables of users. The password may have been changed all the same: the next attempt finds out, so leave ' +
    'AWSPENDING where it is',
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
      'does not support a statement that is needed',
      'nothing was changed. Most likely it is GET_LOCK, which some clusters refuse (Galera, in its strict mode): without that lock ' +
        'a change that comes too late could lock everybody out',
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
      'give the account a password, and write it into the secret',
    ],
    3891: REFUSED,
    3892: REFUSED,
    3894: [
      'ERR_SERVICE_UNSUPPORTED',
      'cannot keep the password when it changes the plugin',
      'nothing was changed. Both passwords must be of the plugin that the account has',
    ],
    4031: [
      'ERR_SERVICE_TIMEOUT',
      'ended the session, which had waited too long for the function',
      'the next attempt starts again. If this repeats, look at what slows the function down: its memory size, or its way to ' +
        'Secrets Manager; and at wait_timeout',
    ],
  },
  mariadb: {
    1205: OUT_OF_TIME,
    1372: NO_SUCH_HASH,
    1927: ENDED,
    1969: OUT_OF_TIME,
  },
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
