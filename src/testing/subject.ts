import { type RotationHandler, type RotationHandlerOptions, rotationHandler } from '../engine/handler.js';
import type { Awaitable, KeyEnding, Rotator } from '../rotator.js';
import type { Line } from './line.js';
import { type Watch, watched } from './watched.js';

export type Json = Record<string, unknown>;

/** A rotator, and the service that it is tried on. */
export interface ContractSubject<Secret extends object, Field extends keyof Secret & string> {
  /** Makes the rotator, as a container of the function does when it starts: most often `postgres` itself. */
  rotator(): Rotator<Secret, Field>;
  /** Puts the service into its first state, and returns the JSON object of a secret that it accepts. */
  reset(): Awaitable<Json>;
  /** Other secrets that the rotator reads (an administrator's), by name. Asked for after each `reset`. */
  others?(): Awaitable<Readonly<Record<string, Json>>>;
  /** Asks the service itself, not the rotator, whether it accepts the JSON object of a secret now. */
  accepts(secret: Json): Awaitable<boolean>;
  /**
   * The way to the service, over which the secret of `reset` leads, but `accepts` does not: `lineTo(port)` makes one, and
   * `memoryLine()` one for a service that the rotator calls as a function. The suite mends it before each `reset`.
   */
  line(): Line;
  /**
   * How many credentials of the secret's owner the service holds: keys, users. For services that keep more than one:
   * after a rotation there may be two, AWSCURRENT's and AWSPREVIOUS's.
   */
  credentials?(): Awaitable<number>;
  /**
   * Whether AWSCURRENT works all the time, and as AWSPREVIOUS until the next rotation.
   *
   * @default false: from setSecret on only AWSPENDING need work
   */
  readonly overlaps?: boolean;
  /**
   * Whether a change that is held back on its way after `context.confirm()` may still land: the service knows no lock, no
   * session that ends, and no condition that a late change fails. Say in the rotator's README what remains. The suite then
   * holds back only what is sent before that look.
   *
   * @default false: a change that comes too late must not take effect
   */
  readonly lateChangesLand?: boolean;
}

/** A subject, whatever the type of its secret. */
export interface Stand extends Omit<ContractSubject<object, never>, 'rotator'> {
  /** What the rotator declares. */
  declared(): {
    readonly rotates: readonly string[];
    readonly shows: readonly string[];
    readonly ends?: KeyEnding | undefined;
  };
  /** The secret with a credential that nobody has set. */
  wrong(secret: Json): Json;
  /** Starts a container of the function. */
  start(watch: Watch, options: RotationHandlerOptions): RotationHandler;
}

export function standOf<Secret extends object, Field extends keyof Secret & string>(
  subject: ContractSubject<Secret, Field>,
): Stand {
  const { rotator, ...rest } = subject;
  return {
    ...rest,
    declared: () => rotator(),
    wrong(secret) {
      const example = rotator();
      const changed = (change: (value: unknown) => unknown): Json => ({
        ...secret,
        ...Object.fromEntries(example.rotates.map((field) => [field, change(secret[field])])),
      });
      try {
        const nonsense = changed(() => 'not-the-credential');
        example.parse({ ...nonsense });
        return nonsense;
      } catch {
        // It looks at what a credential is like.
        return changed(mirrored);
      }
    },
    start: (watch, options) => rotationHandler(watched(rotator(), watch), options),
  };
}

/** A value that is like another: digits stay digits, letters letters, `sk_…` stays `sk_…`. */
function mirrored(value: unknown): unknown {
  if (typeof value === 'number') return value + 1_000_003;
  const text = String(value);
  const half = text.length >> 1;
  return text.slice(0, half) + text.slice(half).replace(/[0-9a-z]/gi, mirror);
}

const ROWS = ['0123456789', 'abcdef', 'ghijklmnopqrstuvwxyz', 'ABCDEF', 'GHIJKLMNOPQRSTUVWXYZ'];

function mirror(character: string): string {
  const row = ROWS.find((characters) => characters.includes(character)) ?? character;
  return row.charAt(row.length - 1 - row.indexOf(character));
}

/** One rule of the contract, as a test. */
export interface Clause {
  readonly name: string;
  /** Resolves if the rotator keeps the rule, and rejects with a sentence that says what to change. */
  run(): Promise<void>;
}

export function clause(name: string, run: () => Promise<void>): Clause {
  return { name, run };
}
