import { type RotationHandler, type RotationHandlerOptions, rotationHandler } from '../engine/handler.js';
import type { Awaitable, KeyEnding, Rotator } from '../rotator.js';
import type { Line } from './line.js';
import type { Visit } from './visits.js';
import { Watch, watched } from './watched.js';

/** @inline */
export type Json = Record<string, unknown>;

/** A rotator, and the service that the contract tries it on. */
export interface ContractSubject<Secret extends object, Field extends keyof Secret & string> {
  /** Makes the rotator, as each container of the function does when it starts. */
  rotator(): Rotator<Secret, Field>;
  /**
   * Resets the service, and returns the JSON object of a secret that it accepts. The host and port in that secret are those of
   * `line`. The contract calls it hundreds of times.
   */
  reset(): Awaitable<object>;
  /**
   * Returns the other secrets that the rotator reads (an administrator's), by name. Called after each `reset`. Let `reset`
   * give the administrator another password each time: then the contract sees whether the rotator keeps an old one.
   */
  others?(): Awaitable<Readonly<Record<string, object>>>;
  /**
   * Whether the service accepts the JSON object of a secret now. Ask the service itself: without the rotator, and without
   * `line`, which may be cut.
   */
  accepts(secret: Json): Awaitable<boolean>;
  /**
   * Returns the way from the rotator to the service, which the contract disturbs. {@link lineTo} makes one, and
   * {@link memoryLine} makes one for a service that the rotator calls as a function. The contract mends it before each `reset`.
   */
  line(): Line;
  /**
   * Returns how many credentials (keys, passwords, users) the service holds for the secret's user: 1 or 2 after `reset`, and 2 at
   * most after a rotation, AWSCURRENT's and AWSPREVIOUS's.
   */
  credentials?(): Awaitable<number>;
  /**
   * Returns how many sessions are logged in at the service now.
   *
   * @default the connections that are open over a line of `lineTo()`. Those that speak HTTP, or TLS from the first byte, do not
   * count: HTTP keeps connections alive, and they are no sessions
   */
  sessions?(): Awaitable<number>;
  /**
   * Other places that the rotator connects to, each `host` or `host:port`, since its code or an option names them (a provider's
   * API, a proxy, other servers of a cluster). Leave out the line, and the places that AWSCURRENT or `others` name.
   *
   * @default none
   */
  readonly places?: readonly string[];
  /**
   * Whether the service must accept the secret's own credential before the rotator uses somebody else's right (an
   * administrator's). Set it to false where nothing can prove the credential: a signing key, or one that can only be written, or
   * used only once.
   *
   * @default true if the subject has `others`
   */
  readonly provesCurrent?: boolean;
  /**
   * Who chooses the new credential: the rotator, whose choice nobody may be able to guess; or the provider, which issues it or
   * prescribes its form (a PIN of six digits).
   *
   * @default 'provider' if the rotator has `discardSecret`, as those of `issuedKey()` do, or if createSecret asks the service;
   * otherwise 'us'
   */
  readonly chooses?: 'us' | 'provider';
  /**
   * Whether the service accepts a new credential only some time after setSecret or createSecret has returned. testSecret then
   * waits for it.
   *
   * @default false: once setSecret has returned, the service accepts AWSPENDING
   */
  readonly propagates?: boolean;
  /**
   * Whether AWSCURRENT works all the time, and goes on working as AWSPREVIOUS until the next rotation.
   *
   * @default false: from setSecret on, only AWSPENDING has to work
   */
  readonly overlaps?: boolean;
  /**
   * Whether a change may still take effect that was held back on its way after `context.confirm()`: the service knows no lock, no
   * session that ends, and no condition on which a late change fails. Say in the rotator's README what remains. The contract
   * then holds back only messages that are sent before `context.confirm()`.
   *
   * @default false: a change that comes too late must not take effect
   */
  readonly lateChangesLand?: boolean;
}

/** A subject without the type of its secret, and what the clauses need of it. */
export interface Stand extends Omit<ContractSubject<object, never>, 'rotator'> {
  reset(): Promise<Json>;
  others?(): Promise<Readonly<Record<string, Json>>>;
  /** Returns the declarations of the rotator. */
  declared(): {
    readonly rotates: readonly string[];
    readonly mayRotate?: readonly string[];
    readonly shows: readonly string[];
    readonly ends?: KeyEnding | undefined;
    readonly discardSecret?: unknown;
  };
  /** What the rotator connected to in all trials. */
  readonly visits: Visit[];
  /** Returns the secret with a credential that nobody has set. */
  wrong(secret: Json): Json;
  /** Returns the secret with a credential that the service refuses; the user stays the same, even if it rotates. */
  refused(secret: Json): Promise<Json>;
  /** Starts a container of the function. */
  start(watch: Watch, options: RotationHandlerOptions): RotationHandler;
  /** Starts a container in whose createSecret `work` makes the value. */
  startMaking(work: Making, options: RotationHandlerOptions): RotationHandler;
}

/** Makes new values, each as another container would in a rotation with that token, and returns one of them. */
export type Making = (make: (token: string) => Promise<Json>) => Promise<Json>;

export function standOf<Secret extends object, Field extends keyof Secret & string>(
  subject: ContractSubject<Secret, Field>,
): Stand {
  const { rotator, others, ...rest } = subject;
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
      // parse checks the form of a credential.
      return changed(mirrored);
    }
  };
  return {
    ...rest,
    reset: async () => ({ ...(await subject.reset()) }),
    ...(others && { others: async () => copiesOf(await others.call(subject)) }),
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

function copiesOf(secrets: Readonly<Record<string, object>>): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(secrets).map(([name, json]) => [name, { ...json }]));
}

/** Another value of the same form: digits stay digits, letters stay letters, `sk_…` stays `sk_…`. */
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
  /** The rule in a sentence, for the name of the test. */
  readonly name: string;
  /** Tries the rule. Rejects with a sentence that says which rule the rotator broke, and what to change. */
  run(): Promise<void>;
}

export function clause(name: string, run: () => Promise<void>): Clause {
  return { name, run };
}
