import type { LabelState } from './label-state.js';
import type { Timeline } from './timeline.js';

/** A problem other than the labels that keeps a secret from rotating, or its readers from the value. */
export interface Note {
  readonly name:
    | 'OVERDUE'
    | 'ROTATION_OFF'
    | 'NO_FUNCTION'
    | 'REPLICA_FAILED'
    | 'MANY_VERSIONS'
    | 'AGES_UNKNOWN';
  readonly meaning: string;
  readonly advice: string;
}

const DAY_MS = 86_400_000;
/** Secrets Manager deletes versions without a label once there are more than 100, but none younger than a day. */
const MANY = 80;

/** Returns what the secret's dates, replicas and versions show. */
export function notesOf(
  timeline: Timeline,
  { seenAt, versions, rotation, functionArn }: LabelState,
): readonly Note[] {
  const notes: Note[] = [];
  const { nextRotationDate: next, replicas } = timeline;
  if (rotation === 'on' && next && seenAt.getTime() - next.getTime() > DAY_MS) {
    notes.push({
      name: 'OVERDUE',
      meaning: `the next rotation was due by ${next.toISOString().slice(0, 10)}`,
      advice: 'check that the function exists, and that Secrets Manager may invoke it',
    });
  }
  if (rotation === 'off') {
    notes.push({
      name: 'ROTATION_OFF',
      meaning: 'rotation is turned off',
      advice: 'find out who turned it off, and why',
    });
  }
  if (rotation === 'on' && functionArn === undefined) {
    notes.push({
      name: 'NO_FUNCTION',
      meaning: 'rotation is on, but no function is set',
      advice:
        'to set one, which rotates at once: aws secretsmanager rotate-secret --rotation-lambda-arn <its ARN>',
    });
  }
  for (const { region, message } of replicas.filter(({ status }) => status === 'Failed')) {
    notes.push({
      name: 'REPLICA_FAILED',
      meaning: `the replica in ${region} has failed${message === undefined ? '' : `: ${message}`}`,
      advice:
        'fix the cause first (often that Region’s KMS key). If you remove the replica and create it again, its readers are ' +
        'without the secret meanwhile',
    });
  }
  const young = versions.filter(
    ({ createdAt }) => createdAt && seenAt.getTime() - createdAt.getTime() < DAY_MS,
  );
  if (young.length > MANY) {
    notes.push({
      name: 'MANY_VERSIONS',
      meaning: `${young.length} versions were stored within a day`,
      advice: 'something stores values in a loop: find it in CloudTrail (PutSecretValue)',
    });
  }
  if (versions.length > 0 && versions.every(({ createdAt }) => createdAt === undefined)) {
    notes.push({
      name: 'AGES_UNKNOWN',
      meaning: 'the ages of the versions are unknown, and so are the versions without a label',
      advice: 'allow secretsmanager:ListSecretVersionIds on this secret',
    });
  }
  return notes;
}

/** Returns what needs other rights to see, and where to look. */
export function notLookedAt({ functionArn }: LabelState): readonly string[] {
  const key =
    'the KMS key, and who may use it (aws secretsmanager describe-secret --query KmsKeyId names it)';
  if (functionArn === undefined) {
    return [key];
  }
  const name = functionArn.split(':').at(-1);
  return [
    `the function’s log: which step failed, with which code (aws logs tail /aws/lambda/${name} --since 1d)`,
    `whether the function exists, and Secrets Manager may invoke it (aws lambda get-policy --function-name ${name})`,
    `its timeout, VPC and security groups (aws lambda get-function-configuration --function-name ${name})`,
    key,
  ];
}
