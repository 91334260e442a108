import { errorParts, RotationError, type StepContext } from '../../../src/index.js';
import { dropPending } from '../drop-pending.js';
import { call } from './api.js';
import type { Database } from './database.js';
import type { PasswordLengths } from './engine-in-rds.js';

/**
 * Asks RDS to set the password of the master user, which it does some time after it has answered.
 *
 * @returns false if the database is busy with something else
 * @throws RotationError `ERR_VALUE_REFUSED` if RDS does not take the password: then nothing was changed
 */
export async function askForPassword(
  { kind, id, name }: Database,
  MasterUserPassword: string,
  lengths: PasswordLengths,
  context: StepContext,
): Promise<boolean> {
  try {
    // A DB instance takes a password at once in any case, and ApplyImmediately would do with it all else that waits for
    // the maintenance window: an upgrade, with an outage.
    await (kind === 'cluster'
      ? call('ModifyDBCluster', name, context, (client, options) =>
          client.modifyDBCluster(
            { DBClusterIdentifier: id, MasterUserPassword, ApplyImmediately: true },
            options,
          ),
        )
      : call('ModifyDBInstance', name, context, (client, options) =>
          client.modifyDBInstance({ DBInstanceIdentifier: id, MasterUserPassword }, options),
        ));
    return true;
  } catch (failure) {
    const cause = failure instanceof RotationError ? failure.cause : undefined;
    const refusal = errorParts(cause);
    if (/^InvalidDB(Instance|Cluster)State/.test(refusal.name)) return false;
    const isOfValue = /^(InvalidParameterValue|ValidationError)$/.test(refusal.name);
    if (!isOfValue || !/password/i.test(refusal.message)) throw failure;
    throw new RotationError('ERR_VALUE_REFUSED', `RDS refuses the new password of ${name}`, {
      hint:
        `RDS takes ${inWords(lengths)} of printable ASCII, without / @ " and ` +
        `space: change the policy of the generated password. ${dropPending(context)}`,
      cause,
    });
  }
}

function inWords({ least, most, mostOfClusters }: PasswordLengths): string {
  const ofClusters =
    mostOfClusters === undefined ? '' : ` (for a cluster its reference says ${mostOfClusters})`;
  return `${least} to ${most} characters${ofClusters}`;
}
