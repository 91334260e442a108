import type { LabelState } from './label-state.js';
import type { Timeline } from './timeline.js';

/** Something beside the labels that keeps a secret from being rotated, or its readers from the value. */
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
/** Secrets Manager deletes versions without a label once there are more than 100, and none that is younger than a day. */
const MANY = 80;

/** What is seen in the secret's dates, replicas and versions. */
export function notesOf(
  timeline: Timeline,
  { seenAt, versions, rotation, functionArn }: LabelState,
): readonly Note[] {
  const notes: Note[] = [];
  const { nextRotationDate: next, replicas } = timeline;
  if (rotation === 'on' && next && seenAt.getTime() - next.getTime() > DAY_MS) {
    notes.push({
      name: 'OVERDUE',
      meaning: `the next rotation should have been over by ${next.toISOString().slice(0, 10)}`,
      advice: 'the function may be missing, or Secrets Manager may not be allowed to invoke it',
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
      meaning: 'rotation is on, and no function is named',
      advice: 'name one: aws secretsmanager rotate-secret --rotation-lambda-arn <its ARN>',
    });
  }
  for (const { region, message } of replicas.filter(({ status }) => status === 'Failed')) {
    notes.push({
      name: 'REPLICA_FAILED',
      meaning: `the replica in ${region} has failed${message === undefined ? '' : `: ${message}`}`,
      advice:
        'mend its cause first (often its KMS key). To remove the replica and make it anew takes the secret from its readers ' +
        'there for that time',
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
      meaning: 'nobody knows how old the versions are, nor which have no label',
      advice: 'allow secretsmanager:ListSecretVersionIds on this secret',
    });
  }
  return notes;
}

/** What cannot be seen with the rights and the clients that are here, and where to look. */
export function notLookedAt({ functionArn = '<function>' }: LabelState): readonly string[] {
  const name = functionArn.split(':').at(-1);
  return [
    `the function’s log: in which step it failed, and the code (aws logs tail /aws/lambda/${name} --since 1d)`,
    `whether the function is there, and Secrets Manager may invoke it (aws lambda get-policy --function-name ${name})`,
    `its timeout, VPC and security groups (aws lambda get-function-configuration --function-name ${name})`,
    'the KMS key, and who may use it (aws secretsmanager describe-secret --query KmsKeyId names it)',
  ];
}
