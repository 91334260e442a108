import { type Happening, tell } from './events.js';
import { readFailure } from './failures.js';
import { Attempt } from './login/attempt.js';
import type { Known } from './login/gate.js';
import { type LogInOptions, Place, type Source } from './login/place.js';
import { Look } from './look.js';
import { type RotatingSecretOptions, type Settings, settingsOf } from './options.js';
import { type SecretAnswer, type SecretReader, sdkReader } from './reader.js';
import { SecretError } from './secret-error.js';
import { ReadVersion, type SecretVersion } from './version.js';
import { jittered, since, unlessAborted } from './wait.js';

/** A secret of Secrets Manager, kept in memory and fresh: never on disk, never in the environment. */
export interface RotatingSecret<T> {
  readonly id: string;
  /**
   * The version to use now. The first call reads it; later ones answer from memory and do not wait, unless it is older than
   * `staleMs` or was invalidated. However many ask, one request is under way; the signal ends this wait, not the request.
   *
   * @throws SecretError if none could be read, or none that is younger than `staleMs`
   */
  get(options?: GetOptions): Promise<SecretVersion<T>>;
  /**
   * Logs in with the version to use now. If the service refuses it: with a newer AWSCURRENT; in a rotation, with an AWSPENDING
   * that differs in its rotated fields alone; or, after a bounded wait for either, once more. At most three times. Callers
   * that come meanwhile wait for the verdict in place of being refused themselves.
   *
   * @throws what the last login failed with
   */
  logIn<R>(work: (value: T, version: SecretVersion<T>) => Promise<R>, options?: LogInOptions): Promise<R>;
  /**
   * For whoever cannot use `logIn`: tells that a service has refused a version, and answers what to try next, as `logIn`
   * does; `undefined` if there is nothing. Until it is refused as well, it is what `get` gives for this place.
   */
  refused(version: SecretVersion<T>, options?: LogInOptions): Promise<SecretVersion<T> | undefined>;
  /** The time and the logins of one caller: see {@link LogInOptions.attempt}. */
  attempt(options?: Pick<LogInOptions, 'limitMs'>): Attempt;
  /** Looks again, and the next `get` waits for it: for an event "Secret Label Updated". Does nothing for an id that is held. */
  invalidate(versionId?: string): void;
  /** Calls the listener with each other version that comes into use. Returns what ends it. */
  onChange(listener: (version: SecretVersion<T>) => void): () => void;
  /** Forgets the values, and looks no more. `using` does so too. */
  close(): void;
  [Symbol.dispose](): void;
}

export interface GetOptions {
  readonly signal?: AbortSignal | undefined;
  /** See {@link LogInOptions.place}. */
  readonly place?: object | undefined;
  /** Waits for a look, unless the last one is younger. If it fails, what is held is given out. */
  readonly maxAgeMs?: number | undefined;
}

/**
 * Reads a secret of AWS Secrets Manager, and keeps it fresh.
 *
 * @param id name, ARN or partial ARN
 * @example
 * ```ts
 * const secret = rotatingSecret('app/db');
 * const { value } = await secret.get();
 * ```
 * @throws TypeError for an option that is invalid
 */
export function rotatingSecret<T = Readonly<Record<string, unknown>>>(
  id: string,
  options: RotatingSecretOptions<T> = {},
): RotatingSecret<T> {
  if (typeof id !== 'string' || id === '') throw new TypeError('a secret is named by its name or its ARN');
  return new Secret(id, settingsOf(options), options.client ?? sdkReader(id));
}

/** How `prefetch` reaches into a secret, of this copy of the package or another. */
export const MANY: unique symbol = Symbol.for('quarterturn.client.many') as never;

/** What `prefetch` knows of a secret. */
export interface OneOfMany {
  readonly client: SecretReader;
  /** Whether it is AWSCURRENT that is read, which is what BatchGetSecretValue answers. */
  readonly isCurrent: boolean;
  take(answer: SecretAnswer): void;
  fail(error: unknown): void;
}

/** Nothing is asked more often than once in so long, however many wait. */
const AGAIN_MS = 1000;
const LONGEST_AGAIN_MS = 300_000;
/** How long AWSPENDING is not looked at after a policy forbade it. */
const FORBIDDEN_MS = 300_000;
/** When a value that is not promoted yet is looked at first; then at twice that, up to `freshMs`. */
const FIRST_PENDING_MS = 5000;

interface Pending<T> {
  readonly version: ReadVersion<T>;
  /** When it was last seen to be AWSPENDING. */
  at: number;
  /** Whether a service took it in place of AWSCURRENT. */
  isUsed: boolean;
  isOrphan: boolean;
}

class Secret<T> implements RotatingSecret<T>, Source<T> {
  readonly id: string;
  readonly #settings: Settings<T>;
  readonly #client: SecretReader;
  readonly #current: Look;
  readonly #next: Look;
  readonly #places = new WeakMap<object, Place<T>>();
  readonly #waiting = new Set<Place<T>>();
  readonly #listeners = new Set<(version: SecretVersion<T>) => void>();
  /** AWSCURRENT, or what is pinned, and when it was last seen to be that. */
  #held: { readonly version: ReadVersion<T>; readonly at: number } | undefined;
  /** By id, for as long as the same version is AWSCURRENT. */
  readonly #pending = new Map<string, Pending<T>>();
  #forbiddenAt = Number.NEGATIVE_INFINITY;
  #failure: { readonly error: SecretError; readonly count: number } | undefined;
  /** When the last look at both began for somebody who was refused. */
  #lookedAt = 0;
  #dueMs = 0;
  #pendingMs = FIRST_PENDING_MS;
  #timer: NodeJS.Timeout | undefined;
  #isAsked = false;
  #isInvalid = false;
  #epoch = 0;
  #isClosed = false;
  #inUse = '';
  readonly #told = new Set<'stale' | 'unnamed'>();

  constructor(id: string, settings: Settings<T>, client: SecretReader) {
    this.id = id;
    this.#settings = settings;
    this.#client = client;
    const ask = (what: Settings<T>['asked']) => (abortSignal: AbortSignal) =>
      client.getSecretValue({ SecretId: id, ...what }, { abortSignal });
    this.#current = new Look(
      ask(settings.asked),
      (answer, ms) => this.#take(answer, ms),
      (error) => this.#fail(error),
    );
    this.#next = new Look(
      ask({ VersionStage: 'AWSPENDING' }),
      (answer, ms) => this.#takePending(answer, ms),
      (error) => this.#failPending(error),
    );
  }

  async get({ signal, place = this, maxAgeMs }: GetOptions = {}): Promise<SecretVersion<T>> {
    if (maxAgeMs !== undefined && since(this.#current.at) >= maxAgeMs && !this.#isClosed) {
      await unlessAborted(this.#current.run(), signal);
    }
    const known = await this.known(signal);
    return this.#place(place).preferred(known);
  }

  logIn<R>(
    work: (value: T, version: SecretVersion<T>) => Promise<R>,
    options: LogInOptions = {},
  ): Promise<R> {
    return this.#place(options.place ?? this).logIn(work, options);
  }

  refused(version: SecretVersion<T>, options: LogInOptions = {}): Promise<SecretVersion<T> | undefined> {
    return this.#place(options.place ?? this).next(version, options);
  }

  attempt({ limitMs = Number.POSITIVE_INFINITY }: Pick<LogInOptions, 'limitMs'> = {}): Attempt {
    return new Attempt(limitMs, this.windowMs());
  }

  invalidate(versionId?: string): void {
    const isHeld = versionId !== undefined && versionId === this.#held?.version.versionId;
    if (isHeld || this.#isClosed || this.#settings.isPinnedById) return;
    this.#isInvalid = true;
    this.#epoch++;
    this.#forbiddenAt = Number.NEGATIVE_INFINITY;
    void this.#current.run();
  }

  onChange(listener: (version: SecretVersion<T>) => void): () => void {
    // The same function may listen twice.
    const one = (version: SecretVersion<T>) => listener(version);
    this.#listeners.add(one);
    return () => void this.#listeners.delete(one);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#held = undefined;
    this.#pending.clear();
    this.#listeners.clear();
    this.#news();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get [MANY](): OneOfMany {
    return {
      client: this.#client,
      isCurrent: this.#settings.stage === 'AWSCURRENT',
      take: (answer) => this.#current.end({ answer }),
      fail: (error) => this.#current.end({ error }),
    };
  }

  // What a place asks.

  get canSearch(): boolean {
    return this.#settings.stage === 'AWSCURRENT';
  }

  get epoch(): number {
    return this.#epoch;
  }

  windowMs(): number {
    return this.#settings.windowMs();
  }

  tell(event: Happening): void {
    tell(this.id, event);
  }

  watch(place: Place<T>, isWanted: boolean): void {
    if (isWanted) this.#waiting.add(place);
    else this.#waiting.delete(place);
  }

  inMemory(): Known<ReadVersion<T>> | undefined {
    this.#isAsked = true;
    const known = this.#isInvalid ? undefined : this.#fromMemory();
    if (known && this.#isDue()) void this.#current.run();
    return known;
  }

  async known(signal: AbortSignal | undefined): Promise<Known<ReadVersion<T>>> {
    const held = this.inMemory();
    if (held) return held;
    this.#assertOpen();
    const isTooSoon = this.#failure && !this.#isInvalid && since(this.#current.at) < AGAIN_MS;
    if (this.#current.isUnderWay || !isTooSoon) await unlessAborted(this.#current.run(), signal);
    const known = this.#fromMemory();
    if (known) return known;
    this.#assertOpen();
    throw (
      this.#failure?.error ??
      new SecretError('ERR_SECRET_UNAVAILABLE', this.id, `${this.id} could not be read`)
    );
  }

  get mayLookInMs(): number {
    return Math.max(0, AGAIN_MS - since(this.#current.at));
  }

  async lookFurther(isRefused: (versionId: string) => boolean): Promise<boolean> {
    await atMostOnceASecond(this.#current);
    const held = this.#held?.version;
    if (held && isRefused(held.versionId)) await this.#lookAtPending(held);
    if (!this.#failure) this.#lookedAt = this.#current.at;
    return !this.#failure;
  }

  async #lookAtPending(current: ReadVersion<T>): Promise<void> {
    const { pending, isPendingByDefault } = this.#settings;
    if (isPendingByDefault && !current.hasField(pending)) {
      this.#tellOnce('unnamed', { type: 'pending-unnamed', versionId: current.versionId });
    } else if (pending.length > 0 && since(this.#forbiddenAt) >= FORBIDDEN_MS) {
      await atMostOnceASecond(this.#next);
    }
  }

  uses(version: ReadVersion<T>): void {
    const pending = this.#pending.get(version.versionId);
    if (!pending || pending.isUsed) return;
    pending.isUsed = true;
    this.tell({ type: 'pending-used', versionId: version.versionId });
    this.#announce(version);
    this.#schedule(this.#nextPendingMs());
  }

  // What comes in.

  #take(answer: SecretAnswer, ms: number): void {
    if (this.#isClosed) return;
    const { stage, form, parse, isPinnedById, freshMs } = this.#settings;
    const read = ReadVersion.read(answer, isPinnedById ? '' : stage, form, parse);
    if (typeof read === 'string') {
      throw new SecretError('ERR_SECRET_MALFORMED', this.id, `the value of ${stage} of ${this.id} ${read}`);
    }
    const last = this.#held?.version;
    const isChange = last?.versionId !== read.versionId;
    this.#held = { version: last && !isChange ? last : read, at: Date.now() };
    this.#failure = undefined;
    this.#isInvalid = false;
    this.#told.delete('stale');
    if (isChange) {
      this.#pending.clear();
      this.#pendingMs = FIRST_PENDING_MS;
    }
    const isBridged = [...this.#pending.values()].some(({ isUsed }) => isUsed);
    if (isBridged) void atMostOnceASecond(this.#next);
    this.#schedule(isBridged ? this.#nextPendingMs() : jittered(freshMs, 0.8));
    this.tell({ type: 'read', versionId: read.versionId, stage, ms, isChange });
    if (isChange) this.#announce(read);
    this.#news();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const { error: failed, isDenied, reason } = readFailure(this.id, this.#settings.stage, error);
    const count = (this.#failure?.count ?? 0) + 1;
    this.#failure = { error: failed, count };
    this.#isInvalid = false;
    this.#told.delete('stale');
    this.#schedule(jittered(Math.min(LONGEST_AGAIN_MS, 1000 * 2 ** Math.min(count, 20)), 0.5));
    this.tell({
      type: isDenied ? 'access-denied' : 'read-failed',
      code: failed.code,
      ...(reason && { reason }),
      ageMs: this.#held && ageMs(this.#held),
    });
    this.#news();
  }

  #takePending(answer: SecretAnswer, ms: number): void {
    const held = this.#held?.version;
    if (!held) return;
    const { form, parse, pending } = this.#settings;
    const read = ReadVersion.read(answer, 'AWSPENDING', form, parse);
    const isCandidate = typeof read !== 'string' && read.differsOnlyIn(pending, held);
    const known = isCandidate ? this.#pending.get(read.versionId) : undefined;
    this.#keepPending(isCandidate ? read.versionId : undefined);
    if (!isCandidate) return;
    if (known) Object.assign(known, { at: Date.now(), isOrphan: false });
    else this.#pending.set(read.versionId, { version: read, at: Date.now(), isUsed: false, isOrphan: false });
    this.tell({ type: 'read', versionId: read.versionId, stage: 'AWSPENDING', ms, isChange: !known });
    this.#news();
  }

  #failPending(error: unknown): void {
    const { isDenied, reason } = readFailure(this.id, 'AWSPENDING', error);
    if (reason === 'ResourceNotFoundException') this.#keepPending(undefined);
    else if (isDenied) this.#forbiddenAt = Date.now();
  }

  /**
   * Forgets what is no longer AWSPENDING, unless a service takes it: then AWSCURRENT is known to be refused, and nothing else
   * is known to work.
   */
  #keepPending(versionId: string | undefined): void {
    for (const [id, pending] of this.#pending) {
      if (id === versionId) continue;
      if (!pending.isUsed) this.#pending.delete(id);
      else if (!pending.isOrphan) {
        pending.isOrphan = true;
        this.tell({ type: 'pending-orphaned', versionId: id });
      }
    }
  }

  // What it knows, and when it looks again.

  #fromMemory(): Known<ReadVersion<T>> | undefined {
    const { staleMs, freshMs, isPinnedById } = this.#settings;
    const held = this.#held;
    if (!held || (ageMs(held) > staleMs && !isPinnedById)) return undefined;
    if (this.#failure && ageMs(held) > freshMs)
      this.#tellOnce('stale', { type: 'stale-used', ageMs: ageMs(held) });
    const pending = [...this.#pending.values()].filter((one) => ageMs(one) <= staleMs);
    return {
      current: held.version,
      at: this.#lookedAt,
      pending: pending.map(({ version }) => version).reverse(),
    };
  }

  #isDue(): boolean {
    return !this.#settings.isPinnedById && since(this.#current.at) >= this.#dueMs;
  }

  #nextPendingMs(): number {
    const ms = this.#pendingMs;
    this.#pendingMs = Math.min(this.#settings.freshMs, ms * 2);
    return jittered(Math.min(this.#settings.freshMs, ms), 0.8);
  }

  /** The next look is by a timer, so that nobody meets a value that is due; a secret that nobody asks for is not looked at. */
  #schedule(ms: number): void {
    this.#dueMs = ms;
    clearTimeout(this.#timer);
    // In Lambda no timer fires when it should: the process is frozen between invocations.
    if (!this.#isAsked || this.#settings.isPinnedById || process.env.AWS_LAMBDA_FUNCTION_NAME) return;
    this.#isAsked = false;
    this.#timer = setTimeout(() => void this.#current.run(), ms);
    this.#timer.unref();
  }

  #announce(version: ReadVersion<T>): void {
    if (this.#inUse === version.versionId) return;
    const isFirst = this.#inUse === '';
    this.#inUse = version.versionId;
    if (isFirst) return;
    // Not here: what a listener throws is its own, and no failure of the look.
    for (const listener of this.#listeners) queueMicrotask(() => listener(version));
  }

  #news(): void {
    for (const place of [...this.#waiting]) place.news();
  }

  #place(key: object): Place<T> {
    let place = this.#places.get(key);
    if (!place) {
      place = new Place<T>(this);
      this.#places.set(key, place);
    }
    return place;
  }

  #tellOnce(what: 'stale' | 'unnamed', event: Happening): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.tell(event);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new SecretError('ERR_SECRET_CLOSED', this.id, `${this.id} was closed`);
  }
}

async function atMostOnceASecond(look: Look): Promise<void> {
  if (look.isUnderWay || since(look.at) >= AGAIN_MS) await look.run();
}

/** After the clock was set back a value is as young as can be: it is due, not stale. */
function ageMs({ at }: { readonly at: number }): number {
  return Math.max(0, Date.now() - at);
}
