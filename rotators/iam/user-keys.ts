import { type IssuedKey, issuedKey, type KeyTimes, RotationError, type Rotator } from '../../src/index.js';
import { createAccessKey, deleteAccessKey, listAccessKeys, type NewAccessKey } from './access-keys.js';

/** What all rotators for the keys of IAM users can be told. */
export interface UserKeyOptions extends KeyTimes {
  /**
   * That each user is for one secret alone. Access keys have no names: only then can one that no version holds be taken
   * for what a failed attempt left behind, and be deleted. Without it such a key has to be deleted by hand, since it takes
   * the room of the next.
   *
   * @default false
   */
  readonly ownsEveryKey?: boolean;
}

/** In which the rotators for the keys of IAM users differ. */
interface UserKeys<Secret extends object, Field extends keyof Secret & string>
  extends Pick<
    IssuedKey<Secret, Field>,
    'name' | 'rotates' | 'shows' | 'rejectionHint' | 'parse' | 'id' | 'probe'
  > {
  /** The field with the name of the user. */
  readonly user: keyof Secret & string;
  /** What of a new key goes into the secret. */
  fieldsOf(key: NewAccessKey, current: Secret): Pick<Secret, Field>;
}

/**
 * Makes a rotator for the access keys of IAM users, of which each has two at most. The function's own role makes and deletes
 * them, for a user whose live key AWSCURRENT holds: whoever may write the secret must not get a key of another user.
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
      // A login by SMTP does not tell whose key it was.
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
      'nothing was changed: a new key is made only for a user of whom the secret holds a live one. Make one by hand, store ' +
      'it with PutSecretValue, then rotate again',
  });
}
