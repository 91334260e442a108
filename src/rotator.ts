import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';

/**
 * A rotator is what differs between one service and the next: how to make a credential, how to install it, how to
 * tell whether it works. The rest (the four steps, the staging labels, retries, deadlines, redaction) is done by
 * the engine, once, for all rotators.
 *
 * Secrets Manager may stop a rotation after any step and start it again from createSecret, with the same token,
 * any number of times; two attempts may even run at once. So each method must be safe to repeat, and the state
 * that it leaves behind must be one from which it can go on.
 *
 * When a rotator is written inline, its types are inferred from `parse`, if `parse` is given by name or its
 * parameter is annotated: `parse: (json: unknown) => ({ … })`.
 *
 * @typeParam Secret the parsed secret
 * @typeParam Field the names of the fields that change
 */
export interface Rotator<Secret extends object, Field extends keyof Secret & string> {
  /** Names the rotator in logs, metrics and errors. */
  readonly name: string;

  /**
   * The fields that change. Whatever else the owner keeps in the secret stays as it is, to the byte, and AWSPENDING
   * may differ from AWSCURRENT in these fields only.
   */
  readonly rotates: readonly Field[];

  /**
   * Fields that may change too: createSecret returns those that do, and the others stay as they are, or absent. A field here
   * may differ between AWSPENDING and AWSCURRENT, so never name one that says where or as whom to log in with somebody else's
   * right. Redacted as `rotates` is, unless `shows` names it.
   */
  readonly mayRotate?: readonly Field[];

  /**
   * The fields whose values may be shown in messages: user, host, port, key id. All others are redacted. Of the fields
   * that rotate, it may name an id at most.
   */
  readonly shows: readonly (keyof Secret & string)[];

  /**
   * Says that all its RotationErrors and warnings are sentences of its own, which name users, hosts and ids, and quote
   * no value, and what a service has answered only by way of `quoted()`. Words in them then stay readable where a value
   * happens to be the same word; what does not read as words is redacted all the same, and so is what is quoted.
   *
   * @default false: whatever is in a value is redacted
   */
  readonly ownWords?: boolean;

  /** What else, with this service, can look like a refused credential: goes into the error's hint. */
  readonly rejectionHint?: string;

  /**
   * When the service refuses what finishSecret has retired. The contract suite and rehearsals try it, unless it is declared
   * to be otherwise than at once.
   *
   * @default 'at-once'
   */
  readonly ends?: KeyEnding | undefined;

  /**
   * The one field that rotates, if a secret may be a plain text instead of a JSON object: the whole text is then this
   * field, for `parse` too. What is stored as a plain text stays one, and what is stored as JSON stays JSON.
   */
  readonly text?: Field;

  /**
   * Reads the JSON object of a stored secret, whichever version it is. Throws, without quoting a value, if the
   * object is not one of yours; {@link stringField} does so for a field.
   */
  parse(json: Readonly<Record<string, unknown>>): Secret;

  /**
   * Whether a version may be one of this secret, where a field that rotates names the user: of two that take turns it is one
   * of the two. Asked by commands at a desk before they log in with a version that is not AWSCURRENT; without it any may.
   */
  belongs?(version: Secret, current: Secret): boolean;

  /**
   * Makes the next credential: the rotated fields and nothing else. `current` must still work afterwards. Not
   * called again once a value has been stored as AWSPENDING.
   */
  createSecret(current: Secret, context: VersionsContext): Awaitable<Pick<Secret, Field>>;

  /**
   * Makes the service accept `pending`. Safe to repeat: an earlier attempt may have got this far. Connects only to
   * the host, and as the user, that `pending` names; the engine has checked that they are those of `current`.
   */
  setSecret(versions: Versions<Secret>, context: StepContext): Awaitable<void>;

  /**
   * Uses `pending` as an application would, and says whether the service took it. Throws if it could not find out:
   * a timeout is not a refusal. With `RotateImmediately=false` it is the only step, and `pending` a copy of
   * AWSCURRENT.
   */
  testSecret(pending: Secret, context: StepContext): Awaitable<Verdict>;

  /**
   * Retires what is about to lose its last label, most often what `previous()` holds. Runs before AWSCURRENT moves:
   * once it has moved, Secrets Manager retries nothing. With it, finishSecret reads AWSPENDING and AWSCURRENT too.
   */
  finishSecret?(versions: Versions<Secret>, context: VersionsContext): Awaitable<void>;

  /**
   * Takes back what createSecret made, when it is certain that it was not stored. After a timeout or a lost answer
   * it is not called, since what was made may be AWSPENDING's. If it throws, the step goes on as if it had not
   * been called: what is left over is finishSecret's to find.
   */
  discardSecret?(made: Pick<Secret, Field>, current: Secret, context: StepContext): Awaitable<void>;
}

/**
 * When a credential that was ended is refused. `'at-once'`: within the settle time. `'late'`: some time after that.
 * `'at-expiry'`: the service cannot end it. `'untried'`: nobody tries, since a refused use does harm: it locks an account.
 */
export type KeyEnding = 'at-once' | 'late' | 'at-expiry' | 'untried';

/** What the service says of a credential. That it could not be asked is an error, not a verdict. */
export type Verdict = 'accepted' | 'rejected';

export type Awaitable<T> = T | Promise<T>;

/** The versions of a secret during a rotation. */
export interface Versions<Secret> {
  readonly pending: Secret;
  readonly current: Secret;
  /**
   * AWSPREVIOUS, read when it is asked for: on the normal path nobody needs it. `undefined` if there is none, or
   * none that `parse` takes. It may name another user or host: log in only as AWSPENDING's user, at its host.
   */
  previous(): Promise<Secret | undefined>;
  /**
   * The versions without a label that are newer than AWSPREVIOUS, the newest first: rotations that were given up may
   * have left them, and after setSecret the service takes one of their values alone. Asked for when every labelled
   * version was refused; on the normal path nobody needs it.
   *
   * @throws RotationError if Secrets Manager cannot list them: the function's role may lack ListSecretVersionIds
   */
  abandoned(): Promise<readonly AbandonedVersion<Secret>[]>;
}

/** A version that has lost its last label. */
export interface AbandonedVersion<Secret> {
  /** The VersionId, by which GetSecretValue still reads it. */
  readonly id: string;
  readonly createdAt: Date;
  /** Whether it was made after the version that is AWSCURRENT. */
  readonly isNewerThanCurrent: boolean;
  /** Its value; `undefined` if it has none that `parse` takes. It may name another user or host, as `previous()` may. */
  read(): Promise<Secret | undefined>;
}

/** What the engine tells a rotator of the step that is being taken. */
export interface StepContext {
  /** The ARN of the secret, as in the event. */
  readonly secretId: string;
  /** The ClientRequestToken: the same for every attempt at this rotation, so a name made from it finds its leftovers. */
  readonly token: string;
  /** Fires a second before the Lambda's deadline. Give it to whatever waits. */
  readonly signal: AbortSignal;
  /** Milliseconds until it fires: what the service is asked to wait for should end before. */
  readonly leftMs: number;
  /**
   * Looks at the labels once more. Ask at the last moment at which you can still let go of a change, while you hold
   * whatever keeps later attempts out (a lock, a transaction): an attempt may have stalled since the step began, and a
   * whole rotation, or a person's repair, fits in between. A change that lands after it locks everybody out.
   *
   * - `'pending'`: the version is still AWSPENDING. Make the change.
   * - `'current'`: another attempt has finished this rotation. Make no change, and return: the step has succeeded. Not
   *   even the same change again, since a later rotation may have made another.
   *
   * One DescribeSecret, which takes 2 seconds at most.
   *
   * @throws RotationError if neither is certain: `ERR_ROTATION_ABANDONED`, `ERR_ROTATION_UNDONE`, `ERR_CURRENT_MOVED`,
   *   `ERR_NOT_CONFIRMED`. Make no change, and pass it on.
   */
  confirm(): Promise<'pending' | 'current'>;
  /**
   * Reads AWSCURRENT of another secret (an administrator's), a JSON object. All its strings are redacted from what
   * leaves the function, except the fields in `shows`.
   */
  readSecret(secretId: string, shows?: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  /** DescribeSecret of another secret: its tags, and whether it is being rotated itself. It holds no value. */
  describeSecret(secretId: string): Promise<DescribeSecretResponse>;
  /**
   * Redacts a secret that the engine cannot know: a session's token, or what createSecret has made, until it returns.
   */
  hide(secret: string): void;
  /**
   * Puts a sentence into the step's LogEntry, redacted: for what the owner should change although the step succeeds. With a
   * metric, the LogEntry counts it too, so that an alarm can tell.
   */
  warn(message: string, metric?: WarningMetric): void;
}

/**
 * What a warning may be counted as: `keyEndsEarly`, for a new key that ends before the rotation after the next;
 * `endedKeyWorks`, for an ended one that the provider still takes; `oldPasswordKept`, for an old password that goes on working
 * beside the new one.
 */
export type WarningMetric = 'keyEndsEarly' | 'endedKeyWorks' | 'oldPasswordKept';

/** What createSecret and finishSecret are told besides, since they may destroy what a version holds. */
export interface VersionsContext extends StepContext {
  /**
   * Looks at the labels of this secret anew, since they may have moved after the step began, and reads every version
   * that has one.
   */
  readVersions(): Promise<readonly LabelledVersion[]>;
}

/** A version of the secret that has a label: AWS's, or one of its owner's. */
export interface LabelledVersion {
  readonly id: string;
  readonly labels: readonly string[];
  /** What `parse` takes; `undefined` if the version has no value yet, or none that is a JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads a non-empty string from the JSON of a secret.
 *
 * @throws TypeError naming the field, never its value, if it is absent and there is no fallback, if it is of another
 *   type, or if it contains a NUL, which ends a string in many a wire protocol
 */
export function stringField(
  json: Readonly<Record<string, unknown>>,
  field: string,
  fallback?: string,
): string {
  const value = (Object.hasOwn(json, field) ? json[field] : undefined) ?? fallback;
  if (value === undefined) throw new TypeError(`"${field}" is missing`);
  if (typeof value !== 'string' || value === '') throw new TypeError(`"${field}" must be a non-empty string`);
  if (value.includes('\0')) throw new TypeError(`"${field}" must not contain a NUL character`);
  return value;
}
