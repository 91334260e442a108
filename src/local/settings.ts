import type { LambdaContext } from '../engine/deadline.js';
import type { RotationEvent } from '../engine/event.js';
import type { Step } from '../step.js';
import type { Operation } from './api/model.js';
import type { RotationOutcome } from './store/stored-secret.js';

/** Lambda's context, without `identity` and `clientContext`, which a rotation never has. */
export interface LocalContext extends LambdaContext {
  /** Name under which {@link LocalSecretsManager.addFunction} registered the function. */
  readonly functionName: string;
  /** Version of the function: always `$LATEST`. */
  readonly functionVersion: string;
  /** ARN of the function. */
  readonly invokedFunctionArn: string;
  /** Memory of the function in MB. Nothing limits the memory here. */
  readonly memoryLimitInMB: string;
  /** Id of the invocation, another one for each. */
  readonly awsRequestId: string;
  /** Name that the function's log group would have on AWS. */
  readonly logGroupName: string;
  /** Name that the function's log stream would have on AWS. */
  readonly logStreamName: string;
  /** Whether an invocation that ends through the callback waits until the process has nothing left to do. */
  callbackWaitsForEmptyEventLoop: boolean;
  /** Ends the invocation. It fails if there is an error. */
  done(error?: unknown, result?: unknown): void;
  /** Ends the invocation with an error. */
  fail(error?: unknown): void;
  /** Ends the invocation with a result. */
  succeed(result?: unknown): void;
}

/** A rotation function, such as the handler that `rotationHandler` returns. */
export type LocalFunction = (event: RotationEvent, context: LocalContext) => unknown;

/** An event for {@link LocalOptions.observe}. It never holds a secret's value. */
export type Observation =
  | {
      /** A call of Secrets Manager has ended. */
      readonly kind: 'call';
      /** Undefined if a request over the socket names no supported operation. */
      readonly operation: Operation | undefined;
      /** Name of the secret; undefined if the request has no valid name. */
      readonly secretId: string | undefined;
      /** Name of the error; undefined if the call succeeded. */
      readonly error: string | undefined;
      /** Duration of the call, in milliseconds. */
      readonly durationMs: number;
    }
  | {
      /** An invocation of the rotation function has ended. */
      readonly kind: 'step';
      /** Name of the secret. */
      readonly secret: string;
      /** Step of the invocation. */
      readonly step: Step;
      /** Attempt of the rotation: 1 for the first. */
      readonly attempt: number;
      /** The function's error, without the secret's values. */
      readonly error: Error | undefined;
      /** Duration of the invocation, in milliseconds. */
      readonly durationMs: number;
    }
  | {
      /** A rotation was broken off: the function is not registered, broke a rule, or its change could not be stored. */
      readonly kind: 'broken';
      /** Name of the secret. */
      readonly secret: string;
      /** What broke the rotation off, without the secret's values. */
      readonly error: Error | undefined;
    }
  | {
      /** A rotation has ended. */
      readonly kind: 'end';
      /** Name of the secret. */
      readonly secret: string;
      /** How the rotation ended. */
      readonly outcome: RotationOutcome;
    };

/** Options of {@link LocalSecretsManager}. The defaults make tests deterministic. */
export interface LocalOptions {
  /**
   * Region of the secrets and functions. Clients of any Region are answered.
   *
   * @default 'eu-west-1'
   */
  readonly region?: string;
  /**
   * Time at which the clock stands until {@link LocalSecretsManager.advanceTo} moves it.
   *
   * @default the machine's clock
   */
  readonly standsAt?: Date;
  /**
   * Whether RotateSecret starts the rotation by itself, as on AWS.
   *
   * @default false: {@link LocalSecretsManager.rotation} drives it
   */
  readonly automatic?: boolean;
  /**
   * How often a failed rotation starts over by itself. AWS does so "multiple times".
   *
   * @default 0: {@link LocalRotation.reattempt} starts it over
   */
  readonly retries?: number;
  /**
   * Time limit of an invocation, in milliseconds.
   *
   * @default 30000, as AWS's rotation functions are deployed
   */
  readonly timeoutMs?: number;
  /**
   * Whether AWSPENDING is removed once a rotation is complete. A function must work either way.
   *
   * @default true
   */
  readonly cleansUpPending?: boolean;
  /**
   * Whether the function's events have a RotationToken. Those of older rotations have none.
   *
   * @default true
   */
  readonly sendsRotationToken?: boolean;
  /**
   * Number of reads after each change of a secret that do not see the change yet.
   *
   * @default 0
   */
  readonly staleReads?: number;
  /**
   * How long a secret stays marked for deletion after a forced deletion, in milliseconds. On AWS it is some seconds.
   *
   * @default 0
   */
  readonly forcedDeletionMs?: number;
  /**
   * Whether a rotation ends with an error if the function breaks one of three rules: it calls only what the role of AWS's
   * rotation functions allows, it stores values only with the rotation's ClientRequestToken, and it does not leave
   * AWSPENDING on a version that is not AWSCURRENT. A call over the socket is attributed to the function that rotates the
   * call's secret, else to the only one that runs.
   *
   * @default false
   */
  readonly strict?: boolean;
  /** Called for every call, step and end of a rotation. Its errors are ignored. */
  readonly observe?: (observation: Observation) => void;
}

export type Settings = Required<Omit<LocalOptions, 'standsAt' | 'observe'>> &
  Pick<LocalOptions, 'standsAt' | 'observe'>;

/**
 * Checks the options and adds the defaults.
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
    // The longest delay of a timer.
    if (settings[name] >= 0 && settings[name] < 2 ** 31) continue;
    throw new RangeError(`${name} must be from 0 to ${2 ** 31 - 1}`);
  }
  if (settings.standsAt && Number.isNaN(settings.standsAt.getTime()))
    throw new RangeError('standsAt must be a valid date');
  return settings;
}
