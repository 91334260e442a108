import {
  type ListedKey,
  loadDriver,
  type Permission,
  type PermissionTarget,
  RotationError,
  type StepContext,
} from '../../src/index.js';
import { refusalName, toAwsFailure } from './failures.js';

type Client = typeof import('./client.js')['iam'];

const USERS: PermissionTarget = { name: 'users', arns: ['arn:{partition}:iam::{account}:user/NAME'] };

/** Rights that every rotator of access keys needs. */
export const ON_ACCESS_KEYS: readonly Permission[] = [
  {
    action: 'iam:ListAccessKeys',
    on: USERS,
    steps: ['createSecret', 'finishSecret'],
    why: 'checks that AWSCURRENT’s key is the user’s and that there is room; finds keys that failed attempts left',
  },
  { action: 'iam:CreateAccessKey', on: USERS, steps: ['createSecret'], why: 'makes the next key' },
  {
    action: 'iam:DeleteAccessKey',
    on: USERS,
    steps: ['createSecret', 'finishSecret'],
    why: 'deletes AWSPREVIOUS’s key to make room, since a user has two at most; deletes keys that failed attempts left',
  },
];

/** A new key. CreateAccessKey shows its secret part only once. */
export interface NewAccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Makes a key.
 *
 * @throws RotationError without any part of an answer, which may hold the key
 */
export async function createAccessKey(userName: string, context: StepContext): Promise<NewAccessKey> {
  const { AccessKey } = await call('CreateAccessKey', userName, context, (client, options) =>
    client.createAccessKey(userName, options),
  );
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = AccessKey ?? {};
  if (!accessKeyId || !secretAccessKey) {
    throw new RotationError('ERR_SERVICE_FAILED', `iam:CreateAccessKey of "${userName}" returned no key`);
  }
  context.hide(secretAccessKey);
  return { accessKeyId, secretAccessKey };
}

/** Lists a user's keys, also inactive ones: they count against the limit of two. */
export function listAccessKeys(userName: string, context: StepContext): Promise<readonly ListedKey[]> {
  return call('ListAccessKeys', userName, context, async (client, options) => {
    const keys: ListedKey[] = [];
    for await (const { AccessKeyMetadata = [] } of client.listAccessKeys(userName, options)) {
      for (const { AccessKeyId: id, CreateDate: createdAt } of AccessKeyMetadata) {
        if (id && createdAt) keys.push({ id, createdAt });
      }
    }
    return keys;
  });
}

/**
 * Deletes a key. Does not make it inactive first: an inactive key still counts, and nobody would look at it before its
 * deletion.
 */
export async function deleteAccessKey(userName: string, id: string, context: StepContext): Promise<void> {
  await call('DeleteAccessKey', userName, context, async (client, options) => {
    try {
      await client.deleteAccessKey(userName, id, options);
    } catch (error) {
      if (refusalName(error) !== 'NoSuchEntity') throw error;
    }
  });
}

/** Makes one call to IAM, ended by the step's deadline. Turns a failure into a RotationError. */
async function call<T>(
  action: string,
  userName: string,
  { signal }: StepContext,
  work: (client: Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const { iam } = await loadDriver('@aws-sdk/client-iam@^3.1169.0', () => import('./client.js'));
  try {
    return await work(iam, { abortSignal: signal });
  } catch (error) {
    throw toAwsFailure(error, `iam:${action} of "${userName}"`);
  }
}
