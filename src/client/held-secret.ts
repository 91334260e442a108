import { type Happening, tell } from './events.js';
import { readFailure } from './failures.js';
import { Attempt } from './login/attempt.js';
import type { Known } from './login/gate.js';
import { type LogInOptions, Place, type Source } from './login/place.js';
import { Look } from './look.js';
import type { Settings } from './options.js';
import { PendingVersions } from './pending.js';
import type { SecretAnswer, SecretReader } from './reader.js';
import { CHECKS, type Check, type GetOptions, MANY, type OneOfMany, type RotatingSecret } from './secret.js';
import { SecretError } from './secret-error.js';
import { ReadVersion, type SecretVersion } from './version.js';
import { ageMs, jittered, since } from './wait.js';

const LONGEST_AGAIN_MS = 300_000;

/** A secret that is read when first asked for, then kept in memory. */
export class HeldSecret<T> implements RotatingSecret<T>, Source<T> {
  readonly id: string;
  readonly #settings: Settings<T>;
  readonly #client: SecretReader;
  readonly #current: Look;
  readonly #next: Look;
  readonly #places = new WeakMap<object, Place<T>>();
  readonly #waiting = new Set<Place<T>>();
  readonly #listeners = new Set<(version: SecretVersion<T>) => void>();
  /** AWSCURRENT or the pinned version, and when Secrets Manager last returned it. */
  #held: { readonly version: ReadVersion<T>; readonly at: number } | undefined;
  readonly #pending: PendingVersions<T>;
  #failure: { readonly error: SecretError; readonly count: number } | undefined;
  /** When the last read of both labels began after a refusal. */
  #lookedAt = 0;
  #dueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isAsked = false;
  #epoch = 0;
  #isClosed = false;
  #inUse = '';
  readonly #told = new Set<'stale' | 'unnamed'>();
  readonly #checks = new Set<Check>();

  constructor(id: string, settings: Settings<T>, client: SecretReader) {
    this.id = id;
    this.#settings = settings;
    this.#client = client;
    this.#pending = new PendingVersions(settings.pending, settings.freshMs);
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
    if (maxAgeMs !== undefined && since(this.#current.at) >= maxAgeMs && this.#mayChange) {
      await this.#current.wait(signal);
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
    if (isHeld || !this.#mayChange) return;
    this.#epoch++;
    this.#pending.mayBeAllowed();
    this.#current.invalidate();
  }

  onChange(listener: (version: SecretVersion<T>) => void): () => void {
    // A wrapper, because the same function may be added twice.
    const one = (version: SecretVersion<T>) => listener(version);
    this.#listeners.add(one);
    return () => void this.#listeners.delete(one);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#current.close();
    this.#next.close();
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

  get [CHECKS](): Set<Check> {
    return this.#checks;
  }

  // For Place: the members of Source.

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
    const known = this.#current.isValid ? this.#fromMemory() : undefined;
    if (known && this.#isDue()) void this.#current.run();
    return known;
  }

  async known(signal: AbortSignal | undefined): Promise<Known<ReadVersion<T>>> {
    const held = this.inMemory();
    if (held) return held;
    this.#assertOpen();
    const isTooSoon = this.#failure && this.#current.mayBeInMs > 0;
    if (!this.#current.isValid) await this.#current.valid(signal);
    else if (this.#current.isUnderWay || !isTooSoon) await this.#current.wait(signal);
    const known = this.#fromMemory();
    if (known) return known;
    this.#assertOpen();
    throw (
      this.#failure?.error ?? new SecretError('ERR_SECRET_UNAVAILABLE', this.id, `could not read ${this.id}`)
    );
  }

  get mayLookInMs(): number {
    return this.#current.mayBeInMs;
  }

  async lookFurther(isRefused: (versionId: string) => boolean): Promise<boolean> {
    await this.#current.again();
    const held = this.#held?.version;
    if (held && isRefused(held.versionId)) await this.#lookAtPending(held);
    if (!this.#failure) this.#lookedAt = this.#current.at;
    return !this.#failure;
  }

  async #lookAtPending(current: ReadVersion<T>): Promise<void> {
    const { pending, isPendingByDefault } = this.#settings;
    if (isPendingByDefault && !current.hasField(pending)) {
      this.#tellOnce('unnamed', { type: 'pending-unnamed', versionId: current.versionId });
    } else if (this.#pending.mayLook) {
      await this.#next.again();
    }
  }

  uses(version: ReadVersion<T>): void {
    if (!this.#pending.wasAccepted(version)) return;
    this.tell({ type: 'pending-used', versionId: version.versionId });
    this.#announce(version);
    this.#schedule(this.#pending.nextLookMs());
  }

  // Answers of Secrets Manager.

  #take(answer: SecretAnswer, ms: number): void {
    if (this.#isClosed) return;
    const { stage, form, parse, isPinnedById, freshMs } = this.#settings;
    const read = ReadVersion.read(answer, isPinnedById ? '' : stage, form, parse);
    if (typeof read === 'string') {
      throw new SecretError('ERR_SECRET_MALFORMED', this.id, `the value of ${stage} of ${this.id} ${read}`);
    }
    for (const check of this.#checks) {
      const wrong = check(this.id, read.value);
      if (wrong) throw new SecretError('ERR_SECRET_MALFORMED', this.id, wrong);
    }
    const last = this.#held?.version;
    const isChange = last?.versionId !== read.versionId;
    this.#held = { version: last && !isChange ? last : read, at: Date.now() };
    this.#failure = undefined;
    this.#told.delete('stale');
    if (isChange) this.#pending.clear();
    const { isUsed } = this.#pending;
    if (isUsed && this.#pending.mayLook) void this.#next.again();
    this.#schedule(isUsed ? this.#pending.nextLookMs() : jittered(freshMs, 0.8));
    this.tell({ type: 'read', versionId: read.versionId, stage, ms, isChange });
    if (isChange) this.#announce(read);
    this.#news();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const { error: failed, isDenied, reason } = readFailure(this.id, this.#settings.stage, error);
    const count = (this.#failure?.count ?? 0) + 1;
    this.#failure = { error: failed, count };
    this.#told.delete('stale');
    this.#schedule(jittered(Math.min(LONGEST_AGAIN_MS, 1000 * 2 ** Math.min(count, 20)), 0.5));
    this.tell({
      type: isDenied ? 'access-denied' : 'read-failed',
      code: failed.code,
      ...(reason && { reason }),
      ageMs: this.#held && ageMs(this.#held.at),
    });
    this.#news();
  }

  #takePending(answer: SecretAnswer, ms: number): void {
    const held = this.#held?.version;
    if (!held) return;
    const { form, parse } = this.#settings;
    const read = ReadVersion.read(answer, 'AWSPENDING', form, parse);
    // An unreadable AWSPENDING counts as absent.
    if (typeof read === 'string') {
      this.#keepPending(undefined);
      return;
    }
    const { isCandidate, isChange } = this.#pending.saw(read, held);
    this.#keepPending(isCandidate ? read.versionId : undefined);
    if (!isCandidate) return;
    this.tell({ type: 'read', versionId: read.versionId, stage: 'AWSPENDING', ms, isChange });
    this.#news();
  }

  #failPending(error: unknown): void {
    const { reason } = readFailure(this.id, 'AWSPENDING', error);
    if (reason === 'ResourceNotFoundException') this.#keepPending(undefined);
    // Expired credentials or a KMS key tell nothing about this label.
    else if (reason === 'AccessDeniedException') this.#pending.wasForbidden();
  }

  #keepPending(versionId: string | undefined): void {
    for (const orphan of this.#pending.keep(versionId))
      this.tell({ type: 'pending-orphaned', versionId: orphan });
  }

  // Memory, and the next read.

  #fromMemory(): Known<ReadVersion<T>> | undefined {
    const { staleMs, freshMs, isPinnedById } = this.#settings;
    const held = this.#held;
    const age = held ? ageMs(held.at) : 0;
    if (!held || (age > staleMs && !isPinnedById)) return undefined;
    if (this.#failure && age > freshMs) this.#tellOnce('stale', { type: 'stale-used', ageMs: age });
    return { current: held.version, at: this.#lookedAt, pending: this.#pending.notOlderThan(staleMs) };
  }

  /** Whether a later read may return a different version. */
  get #mayChange(): boolean {
    return !this.#isClosed && !this.#settings.isPinnedById;
  }

  #isDue(): boolean {
    return !this.#settings.isPinnedById && since(this.#current.at) >= this.#dueMs;
  }

  /** Sets a timer for the next read, unless nobody has asked for the secret since the last one. */
  #schedule(ms: number): void {
    this.#dueMs = ms;
    clearTimeout(this.#timer);
    // Lambda freezes the process between invocations, so timers fire late.
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
    // In a microtask: an error of a listener must not count as a failed read.
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
    if (this.#isClosed)
      throw new SecretError('ERR_SECRET_CLOSED', this.id, `close() was called on ${this.id}`);
  }
}
