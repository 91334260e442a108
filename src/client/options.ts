import type { Json } from '../json.js';
import type { SecretReader } from './reader.js';
import type { Form } from './version.js';

/** Options of {@link rotatingSecret}. */
export interface RotatingSecretOptions<T> {
  /**
   * Converts the secret's JSON object to the value. Its errors are not passed on, because they may quote the secret.
   *
   * @default the object itself
   */
  readonly parse?: (json: Json) => T;
  /**
   * Form of the secret: a JSON object, plain text (SecretString) or bytes (SecretBinary).
   *
   * @default 'json'
   */
  readonly as?: Form;
  /**
   * Pins the version by id, which is read once, or by another staging label, which is kept fresh. AWSPENDING is then never
   * tried.
   *
   * @default { stage: 'AWSCURRENT' }, with AWSPENDING as `pending` says
   */
  readonly version?:
    | {
        /** Version id, which never changes. */
        readonly id: string;
      }
    | {
        /** Staging label, such as `AWSPREVIOUS`. */
        readonly stage: string;
      };
  /**
   * Client for Secrets Manager.
   *
   * @default the SDK's, for the Region of the ARN or of the environment, with 2 s to connect and 3 s to answer
   */
  readonly client?: SecretReader;
  /**
   * Age from which the value is read again in the background, in milliseconds. The real age is a random 80 to 100 % of it.
   *
   * @default 300_000
   */
  readonly freshMs?: number;
  /**
   * Age up to which the value stays in use while Secrets Manager does not answer or denies access, in milliseconds.
   *
   * @default 86_400_000
   */
  readonly staleMs?: number;
  /**
   * Longest wait of a login for a version that the service accepts, in milliseconds; 0 means one read. In Lambda, pass a
   * function that returns the remaining time, of which it uses 10 s at most.
   *
   * @default 10_000
   */
  readonly windowMs?: number | (() => number);
  /**
   * Fields that a rotation changes. After AWSCURRENT is refused, an AWSPENDING that differs in these fields only is tried.
   * `false` means that AWSPENDING is never tried. A field that decides who logs in where, such as `host`, throws.
   *
   * @default ['password']; false with `as: 'text'`, `as: 'bytes'` or `version`
   */
  readonly pending?: readonly string[] | false;
}

/** Options, checked and complete. */
export interface Settings<T> {
  readonly parse: ((json: Json) => T) | undefined;
  readonly form: Form;
  /** Members of the request, apart from the id. */
  readonly asked: { readonly VersionId: string } | { readonly VersionStage: string };
  /** The label or id, for messages. */
  readonly stage: string;
  readonly isPinnedById: boolean;
  readonly freshMs: number;
  readonly staleMs: number;
  windowMs(): number;
  readonly pending: readonly string[];
  /** Whether `pending` is the default. */
  readonly isPendingByDefault: boolean;
}

const LONGEST_WINDOW_MS = 10_000;
/** Fields that decide who logs in where: a writer of AWSPENDING must not choose them. */
const IDENTITY = /^(?:user|login|address|port|engine|dbname|database|ssl|sslmode|tls|masterarn)$/;
const IDENTITY_OF_SOMETHING = /(?:username|host|hostname|server|url|uri|dsn|endpoint|connectionstring)$/;

function saysWhoOrWhere(field: string): boolean {
  const name = field.toLowerCase().replace(/[_-]/g, '');
  return IDENTITY.test(name) || IDENTITY_OF_SOMETHING.test(name);
}

/** @throws TypeError if an option is invalid */
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

/** NaN counts as 0: otherwise the wait would never end. */
function clamped(ms: number): number {
  return ms > 0 ? Math.min(LONGEST_WINDOW_MS, ms) : 0;
}
