import type { LambdaContext } from '../engine/deadline.js';
import type { RotationEvent } from '../engine/event.js';
import type { Step } from '../step.js';
import type { Operation } from './api/model.js';
import type { RotationOutcome } from './store/stored-secret.js';

/** What a function gets beside the event: Lambda's context, without the identity that no rotation has. */
export interface LocalContext extends LambdaContext {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly awsRequestId: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Whether an invocation that ends by the callback waits for what is still to do in the process. */
  callbackWaitsForEmptyEventLoop: boolean;
  /** Ends the invocation, which has failed if there is an error. */
  done(error?: unknown, result?: unknown): void;
  fail(error?: unknown): void;
  succeed(result?: unknown): void;
}

/** A rotation function as the local Secrets Manager calls it. The engine's handlers are such functions. */
export type LocalFunction = (event: RotationEvent, context: LocalContext) => unknown;

/** Something that has happened, to be told while it happens. No value of a secret is in it. */
export type Observation =
  | {
      readonly kind: 'call';
      /** Absent if a request over the socket names none. */
      readonly operation: Operation | undefined;
      /** Its name, or what the request called it, if that could be a name. */
      readonly secretId: string | undefined;
      /** The error's name. */
      readonly error: string | undefined;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'step';
      readonly secret: string;
      readonly step: Step;
      readonly attempt: number;
      /** What the function threw, without the secret's values. */
      readonly error: Error | undefined;
      readonly durationMs: number;
    }
  /** A rotation could not be driven any further: the function is gone, or what it did cannot be kept. */
  | { readonly kind: 'broken'; readonly secret: string; readonly error: Error | undefined }
  | { readonly kind: 'end'; readonly secret: string; readonly outcome: RotationOutcome };

/** How the local Secrets Manager is to behave. The defaults make tests deterministic. */
export interface LocalOptions {
  /**
   * The Region of its secrets and functions, whatever the Region of a client.
   *
   * @default 'eu-west-1'
   */
  readonly region?: string;
  /**
   * A time at which the clock stands, until `advanceTo()` moves it.
   *
   * @default the machine's clock
   */
  readonly standsAt?: Date;
  /**
   * Whether a rotation follows upon RotateSecret by itself, as on AWS.
   *
   * @default false: `rotation(secretId)` drives it
   */
  readonly automatic?: boolean;
  /**
   * How often a rotation that has failed is started over. AWS does it "multiple times".
   *
   * @default 0: `reattempt()` does
   */
  readonly retries?: number;
  /**
   * Milliseconds until an invocation is given up.
   *
   * @default 30000, as AWS's rotation functions are deployed
   */
  readonly timeoutMs?: number;
  /**
   * Whether AWSPENDING is removed once a rotation is complete. Functions must not rely on either.
   *
   * @default true
   */
  readonly cleansUpPending?: boolean;
  /**
   * Whether events have a RotationToken. Those of older rotations have none.
   *
   * @default true
   */
  readonly sendsRotationToken?: boolean;
  /**
   * How many reads of a secret do not see its last change yet, after each change.
   *
   * @default 0
   */
  readonly staleReads?: number;
  /**
   * For how long a secret whose deletion was forced is still marked for deletion, in milliseconds. On AWS it is for some
   * seconds.
   *
   * @default 0
   */
  readonly forcedDeletionMs?: number;
  /**
   * Whether a rotation ends with an error when the function makes a call that the role of AWS's rotation functions does
   * not allow, stores a value without the rotation's ClientRequestToken, or leaves AWSPENDING on another version than
   * AWSCURRENT. A call over the socket counts as made by the function that rotates its secret, or by the only one that runs.
   *
   * @default false
   */
  readonly strict?: boolean;
  /** Is told of every call and of every step. What it throws is dropped. */
  readonly observe?: (observation: Observation) => void;
}

export type Settings = Required<Omit<LocalOptions, 'standsAt' | 'observe'>> &
  Pick<LocalOptions, 'standsAt' | 'observe'>;

/**
 * Adds the defaults.
 *
 * @throws RangeError
 */
export function settingsOf(options: LocalOptions): Settings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings: Settings = {
    region: 'eu-west-1',
    automatic: false,
    retries: 0,
    timeoutMs: 30_000,
    cleansUpPending: true,
    sendsRotationToken: true,
    staleReads: 0,
    forcedDeletionMs: 0,
    strict: false,
    ...given,
  };
  for (const name of ['retries', 'timeoutMs', 'staleReads', 'forcedDeletionMs'] as const) {
    // Timers cannot be set for longer.
    if (settings[name] >= 0 && settings[name] < 2 ** 31) continue;
    throw new RangeError(`${name} must be from 0 to ${2 ** 31 - 1}`);
  }
  if (settings.standsAt && Number.isNaN(settings.standsAt.getTime()))
    throw new RangeError('standsAt must be a valid date');
  return settings;
}
