import type { Json } from '../json.js';
import type { SecretReader } from './reader.js';
import type { Form } from './version.js';

/** How a secret is read, and for how long it is used. */
export interface RotatingSecretOptions<T> {
  /** Reads the JSON object, as `parse` of a rotator does. What it throws is not passed on. @default the object itself */
  readonly parse?: (json: Json) => T;
  /** For a plain text, or bytes. @default 'json' */
  readonly as?: Form;
  /** Pins: an id is read once, another label is looked at as AWSCURRENT is. With either AWSPENDING is never tried. */
  readonly version?: { readonly id: string } | { readonly stage: string };
  /** @default the SDK's, for the Region of the ARN or of the environment, with 2 s to connect and 3 s to answer */
  readonly client?: SecretReader;
  /** Age at which a look in the background is due: each time 80 to 100 % of it, at random. @default 300_000 */
  readonly freshMs?: number;
  /** Age beyond which it is not given out while Secrets Manager does not answer. @default 86_400_000 */
  readonly staleMs?: number;
  /**
   * How long a login waits for a version that is not refused; 0: one look. In Lambda a function that says how much time is
   * left, of which 10 s at most are used. @default 10_000
   */
  readonly windowMs?: number | (() => number);
  /**
   * The fields that rotate: an AWSPENDING that differs from AWSCURRENT in these alone is tried where AWSCURRENT is refused.
   * False: never. Fields that say who logs in where are refused. @default ['password']; with `as` false
   */
  readonly pending?: readonly string[] | false;
}

/** Options, checked and complete. */
export interface Settings<T> {
  readonly parse: ((json: Json) => T) | undefined;
  readonly form: Form;
  /** What is asked for beside the id. */
  readonly asked: { readonly VersionId: string } | { readonly VersionStage: string };
  /** What it is called in messages: the label, or the id. */
  readonly stage: string;
  readonly isPinnedById: boolean;
  readonly freshMs: number;
  readonly staleMs: number;
  windowMs(): number;
  readonly pending: readonly string[];
  /** Whether nobody said which fields rotate. */
  readonly isPendingByDefault: boolean;
}

const LONGEST_WINDOW_MS = 10_000;
/** Who logs in where. Whoever can write AWSPENDING must not choose it. */
const IDENTITY = /^(?:user|login|address|port|engine|dbname|database|ssl|sslmode|tls|masterarn)$/;
const IDENTITY_OF_SOMETHING = /(?:username|host|hostname|server|url|uri|dsn|endpoint|connectionstring)$/;

function saysWhoOrWhere(field: string): boolean {
  const name = field.toLowerCase().replace(/[_-]/g, '');
  return IDENTITY.test(name) || IDENTITY_OF_SOMETHING.test(name);
}

/** @throws TypeError for an option that is invalid */
export function settingsOf<T>({
  parse,
  as: form = 'json',
  version,
  freshMs = 300_000,
  staleMs = 86_400_000,
  windowMs = LONGEST_WINDOW_MS,
  pending,
}: RotatingSecretOptions<T>): Settings<T> {
  if (!['json', 'text', 'bytes'].includes(form)) throw new TypeError(`as must be 'json', 'text' or 'bytes'`);
  if (parse && form !== 'json') throw new TypeError('parse works with JSON only: remove `as`, or `parse`');
  for (const [name, ms] of Object.entries({ freshMs, staleMs })) {
    if (!(ms > 0 && ms < 2 ** 31)) throw new TypeError(`${name} must be more than 0 and less than 2^31 ms`);
  }
  if (typeof windowMs !== 'function' && !(windowMs >= 0 && windowMs < 2 ** 31)) {
    throw new TypeError('windowMs must be at least 0 and less than 2^31 ms');
  }
  if (pending && form !== 'json')
    throw new TypeError('pending names fields of JSON: remove `pending`, or `as`');
  if (pending && version)
    throw new TypeError('pending has no effect with a pinned version: remove `pending`, or `version`');
  const identity = pending ? pending.find(saysWhoOrWhere) : undefined;
  if (identity) throw new TypeError(`pending must not name "${identity}": it decides who logs in where`);
  const isPinnedById = version !== undefined && 'id' in version;
  const stage = version ? ('id' in version ? version.id : version.stage) : 'AWSCURRENT';
  return {
    parse,
    form,
    asked: isPinnedById ? { VersionId: stage } : { VersionStage: stage },
    stage,
    isPinnedById,
    freshMs,
    staleMs,
    windowMs: () => (typeof windowMs === 'function' ? clamped(windowMs()) : windowMs),
    pending: version || form !== 'json' ? [] : pending === undefined ? ['password'] : pending || [],
    isPendingByDefault: pending === undefined && form === 'json' && version === undefined,
  };
}

/** What is no number is no time: nobody can wait for it to be over. */
function clamped(ms: number): number {
  return ms > 0 ? Math.min(LONGEST_WINDOW_MS, ms) : 0;
}
