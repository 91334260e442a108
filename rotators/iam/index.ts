import { RotationError, type Rotator, type StepContext, stringField, type Verdict } from '../../src/index.js';
import { callerOf } from './caller.js';
import { type UserKeyOptions, userKeys } from './user-keys.js';

export type { UserKeyOptions } from './user-keys.js';

/** An access key of an IAM user. */
export interface IamSecret {
  /** The name, not the ARN. */
  readonly userName: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** AWS says that it takes time, not how much. A key that works sooner is not waited for. */
const PROPAGATION_MS = 30_000;

/**
 * Rotates the access keys of IAM users. A user has two at most, so the one in AWSPREVIOUS is deleted in createSecret,
 * before the next is made; AWSCURRENT works all the time.
 *
 * It loads `@aws-sdk/client-iam` and `@aws-sdk/client-sts`, which Lambda's Node.js runtimes have.
 *
 * @throws RangeError for an option that cannot be
 */
export function iam(options: UserKeyOptions = {}): Rotator<IamSecret, 'accessKeyId' | 'secretAccessKey'> {
  return userKeys<IamSecret, 'accessKeyId' | 'secretAccessKey'>(
    {
      name: 'iam',
      rotates: ['accessKeyId', 'secretAccessKey'],
      shows: ['userName'],
      rejectionHint: 'the key was deleted or made inactive, or IAM has not told all of AWS of it yet',
      parse,
      id: 'accessKeyId',
      user: 'userName',
      fieldsOf: (key) => key,
      probe,
    },
    { ...options, propagationMs: options.propagationMs ?? PROPAGATION_MS },
  );
}

function parse(json: Readonly<Record<string, unknown>>): IamSecret {
  return {
    userName: stringField(json, 'userName'),
    accessKeyId: keyField(json, 'accessKeyId'),
    secretAccessKey: keyField(json, 'secretAccessKey'),
  };
}

/** What editors and shells add would make a wrong signature, or a request that cannot be sent. */
function keyField(json: Readonly<Record<string, unknown>>, name: string): string {
  const value = stringField(json, name);
  if (/^[!-~]+$/.test(value)) return value;
  throw new TypeError(`"${name}" contains a blank, a line break or another character that no access key has`);
}

async function probe(secret: IamSecret, context: StepContext): Promise<Verdict> {
  const arn = await callerOf(secret, context);
  if (arn === 'rejected') return 'rejected';
  // arn:aws:iam::123456789012:user/a/path/name; IAM has no two names that differ in case alone.
  const [, name] = /:user\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (name?.toLowerCase() === secret.userName.toLowerCase()) return 'accepted';
  throw new RotationError(
    'ERR_SECRET_MALFORMED',
    `the access key ${secret.accessKeyId} is of ${arn}, not of the user "${secret.userName}"`,
    { hint: 'correct "userName" in the secret, or store a key of that user' },
  );
}
