import type { RotationHandler, RotationHandlerOptions } from '../engine/handler.js';
import type { KeyEnding } from '../rotator.js';

/**
 * Starts what `quarterturn rehearse` runs. The `rehearsal.ts` beside a rotator's `lambda.ts` exports one as `startRehearsal`.
 */
export type StartRehearsal = (options: {
  /** The SecretString of the user's own service (`--secret`). Absent: start a service to rehearse on. */
  readonly secretString: string | undefined;
}) => Promise<Rehearsal>;

/** A service, a secret for it, and the rotator that rotates it. */
export interface Rehearsal {
  /** Says in one line what the rehearsal rotates. */
  readonly title: string;
  /** The first SecretString, which the service accepts. */
  readonly secretString: string;
  /**
   * SecretStrings of other secrets that the rotator reads (an administrator's), by name: `{ 'redis/admin': '{"host":…}' }`. The
   * output is searched for their fields too, except those that the rotator `shows`.
   */
  readonly otherSecrets?: Readonly<Record<string, string>>;
  /** The rotator, which declares the fields of the secret. */
  readonly rotator: {
    /** Fields that may be shown, as {@link Rotator.shows}. */
    readonly shows: readonly string[];
    /** Fields that change in each rotation, as {@link Rotator.rotates}. */
    readonly rotates: readonly string[];
    /** Whether the rotator ends the key before the last late, as {@link Rotator.ends}. @default at once */
    readonly ends?: KeyEnding | undefined;
  };
  /**
   * Whether the service accepts AWSPREVIOUS after a rotation, and refuses the version before it. Without it the service must
   * refuse AWSPREVIOUS. The version before it is not tried if the rotator declares that it ends late (`ends`).
   */
  readonly overlaps?: boolean;
  /** Makes the rotation function. */
  handler(options: RotationHandlerOptions): RotationHandler;
  /** Gets AWSCURRENT after each step, for a service that reads the secret itself. */
  refresh?(secretString: string): void;
  /** Whether the service accepts a value now. Asks the service itself, not the rotator. */
  accepts(secretString: string): Promise<boolean>;
  /** Makes the service accept `first` again, whichever of `others` (oldest first) it accepts now. */
  restore(first: string, others: readonly string[]): Promise<void>;
  /** Stops everything that was started, and leaves nothing behind. */
  stop(): Promise<void>;
}
