import type { RotationError } from '../errors.js';
import type { Awaitable, KeyEnding, Rotator, StepContext, Verdict } from '../rotator.js';
import type { ListedKey } from './key-sweep.js';

/** When a provider knows a new key everywhere, and when it refuses one that was ended. */
export interface KeyTimes {
  /** For how long a new key may still be rejected, in milliseconds: testSecret asks again for so long. @default 0 */
  readonly propagationMs?: number | undefined;

  /**
   * For how long a new key must be accepted, several times in a row: a first acceptance is one server's. 0: once is enough.
   *
   * @default `propagationMs`, 3000 at most
   */
  readonly settleMs?: number | undefined;

  /**
   * When a key that was ended is refused. A key that still works fails the step, unless it is declared to end otherwise than
   * at once: then a rotation goes on, with a warning.
   *
   * @default 'at-once'
   */
  readonly ends?: KeyEnding | undefined;
}

/** A kind of key that its provider chooses, and shows once. */
export interface IssuedKey<Secret extends object, Field extends keyof Secret & string>
  extends KeyTimes,
    Pick<
      Rotator<Secret, Field>,
      'name' | 'rotates' | 'mayRotate' | 'shows' | 'ownWords' | 'rejectionHint' | 'text' | 'parse'
    > {
  /** The field with the key's id: one that rotates, or one that `parse` derives from those. Messages show it. */
  readonly id: keyof Secret & string;

  /**
   * Makes a key that works beside all others, and returns the rotated fields. `name` is for no other key: leftovers of
   * attempts that failed are found by it. If it may throw with a key in hand, it hides that first: `context.hide`.
   */
  issue(name: string, current: Secret, context: StepContext): Awaitable<Pick<Secret, Field>>;

  /**
   * Lists the keys of the account or user that `secret` names, all pages, whoever made them. A list that does not show the
   * keys of AWSPENDING and AWSCURRENT is asked for again, and then is an error.
   */
  list(secret: Secret, context: StepContext): Awaitable<readonly ListedKey[]>;

  /** Ends a key. Succeeds if it is gone, whether or not it was there: it is called again after a failure. */
  revoke(id: string, secret: Secret, context: StepContext): Awaitable<void>;

  /**
   * Makes a harmless call with the key. Throws if it could not find out: a timeout is not a refusal. If the answer tells
   * whose key it is, it throws as well for one of another account or user than `secret` names.
   */
  probe(secret: Secret, context: StepContext): Awaitable<Verdict>;

  /**
   * Whether AWSCURRENT's key is all that authorises `issue`, so that a dead one makes no other. Then createSecret does not
   * ask `probe` first. Never say so of an administrator's key, or of the function's own role. With `maxKeys` it is asked
   * all the same: room is made before `issue` proves anything.
   *
   * @default false
   */
  issuesWithItsOwnKey?(current: Secret): boolean;

  /** What createSecret throws if AWSCURRENT's key is dead: an `ERR_CREDENTIAL_REJECTED` that names the user, say. */
  deadKey?(current: Secret): RotationError;

  /** The longest name that the provider takes, 40 at least. Never to be changed later. @default 100 */
  readonly nameLength?: number;

  /**
   * That keys have no names, and that all which `list` returns are this secret's, on a user of its own. Then a key that
   * no version holds, and that is not older than AWSCURRENT's, is taken for a leftover.
   *
   * @default false
   */
  readonly ownsEveryKey?: boolean;

  /**
   * How many keys may be live at once, 2 at least: room for the next is then made in createSecret, and AWSPREVIOUS ends
   * there. `'until-full'` where only the provider knows: when `issue` throws `ERR_SERVICE_FULL`, room is made, and it is
   * called once more.
   *
   * @default no limit, or one that is far away
   */
  readonly maxKeys?: number | 'until-full';

  /** Names what sets how long a new key lives. The warning about a key that ends too early quotes it. */
  readonly lifetimeOption?: string;
}
