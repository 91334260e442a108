import type { RotationError } from '../errors.js';
import type { Awaitable, KeyEnding, Rotator, StepContext, Verdict } from '../rotator.js';
import type { ListedKey } from './key-sweep.js';

/** How fast a provider's servers learn of a new key, and of the end of an old one. */
export interface KeyTimes {
  /** How long the provider may still reject a new key, in milliseconds; testSecret keeps asking meanwhile. @default 0 */
  readonly propagationMs?: number | undefined;

  /**
   * How long the provider must accept a new key, several times in a row, in milliseconds: the first answer comes from one of
   * its servers. With 0, one answer is enough.
   *
   * @default `propagationMs`, at most 3000
   */
  readonly settleMs?: number | undefined;

  /**
   * When the provider refuses an ended key. With `'at-once'`, a key that still works fails the step. With `'late'` and
   * `'at-expiry'`, the rotation continues with a warning; with `'untried'`, nobody tries the key.
   *
   * @default 'at-once'
   */
  readonly ends?: KeyEnding | undefined;
}

/** Declaration of a kind of key that the provider chooses and shows once: the argument of {@link issuedKey}. */
export interface IssuedKey<Secret extends object, Field extends keyof Secret & string>
  extends KeyTimes,
    Pick<
      Rotator<Secret, Field>,
      'name' | 'rotates' | 'shows' | 'ownWords' | 'rejectionHint' | 'text' | 'parse'
    > {
  /** Name of the field with the key's id: one that rotates, or one that `parse` derives from those. Messages show it. */
  readonly id: keyof Secret & string;

  /**
   * Makes a key that works beside all others, and returns the rotated fields. Give the key this `name`, which no other key
   * has: the rotator finds leftovers of failed attempts by it. If the method can throw after the provider has answered, it
   * must first pass the key to {@link StepContext.hide}.
   */
  issue(name: string, current: Secret, context: StepContext): Awaitable<Pick<Secret, Field>>;

  /**
   * Lists all keys of the account or user that `secret` names: every page, whoever made them. If the keys of AWSPENDING and
   * AWSCURRENT are missing, the rotator lists again, and then fails.
   */
  list(secret: Secret, context: StepContext): Awaitable<readonly ListedKey[]>;

  /** Ends a key. Must succeed if the key does not exist: the rotator calls it again after a failure. */
  revoke(id: string, secret: Secret, context: StepContext): Awaitable<void>;

  /**
   * Makes a harmless call with the key, and returns whether the provider accepted it. Must throw if it could not find out: a
   * timeout is not a refusal. If the answer tells whose key it is, it must also throw for the key of another account or user
   * than `secret` names.
   */
  probe(secret: Secret, context: StepContext): Awaitable<Verdict>;

  /**
   * Returns whether only AWSCURRENT's key authorizes `issue`, so that a dead key makes no other. createSecret then does not
   * call `probe` first. Never return true if an administrator's key or the function's role authorizes it. With `maxKeys`,
   * createSecret calls `probe` anyway, because it makes room before `issue` proves anything.
   *
   * @default false
   */
  issuesWithItsOwnKey?(current: Secret): boolean;

  /**
   * Returns the error that createSecret throws if AWSCURRENT's key is dead, for example one that names the user.
   *
   * @default an `ERR_CREDENTIAL_REJECTED`
   */
  deadKey?(current: Secret): RotationError;

  /** Length of the longest name that the provider accepts, at least 40. Never change it later. @default 100 */
  readonly nameLength?: number;

  /**
   * Set this if keys have no names and every key that `list` returns belongs to this secret (a user used for nothing else).
   * The rotator then treats a key as a leftover if no version holds it and it is not older than AWSCURRENT's.
   *
   * @default false
   */
  readonly ownsEveryKey?: boolean;

  /**
   * How many keys may be live at once, at least 2. createSecret then frees a slot by revoking AWSPREVIOUS's key. Use
   * `'until-full'` if only the provider knows the limit: when `issue` throws `ERR_SERVICE_FULL`, createSecret frees a slot
   * and calls `issue` once more.
   *
   * @default no limit
   */
  readonly maxKeys?: number | 'until-full';

  /** Name of the option that sets the lifetime of new keys, for the warning about a key that expires too early. */
  readonly lifetimeOption?: string;
}
