import type { RotationHandler, RotationHandlerOptions } from '../engine/handler.js';
import type { KeyEnding } from '../rotator.js';

/**
 * What a rotator brings so that `quarterturn rehearse <rotator>` can run it: `rotators/<rotator>/rehearsal.ts` exports
 * `startRehearsal`.
 */
export type StartRehearsal = (options: {
  /** The SecretString of the user's own service. Absent: start a service to rehearse on. */
  readonly secretString: string | undefined;
}) => Promise<Rehearsal>;

export interface Rehearsal {
  /** Says in a line what is rehearsed on. */
  readonly title: string;
  /** The first value of the secret, which the service accepts. */
  readonly secretString: string;
  /** SecretStrings of other secrets that the rotator reads (an administrator's), by name. */
  readonly otherSecrets?: Readonly<Record<string, string>>;
  /** The rotator, of which the fields of the secret are declared. */
  readonly rotator: {
    readonly shows: readonly string[];
    readonly rotates: readonly string[];
    readonly ends?: KeyEnding | undefined;
  };
  /**
   * Whether the service accepts AWSPREVIOUS after a rotation, and refuses what came before it. Else it must refuse
   * AWSPREVIOUS. What came before is not tried where the rotator declares that it ends late (`ends`).
   */
  readonly overlaps?: boolean;
  /** The rotation function. */
  handler(options: RotationHandlerOptions): RotationHandler;
  /** Is told AWSCURRENT after each step, for a service that reads the secret itself. */
  refresh?(secretString: string): void;
  /** Asks the service itself, not the rotator, whether it takes a value now. */
  accepts(secretString: string): Promise<boolean>;
  /** Makes the service accept `first` again, whichever of `others`, oldest first, it takes now. */
  restore(first: string, others: readonly string[]): Promise<void>;
  /** Stops what was started. Leaves nothing behind. */
  stop(): Promise<void>;
}
