import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import { RotationError } from '../../errors.js';
import { type Timeline, timelineOf } from '../../operate/timeline.js';
import { type Connection, sameAgain } from '../aws/connection.js';
import { ageInWords } from '../terminal/time.js';

/**
 * Checks that an operator may rotate a secret now.
 *
 * @throws RotationError; then only DescribeSecret was called
 */
export function assertRotatable(secret: DescribeSecretResponse, now: Date, connection: Connection): Timeline {
  const again = sameAgain(connection);
  const timeline = timelineOf(secret, undefined, { now, stuckAfterMs: 0 });
  const { name, owningService, replicaOf, deletedDate, isRotationOn, functionArn, pending } = timeline;
  if (owningService !== undefined) {
    throw new RotationError(
      'ERR_MANAGED_BY_SERVICE',
      `${name} is managed by ${owningService}: nothing was done`,
      {
        hint: 'have that service rotate it',
      },
    );
  }
  if (secret.Type) {
    throw new RotationError(
      'ERR_MANAGED_EXTERNALLY',
      `${name} is a managed external secret: nothing was done`,
      {
        hint: 'Secrets Manager rotates it without a function: use the console, or aws secretsmanager rotate-secret',
      },
    );
  }
  if (replicaOf !== undefined) {
    throw new RotationError('ERR_REPLICA', `${name} is a replica: nothing was done`, {
      hint: `rotate its primary: quarterturn rotate ${name}${sameAgain({ ...connection, region: replicaOf })}`,
    });
  }
  if (deletedDate) {
    throw new RotationError('ERR_MARKED_FOR_DELETION', `${name} is marked for deletion: nothing was done`, {
      hint: `to bring it back: aws secretsmanager restore-secret --secret-id ${name}${again}`,
    });
  }
  if (functionArn === undefined) {
    throw new RotationError('ERR_ROTATION_DISABLED', `${name} has no rotation function: nothing was done`, {
      hint: 'if it should rotate, set one, with a schedule: aws secretsmanager rotate-secret --rotation-lambda-arn. quarterturn policy prints how to deploy it',
    });
  }
  if (!isRotationOn) {
    throw new RotationError('ERR_ROTATION_DISABLED', `rotation of ${name} is off: nothing was done`, {
      hint: `somebody turned it off: find out why first. RotateSecret turns it on again, with its schedule: aws secretsmanager rotate-secret --secret-id ${name}${again}`,
    });
  }
  if (pending) {
    const age = pending.since ? `, for ${ageInWords(now.getTime() - pending.since.getTime())} or more` : '';
    throw new RotationError(
      'ERR_SECRETS_MANAGER_FAILED',
      `a rotation of ${name} is not complete${age}: no new one was begun`,
      { hint: pendingHint(name, again) },
    );
  }
  return timeline;
}

/** Returns what to do about a rotation that does not end. */
export function pendingHint(name: string, again: string): string {
  return `quarterturn doctor ${name}${again} finds out where it stopped. Do not remove AWSPENDING: it may hold the only password that works`;
}
