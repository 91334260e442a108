import { errorParts, RotationError, type StepContext } from '../../../src/index.js';
import { dropPending } from '../drop-pending.js';
import { call } from './api.js';
import type { Database } from './database.js';
import type { PasswordLengths } from './engine-in-rds.js';

/**
 * Asks RDS to set the master user's password. RDS answers first, and applies the password some time later.
 *
 * @returns `false` if the database is busy with another change
 * @throws RotationError `ERR_VALUE_REFUSED` if RDS refuses the password; nothing was changed then
 */
export async function askForPassword(
  { kind, id, name }: Database,
  MasterUserPassword: string,
  lengths: PasswordLengths,
  context: StepContext,
): Promise<boolean> {
  try {
    // A DB instance applies a password at once anyway. ApplyImmediately would also apply everything that waits for the
    // maintenance window, such as an upgrade with an outage.
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
        `change the policy of generated passwords: RDS takes ${inWords(lengths)} of printable ASCII, without / @ " and ` +
        `space. ${dropPending(context)}`,
      cause,
    });
  }
}

function inWords({ least, most, mostOfClusters }: PasswordLengths): string {
  const ofClusters =
    mostOfClusters === undefined ? '' : ` (for a cluster at most ${mostOfClusters}, by its API reference)`;
  return `${least} to ${most} characters${ofClusters}`;
}
