import { RotationError, type Rotator, type StepContext, stringField, type Verdict } from '../../src/index.js';
import { callerOf } from './caller.js';
import { type UserKeyOptions, userKeys } from './user-keys.js';

export type { UserKeyOptions } from './user-keys.js';

/** Secret with an access key of an IAM user. */
export interface IamSecret {
  /** Name of the user, not its ARN. */
  readonly userName: string;
  /** Id of the access key. */
  readonly accessKeyId: string;
  /** Secret part of the access key. */
  readonly secretAccessKey: string;
}

/** AWS documents no limit. A key that works sooner is not waited for. */
const PROPAGATION_MS = 30_000;

/**
 * Returns a rotator for the access keys of IAM users. A user has two keys at most. So createSecret deletes AWSPREVIOUS's key
 * before it makes the next one. AWSCURRENT works all the time.
 *
 * It loads `@aws-sdk/client-iam` and `@aws-sdk/client-sts`, which Lambda's Node.js runtimes include.
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { iam } from 'quarterturn/rotators/iam';
 *
 * export const handler = rotationHandler(iam({ ownsEveryKey: true }));
 * ```
 *
 * @throws RangeError if an option is invalid
 */
export function iam(options: UserKeyOptions = {}): Rotator<IamSecret, 'accessKeyId' | 'secretAccessKey'> {
  return userKeys<IamSecret, 'accessKeyId' | 'secretAccessKey'>(
    {
      name: 'iam',
      rotates: ['accessKeyId', 'secretAccessKey'],
      shows: ['userName'],
      rejectionHint: 'the key was deleted or made inactive, or not all of AWS knows it yet',
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

/** A blank or a line break, as editors and shells add them, would spoil the signature or the request. */
function keyField(json: Readonly<Record<string, unknown>>, name: string): string {
  const value = stringField(json, name);
  if (/^[!-~]+$/.test(value)) return value;
  throw new TypeError(`"${name}" contains a space, a line break or another character that no access key has`);
}

async function probe(secret: IamSecret, context: StepContext): Promise<Verdict> {
  const arn = await callerOf(secret, context);
  if (arn === 'rejected') return 'rejected';
  // arn:aws:iam::123456789012:user/a/path/name. IAM allows no two names that differ only in case.
  const [, name] = /:user\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (name?.toLowerCase() === secret.userName.toLowerCase()) return 'accepted';
  throw new RotationError(
    'ERR_SECRET_MALFORMED',
    `the access key ${secret.accessKeyId} belongs to ${arn}, not to the user "${secret.userName}"`,
    { hint: 'correct "userName" in the secret, or store a key of that user' },
  );
}
