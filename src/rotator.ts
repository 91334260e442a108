import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';

/**
 * What the engine must know about one kind of service: how to make a credential, how to install it, and how to tell
 * whether it works. The engine does the rest for all rotators: the four steps, the staging labels, retries, deadlines
 * and redaction.
 *
 * Each method must be safe to repeat, and must leave a state from which it can continue. Secrets Manager may stop a
 * rotation after any step and restart it from createSecret, with the same token, any number of times. Two attempts may
 * even run at once.
 *
 * TypeScript infers the types of an inline rotator from `parse`, if `parse` is a reference to a function or its parameter
 * has a type: `parse: (json: unknown) => ({ … })`.
 *
 * @typeParam Secret the parsed secret
 * @typeParam Field the names of the fields that change
 */
export interface Rotator<Secret extends object, Field extends keyof Secret & string> {
  /** Name of the rotator in logs, metrics and errors. */
  readonly name: string;

  /**
   * Names of the fields that change. The engine keeps all other fields byte for byte. AWSPENDING and AWSCURRENT may differ
   * in these fields only.
   */
  readonly rotates: readonly Field[];

  /**
   * Names of the fields whose values messages may show: user, host, port, key id. The engine redacts all others. Of the
   * fields that rotate, name at most an id.
   */
  readonly shows: readonly (keyof Secret & string)[];

  /**
   * Declares that the rotator writes each {@link RotationError} and each warning itself: they name users, hosts and ids,
   * never quote a value, and pass on a service's words only through {@link quoted}. Ordinary words in them then
   * stay readable even if a secret value is the same word. The engine still redacts quoted text, and whatever does not
   * read as ordinary words.
   *
   * @default false: the engine redacts every word that a value contains
   */
  readonly ownWords?: boolean;

  /** What else, with this service, can look like a refused credential. The hint of `ERR_CREDENTIAL_REJECTED`. */
  readonly rejectionHint?: string;

  /**
   * When the service refuses a credential that finishSecret has retired. The contract suite and rehearsals test it only if
   * it is `'at-once'`.
   *
   * @default 'at-once'
   */
  readonly ends?: KeyEnding | undefined;

  /**
   * The one field that rotates, if a secret may be plain text instead of a JSON object. The whole text is then this field,
   * for `parse` too. A plain text stays plain text, and JSON stays JSON.
   */
  readonly text?: Field;

  /**
   * Reads the JSON object of any version of the secret. Must throw, without quoting a value, if the object is not a secret
   * of this rotator; {@link stringField} does so for a field.
   */
  parse(json: Readonly<Record<string, unknown>>): Secret;

  /**
   * Returns whether a version can belong to this secret. Implement it if the user name rotates: with two alternating users
   * the version must name either user. Operators' commands call it before they log in with a version other than
   * AWSCURRENT.
   *
   * @default any version can
   */
  belongs?(version: Secret, current: Secret): boolean;

  /**
   * Makes the next credential, and returns the rotated fields only. `current` must still work afterwards. Not called again
   * once AWSPENDING has a value.
   */
  createSecret(current: Secret, context: VersionsContext): Awaitable<Pick<Secret, Field>>;

  /**
   * Makes the service accept `pending`. Must be safe to repeat: an earlier attempt may have got this far. Connect only to
   * the host, and only as the user, that `pending` names; the engine has checked that `current` names the same.
   */
  setSecret(versions: Versions<Secret>, context: StepContext): Awaitable<void>;

  /**
   * Uses `pending` as an application would, and returns whether the service accepted it. Must throw if it could not find
   * out: a timeout is not a refusal. With `RotateImmediately=false` it is the only step, and `pending` is a copy of
   * AWSCURRENT.
   */
  testSecret(pending: Secret, context: StepContext): Awaitable<Verdict>;

  /**
   * Retires the version that is about to lose its last label, usually the one that {@link Versions.previous} returns. Runs
   * before AWSCURRENT moves, because Secrets Manager retries nothing after the move. If you implement it, finishSecret
   * reads AWSPENDING and AWSCURRENT too.
   */
  finishSecret?(versions: Versions<Secret>, context: VersionsContext): Awaitable<void>;

  /**
   * Undoes createSecret when its result was certainly not stored. Not called after a timeout or a lost answer, because the
   * result may then be AWSPENDING's. The engine ignores whatever it throws: finishSecret must find what is left over.
   */
  discardSecret?(made: Pick<Secret, Field>, current: Secret, context: StepContext): Awaitable<void>;
}

/**
 * When the service refuses a credential that was ended.
 *
 * - `'at-once'`: within the settle time.
 * - `'late'`: some time later.
 * - `'at-expiry'`: the service cannot end it early.
 * - `'untried'`: unknown, because nobody tries: a refused use does harm, such as locking an account.
 */
export type KeyEnding = 'at-once' | 'late' | 'at-expiry' | 'untried';

/** The service's answer about a credential. If the service could not be asked, throw instead. */
export type Verdict = 'accepted' | 'rejected';

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** The versions of a secret during a rotation. */
export interface Versions<Secret> {
  /** AWSPENDING. */
  readonly pending: Secret;
  /** AWSCURRENT. */
  readonly current: Secret;
  /**
   * Reads AWSPREVIOUS. Returns `undefined` if no version has the label, or if {@link Rotator.parse} refuses its value. It
   * may name another user or host: log in only as AWSPENDING's user, at AWSPENDING's host.
   *
   * The first call costs a read, so call it only when you need it.
   */
  previous(): Promise<Secret | undefined>;
  /**
   * Lists the versions without a label that are newer than AWSPREVIOUS, newest first. A rotation that was given up leaves
   * such a version, and if that rotation ran setSecret, the service may accept only its value. Call it when the service
   * has refused every labelled version.
   *
   * @throws {@link RotationError} if Secrets Manager does not list them, for example because the function's role lacks
   *   `secretsmanager:ListSecretVersionIds`
   */
  abandoned(): Promise<readonly AbandonedVersion<Secret>[]>;
}

/** A version that has lost its last label. */
export interface AbandonedVersion<Secret> {
  /** VersionId, with which GetSecretValue still reads the version. */
  readonly id: string;
  /** When the version was created. */
  readonly createdAt: Date;
  /** Whether the version was created after the version that is AWSCURRENT. */
  readonly isNewerThanCurrent: boolean;
  /**
   * Reads the value. Returns `undefined` if {@link Rotator.parse} refuses it. It may name another user or host, as with
   * {@link Versions.previous}.
   */
  read(): Promise<Secret | undefined>;
}

/** What the engine gives a rotator in each step. */
export interface StepContext {
  /** ARN of the secret, as in the event. */
  readonly secretId: string;
  /** ClientRequestToken, the same for every attempt at this rotation: put it into names to find leftovers again. */
  readonly token: string;
  /** Aborts a second before Lambda's deadline. Pass it to whatever waits. */
  readonly signal: AbortSignal;
  /** Milliseconds until {@link StepContext.signal} aborts. Give each wait at the service a shorter limit. */
  readonly leftMs: number;
  /**
   * Looks at the labels once more. Call it at the last moment at which you can still drop a change, while you hold whatever
   * keeps later attempts out (a lock, a transaction). The attempt may have stalled since the step began, and a whole
   * rotation or a manual repair may have happened meanwhile: a change that lands after that locks everybody out.
   *
   * - `'pending'`: the version is still AWSPENDING. Make the change.
   * - `'current'`: another attempt has finished this rotation. Make no change and return: the step has succeeded. Do not
   *   even repeat the same change, because a later rotation may have made another.
   *
   * Costs one DescribeSecret, and takes at most 2 seconds.
   *
   * @throws {@link RotationError} `ERR_ROTATION_ABANDONED`, `ERR_ROTATION_UNDONE`, `ERR_CURRENT_MOVED` or
   *   `ERR_NOT_CONFIRMED` if neither is certain. Make no change, and let the error pass.
   */
  confirm(): Promise<'pending' | 'current'>;
  /**
   * Reads AWSCURRENT of another secret, such as an administrator's, which must be a JSON object. The engine redacts all its
   * strings, except the fields in `shows`.
   */
  readSecret(secretId: string, shows?: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  /** Calls DescribeSecret for a secret: its tags, its rotation schedule. The answer contains no value. */
  describeSecret(secretId: string): Promise<DescribeSecretResponse>;
  /**
   * Redacts a secret that the engine does not know: a session's token, or what createSecret has made but not yet returned.
   */
  hide(secret: string): void;
  /**
   * Adds a sentence to the step's {@link LogEntry}, redacted: what the owner should change although the step succeeds. With
   * a metric, CloudWatch counts the warning too, so that you can alarm on it.
   */
  warn(message: string, metric?: WarningMetric): void;
}

/**
 * Metric that counts a warning.
 *
 * - `keyEndsEarly`: a new key expires before the rotation after the next.
 * - `endedKeyWorks`: the provider still accepts a key that was ended, or the rotator could not find out.
 * - `oldPasswordKept`: an old password still works beside the new one.
 */
export type WarningMetric = 'keyEndsEarly' | 'endedKeyWorks' | 'oldPasswordKept';

/** What the engine gives createSecret and finishSecret, which may destroy what another version holds. */
export interface VersionsContext extends StepContext {
  /** Reads the labels again, because they may have moved since the step began, and the value of every labelled version. */
  readVersions(): Promise<readonly LabelledVersion[]>;
}

/** A version of the secret that has at least one label, AWS's or the owner's. */
export interface LabelledVersion {
  /** VersionId. */
  readonly id: string;
  /** Staging labels. */
  readonly labels: readonly string[];
  /** JSON object that {@link Rotator.parse} takes; `undefined` if the version has no value yet, or no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Returns a string from a field of a secret's JSON.
 *
 * @param fallback returned if the field is missing or null
 * @throws TypeError that names the field, never its value: if the field is missing and there is no fallback, if it is empty
 *   or not a string, or if it contains a NUL, which ends a string in many wire protocols
 *
 * @example
 * ```ts
 * const parse = (json: Readonly<Record<string, unknown>>) => ({
 *   user: stringField(json, 'user'),
 *   password: stringField(json, 'password'),
 *   realm: stringField(json, 'realm', 'main'),
 * });
 * ```
 */
export function stringField(
  json: Readonly<Record<string, unknown>>,
  field: string,
  fallback?: string,
): string {
  const value = (Object.hasOwn(json, field) ? json[field] : undefined) ?? fallback;
  if (value === undefined) throw new TypeError(`"${field}" is missing`);
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`"${field}" must be a string that is not empty`);
  if (value.includes('\0')) throw new TypeError(`"${field}" must not contain a NUL character`);
  return value;
}
