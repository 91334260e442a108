import { setTimeout as sleep } from 'node:timers/promises';
import {
  isRotationError,
  type PasswordPolicy,
  passwordPolicyFrom,
  RotationError,
  type Rotator,
  type StepContext,
  stringField,
  type Versions,
} from '../../../src/index.js';
import { type PostgresOptions, readOptions } from '../connections.js';
import { parseSecret, SHOWS } from '../secret.js';
import { askForPassword } from './ask-for-password.js';
import { type Database, findDatabase, type MasterSecret } from './database.js';

export interface RdsInstanceOptions extends PostgresOptions {
  /** How often to ask RDS whether it is done, in milliseconds. @default 5000 */
  readonly pollMs?: number;
}

/** Statuses in which RDS takes a new password, and in which it has applied the last one. The second may last for days. */
const READY = ['available', 'storage-optimization'];

/**
 * Rotates the password of the master user of an RDS or Aurora database through the API of RDS: no session with the
 * database changes anything, logins only tell which password it takes.
 *
 * It is for master users that cannot change their own password, and for those that are locked out. Where they can,
 * `postgres()` takes a second instead of a minute, and needs no right to modify the database. Whoever may write the
 * secret chooses the database, so the policy of the function's role should name it.
 *
 * From the moment that RDS applies the password, in setSecret, until finishSecret, AWSCURRENT cannot open new sessions.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if RDS would take no password that meets the policy
 * @throws TypeError for another option that cannot be
 */
export function rdsInstance(options: RdsInstanceOptions = {}): Rotator<MasterSecret, 'password'> {
  const { pollMs = 5000 } = options;
  const password = narrowed(options.password ?? passwordPolicyFrom(process.env));
  const { makePassword, tryIn, tryOut } = readOptions({ ...options, password });
  if (!Number.isInteger(pollMs) || pollMs < 1 || pollMs > 60_000) {
    throw new TypeError('pollMs must be a whole number of milliseconds, from 1 to 60000');
  }
  return {
    name: 'rds-instance',
    rotates: ['password'],
    shows: [...SHOWS, 'dbInstanceIdentifier', 'dbClusterIdentifier'],
    ownWords: true,
    rejectionHint:
      'if setSecret was done, the password was changed again since, or the user’s VALID UNTIL has passed',
    parse,
    createSecret: () => ({ password: makePassword() }),
    setSecret,
    testSecret: tryOut,
  };

  /** Logins, not the statuses of RDS, say where the rotation stands: they lag behind, and know of no other attempt. */
  async function setSecret(
    { pending, current }: Versions<MasterSecret>,
    context: StepContext,
  ): Promise<void> {
    let isAsked = false;
    for (;;) {
      const database = await findDatabase(pending, context);
      if (READY.includes(database.status) && !database.isChanging) {
        // AWSCURRENT first: on the normal path no login is refused.
        const byCurrent = isAsked ? 'rejected' : await tryIn(current, context);
        const byPending = byCurrent === 'accepted' ? 'rejected' : await tryIn(pending, context);
        if (byPending === 'accepted') return;
        // Neither works for a master user who is locked out. RDS lets it in again.
        if (!isAsked) {
          const inconclusive = [byCurrent, byPending].find(isRotationError);
          if (inconclusive) throw inconclusive;
          // The last moment: RDS knows no way to let go of what it was asked for.
          if ((await context.confirm()) === 'current') return;
          isAsked = await askForPassword(database, pending.password, context);
        }
      }
      await pause(database, context);
    }
  }

  async function pause({ name, status }: Database, context: StepContext): Promise<void> {
    // A second is for what comes after it: it must not be cut off.
    if (context.leftMs < pollMs + 1000) {
      throw new RotationError(
        'ERR_SERVICE_TIMEOUT',
        `${name} does not have the new password yet (${status})`,
        {
          hint:
            'nothing is lost: the next attempt goes on from here. Give the function a timeout of some minutes. If the ' +
            'status is not one that passes, see to the database; if it is ready, look for a VALID UNTIL of the user',
        },
      );
    }
    await sleep(pollMs, undefined, { signal: context.signal });
  }
}

function parse(json: Readonly<Record<string, unknown>>): MasterSecret {
  const [instance, cluster] = [json.dbInstanceIdentifier ?? undefined, json.dbClusterIdentifier ?? undefined];
  return {
    ...parseSecret(json),
    ...(instance !== undefined && { dbInstanceIdentifier: stringField(json, 'dbInstanceIdentifier') }),
    ...(cluster !== undefined && { dbClusterIdentifier: stringField(json, 'dbClusterIdentifier') }),
  };
}

/** What RDS takes as the password of a master user of PostgreSQL. */
function narrowed(policy: PasswordPolicy): PasswordPolicy {
  const { length = 32, exclude = '' } = policy;
  if (length >= 8 && length <= 128) return { ...policy, exclude: `${exclude}/@" ` };
  throw new RotationError(
    'ERR_PASSWORD_POLICY',
    `RDS takes passwords of 8 to 128 characters, not of ${length}`,
    {
      hint: 'change the policy, or the environment variable PASSWORD_LENGTH',
    },
  );
}
