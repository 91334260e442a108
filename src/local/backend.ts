import { randomUUID } from 'node:crypto';
import type { Operation } from './model.js';
import { LocalRotation, type RotationReport } from './rotation.js';
import { nextWindow, type Window } from './schedule.js';
import type { StoredSecret } from './secret.js';
import type { Origin, Service } from './service.js';
import { regionOf } from './store.js';

/** What Secrets Manager does of itself: rotations after RotateSecret, if they are automatic, and by schedule. */
export class Backend {
  readonly #service: Service;
  readonly #drives = new Map<StoredSecret, Promise<void>>();
  readonly #errors: unknown[] = [];
  /** When a rotation is tried again that began in a window and failed. */
  readonly #retryAt = new WeakMap<Window, Date>();
  #isStopping = false;

  constructor(service: Service) {
    this.#service = service;
  }

  /** Does an operation, and what follows upon it. */
  call(operation: Operation, input: object, origin: Origin): object {
    const { settings, store, clock } = this.#service;
    if (operation !== 'RotateSecret' || !settings.automatic)
      return this.#service.call(operation, input, origin);
    try {
      return this.#service.call(operation, input, origin);
    } finally {
      const { SecretId } = input as { readonly SecretId?: unknown };
      // Also when the call was refused: "A previous rotation isn't complete. That rotation will be reattempted."
      if (typeof SecretId === 'string')
        this.drive(tryTo(() => store.find(origin.region, SecretId, clock.now())));
    }
  }

  /** The secrets whose rotation has begun and is not complete. */
  get unfinished(): readonly StoredSecret[] {
    const { store, clock } = this.#service;
    return [...store.all(clock.now())].filter(({ inFlight }) => inFlight && !inFlight.isAbandoned);
  }

  /** Drives the rotation of a secret that is under way, if nobody does. */
  drive(secret: StoredSecret | undefined): void {
    if (!secret?.inFlight || this.#drives.has(secret) || this.#isStopping) return;
    const hasBegun = secret.inFlight.steps.length > 0;
    const drive = new Promise<void>((resolve) => setImmediate(resolve))
      .then(async () => {
        const rotation = new LocalRotation(this.#service, secret);
        await (hasBegun ? rotation.reattempt() : rotation.run());
      })
      .catch((error: unknown) => void this.#errors.push(error))
      .finally(() => this.#drives.delete(secret));
    this.#drives.set(secret, drive);
  }

  /**
   * Resolves when no rotation is being driven.
   *
   * @throws what broke one off: in strict mode, what the function did that it must not
   */
  async idle(): Promise<void> {
    while (this.#drives.size > 0) await Promise.all(this.#drives.values());
    const [error] = this.#errors.splice(0);
    if (error !== undefined) throw error;
  }

  /** Begins no further rotation. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Lets time pass, and runs the rotations that are due, each at the opening of its window. */
  async advanceTo(date: Date): Promise<readonly RotationReport[]> {
    const { clock } = this.#service;
    if (date < clock.now()) throw new RangeError(`it is ${clock.now().toISOString()} already`);
    const reports: RotationReport[] = [];
    for (let due = this.#firstDue(date); due; due = this.#firstDue(date)) {
      clock.advanceTo(due.at);
      reports.push(await this.#rotateBySchedule(due.secret));
      const { rotation } = due.secret;
      const retry = nextWindow(rotation?.rules, clock.now());
      if (rotation?.next && retry) this.#retryAt.set(due.window, retry.opens);
    }
    clock.advanceTo(date);
    return reports;
  }

  #firstDue(date: Date): { secret: StoredSecret; window: Window; at: Date } | undefined {
    let first: { secret: StoredSecret; window: Window; at: Date } | undefined;
    for (const secret of this.#service.store.all(this.#service.clock.now())) {
      const { rotation, deletedDate } = secret;
      if (!rotation?.enabled || !rotation.next || deletedDate) continue;
      const at = this.#retryAt.get(rotation.next) ?? rotation.next.opens;
      if (at <= date && (!first || at < first.at)) first = { secret, window: rotation.next, at };
    }
    return first;
  }

  /** Goes on with a rotation that is not complete, or begins one. */
  async #rotateBySchedule(secret: StoredSecret): Promise<RotationReport> {
    if (secret.inFlight) return new LocalRotation(this.#service, secret).reattempt();
    this.#service.rotateBySchedule(secret, regionOf(secret.arn), randomUUID());
    return new LocalRotation(this.#service, secret).run();
  }
}

function tryTo<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
