import { type IssuedKey, issuedKey, type KeyTimes, RotationError, type Rotator } from '../../src/index.js';
import { createAccessKey, deleteAccessKey, listAccessKeys, type NewAccessKey } from './access-keys.js';

/** Options of every rotator for the keys of IAM users. */
export interface UserKeyOptions extends KeyTimes {
  /**
   * Set this if each user belongs to one secret only. Access keys have no names. Only then is a key that no version holds
   * certain to be left by a failed attempt, and the rotation deletes it. Without this option, delete such a key by hand: it
   * takes the next key's place.
   *
   * @default false
   */
  readonly ownsEveryKey?: boolean;
}

/** The parts in which rotators for the keys of IAM users differ. */
interface UserKeys<Secret extends object, Field extends keyof Secret & string>
  extends Pick<
    IssuedKey<Secret, Field>,
    'name' | 'rotates' | 'shows' | 'rejectionHint' | 'parse' | 'id' | 'probe'
  > {
  /** Field with the name of the user. */
  readonly user: keyof Secret & string;
  /** Returns the fields that a new key puts into the secret. */
  fieldsOf(key: NewAccessKey, current: Secret): Pick<Secret, Field>;
}

/**
 * Returns a rotator for the access keys of IAM users. A user has two at most. The function's role makes and deletes keys, but
 * only for a user whose live key AWSCURRENT holds: the secret's writer must not get another user's key.
 */
export function userKeys<Secret extends object, Field extends keyof Secret & string>(
  { user, fieldsOf, ...declaration }: UserKeys<Secret, Field>,
  { ownsEveryKey = false, propagationMs, settleMs, ends }: UserKeyOptions,
): Rotator<Secret, Field> {
  const keyOf = (secret: Secret): string => String(secret[declaration.id]);
  const userOf = (secret: Secret): string => String(secret[user]);
  const rotator = issuedKey<Secret, Field>({
    ...declaration,
    ownWords: true,
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    maxKeys: 2,
    ownsEveryKey,
    ...{ propagationMs, settleMs, ends },
    deadKey: (current) => dead(`AWS refused the access key ${keyOf(current)} of "${userOf(current)}"`),
    issue: async (_, current, context) => fieldsOf(await createAccessKey(userOf(current), context), current),
    list: (secret, context) => listAccessKeys(userOf(secret), context),
    revoke: (key, secret, context) => deleteAccessKey(userOf(secret), key, context),
  });
  return {
    ...rotator,
    async createSecret(current, context) {
      // A login by SMTP does not show whose key it was.
      const keys = await listAccessKeys(userOf(current), context);
      if (!keys.some(({ id }) => id === keyOf(current))) {
        throw dead(`the user "${userOf(current)}" has no access key ${keyOf(current)}`);
      }
      return rotator.createSecret(current, context);
    },
  };
}

function dead(problem: string): RotationError {
  return new RotationError('ERR_CREDENTIAL_REJECTED', `${problem}, which AWSCURRENT holds`, {
    hint:
      'nothing was changed. A new key is made only for a user whose live key the secret holds: make one by hand, store it ' +
      'with PutSecretValue, then rotate again',
  });
}
