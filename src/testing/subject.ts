import { type RotationHandler, type RotationHandlerOptions, rotationHandler } from '../engine/handler.js';
import type { Awaitable, KeyEnding, Rotator } from '../rotator.js';
import type { Line } from './line.js';
import type { Visit } from './visits.js';
import { Watch, watched } from './watched.js';

export type Json = Record<string, unknown>;

/** A rotator, and the service that it is tried on. */
export interface ContractSubject<Secret extends object, Field extends keyof Secret & string> {
  /** Makes the rotator, as a container of the function does when it starts: most often `postgres` itself. */
  rotator(): Rotator<Secret, Field>;
  /** Puts the service into its first state, and returns the JSON object of a secret that it accepts. */
  reset(): Awaitable<Json>;
  /**
   * Other secrets that the rotator reads (an administrator's), by name. Asked for after each `reset`. Let `reset` give an
   * administrator another password each time: then the suite sees whether the rotator keeps an old one.
   */
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
   * How many sessions are logged in at the service now.
   *
   * @default the connections that are open over `line`, if it is one of `lineTo()`. Those that speak HTTP, or TLS from the first
   * byte, do not count: HTTP keeps connections alive, and they are no sessions
   */
  sessions?(): Awaitable<number>;
  /**
   * Places that the rotator talks to besides, each `host` or `host:port`: where its code or an option leads (a provider's
   * API, a proxy, the other servers of a cluster). Places that AWSCURRENT or `others` name, and the line, need no mention.
   *
   * @default none
   */
  readonly places?: readonly string[];
  /**
   * Whether the rotator, before it uses the right of somebody else (an administrator), has the service accept the secret's own
   * credential. Say false where nothing can prove it: a signing key, a credential that can only be written, or used once.
   *
   * @default true if there are `others`
   */
  readonly provesCurrent?: boolean;
  /**
   * Who chooses the new credential: we, so that nobody must be able to guess it; or the provider, which issues it or
   * prescribes what it is like (a PIN of six digits).
   *
   * @default 'provider' if the rotator has `discardSecret`, as those of `issuedKey()` do, or if createSecret asks the service;
   * else 'us'
   */
  readonly chooses?: 'us' | 'provider';
  /**
   * Whether it takes a while until the service accepts what setSecret has set, or createSecret has had issued, so that
   * testSecret waits for it.
   *
   * @default false: once setSecret has returned, the service accepts AWSPENDING
   */
  readonly propagates?: boolean;
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
    readonly mayRotate?: readonly string[];
    readonly shows: readonly string[];
    readonly ends?: KeyEnding | undefined;
    readonly discardSecret?: unknown;
  };
  /** What the rotator has connected to in all trials. */
  readonly visits: Visit[];
  /** The secret with a credential that nobody has set. */
  wrong(secret: Json): Json;
  /** The secret with a credential that the service refuses, of the same user if a user rotates, too. */
  refused(secret: Json): Promise<Json>;
  /** Starts a container of the function. */
  start(watch: Watch, options: RotationHandlerOptions): RotationHandler;
  /** Starts one whose createSecret leaves it to `work` what is made. */
  startMaking(work: Making, options: RotationHandlerOptions): RotationHandler;
}

/** Makes new values, each as a container of its own would in a rotation with that token, and returns one of them. */
export type Making = (make: (token: string) => Promise<Json>) => Promise<Json>;

export function standOf<Secret extends object, Field extends keyof Secret & string>(
  subject: ContractSubject<Secret, Field>,
): Stand {
  const { rotator, ...rest } = subject;
  const wrong = (secret: Json): Json => {
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
  };
  return {
    ...rest,
    visits: [],
    declared: () => rotator(),
    wrong,
    async refused(secret) {
      const { shows } = rotator();
      const shown = Object.fromEntries(shows.map((field) => [field, secret[field]]));
      const ofTheSame: Json = { ...wrong(secret), ...shown };
      return (await rest.accepts(ofTheSame)) ? wrong(secret) : ofTheSame;
    },
    start: (watch, options) => rotationHandler(watched(rotator(), watch), options),
    startMaking(work, options) {
      const createSecret: ReturnType<typeof rotator>['createSecret'] = async (current, context) => {
        const make = async (token: string): Promise<Json> => ({
          ...(await rotator().createSecret(current, Object.create(context, { token: { value: token } }))),
        });
        return (await work(make)) as Pick<Secret, Field>;
      };
      return rotationHandler({ ...watched(rotator(), new Watch()), createSecret }, options);
    },
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
