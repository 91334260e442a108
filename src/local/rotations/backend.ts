import { randomUUID } from 'node:crypto';
import { isError } from '../../errors.js';
import type { Account } from '../account.js';
import type { Operation } from '../api/model.js';
import * as refusals from '../api/refusals.js';
import { nextWindow, type RotationWindow } from '../store/schedule.js';
import { isOvertaken, type RotationInFlight, type StoredSecret } from '../store/stored-secret.js';
import { LocalRotation, type RotationReport } from './rotation.js';

/** What Secrets Manager does of itself: rotations after RotateSecret, if they are automatic, and by schedule. */
export class Backend {
  readonly #account: Account;
  readonly #drives = new Map<StoredSecret, Promise<void>>();
  /** Those that are to be started over once the drive has ended. */
  readonly #again = new Set<StoredSecret>();
  readonly #errors: unknown[] = [];
  /** When a rotation is tried again that began in a window and failed. */
  readonly #retryAt = new WeakMap<RotationWindow, Date>();
  #isStopping = false;
  #isAdvancing = false;

  constructor(account: Account) {
    this.#account = account;
  }

  /** Does an operation, and what follows upon it. */
  call(operation: Operation, input: object, isRemote: boolean): object {
    if (operation !== 'RotateSecret' || !this.#account.settings.automatic) {
      return this.#account.call(operation, input, isRemote);
    }
    if (this.#isStopping) throw refusals.notHere('new rotations while it is stopping');
    let again = false;
    try {
      return this.#account.call(operation, input, isRemote);
    } catch (error) {
      // "A previous rotation isn't complete. That rotation will be reattempted."
      again = isError(error) && error.message === refusals.rotationUnfinished().message;
      throw error;
    } finally {
      // Also after an error: the call may have taken effect all the same.
      this.drive(this.#secretIn(input), { again });
    }
  }

  /** The secrets whose rotation has begun and is not complete. */
  get unfinished(): readonly StoredSecret[] {
    const { store, clock } = this.#account;
    return [...store.all(clock.now())].filter(isUnfinished);
  }

  /** Drives the rotation of a secret that is under way, if nobody does; one that has ended in vain only if it is to. */
  drive(secret: StoredSecret | undefined, { again = false } = {}): void {
    if (!secret || !isUnfinished(secret) || this.#isStopping) return;
    if (this.#drives.has(secret)) {
      if (again) this.#again.add(secret);
      return;
    }
    const { token, steps } = secret.inFlight;
    if (steps.length > 0 && !again) return;
    const { driven, store } = this.#account;
    const drive = new Promise<void>((resolve) => setImmediate(resolve))
      .then(async () => {
        // Meanwhile it may have been cancelled, or taken up by somebody else.
        if (secret.inFlight?.token !== token || !store.has(secret) || driven.has(secret)) return;
        const rotation = new LocalRotation(this.#account, secret);
        await (secret.inFlight.steps.length > 0 ? rotation.reattempt() : rotation.run());
      })
      .catch((error: unknown) => {
        this.#errors.push(error);
        this.#account.tell({ kind: 'broken', secret: secret.name, error: undefined }, error);
      })
      .finally(() => {
        this.#drives.delete(secret);
        const isWanted = this.#again.delete(secret);
        // Another may have begun before this one had come to its end.
        if (isWanted || secret.inFlight?.token !== token) this.drive(secret, { again: isWanted });
      });
    this.#drives.set(secret, drive);
  }

  /**
   * Resolves when no rotation is being driven.
   *
   * @throws what broke one off: in strict mode, what the function did that it must not
   */
  async idle(): Promise<void> {
    while (this.#drives.size > 0) await Promise.all(this.#drives.values());
    throwAll(this.#errors.splice(0));
  }

  /** Begins no further rotation; the secrets whose rotation is being driven. */
  stop(): readonly StoredSecret[] {
    this.#isStopping = true;
    return [...this.#drives.keys()];
  }

  /** Lets rotations begin again. */
  go(): void {
    this.#isStopping = false;
  }

  /** Lets time pass, and runs the rotations that are due, each at the opening of its window. */
  async advanceTo(date: Date): Promise<readonly RotationReport[]> {
    const { clock } = this.#account;
    if (!(date >= clock.now()))
      throw new RangeError(`advanceTo() must not go back: it is ${clock.now().toISOString()}`);
    if (this.#isAdvancing) throw new Error('advanceTo() is already running: await it first');
    this.#isAdvancing = true;
    const reports: RotationReport[] = [];
    const errors: unknown[] = [];
    try {
      await Promise.all(this.#drives.values());
      for (let due = this.#firstDue(date); due; due = this.#firstDue(date)) {
        clock.advanceTo(due.at);
        await this.#rotateBySchedule(due.secret).then(
          (report) => reports.push(report),
          (error: unknown) => errors.push(error),
        );
        const retry = nextWindow(due.secret.rotation?.rules, clock.now());
        if (retry) this.#retryAt.set(due.window, retry.opens);
      }
    } finally {
      this.#isAdvancing = false;
    }
    clock.advanceTo(date);
    // What a client has begun meanwhile.
    if (this.#account.settings.automatic) for (const secret of this.unfinished) this.drive(secret);
    throwAll(errors);
    return reports;
  }

  #firstDue(date: Date): { secret: StoredSecret; window: RotationWindow; at: Date } | undefined {
    let first: { secret: StoredSecret; window: RotationWindow; at: Date } | undefined;
    for (const secret of this.#account.store.all(this.#account.clock.now())) {
      const { rotation, deletedDate } = secret;
      if (!rotation?.enabled || !rotation.next || deletedDate) continue;
      const at = this.#retryAt.get(rotation.next) ?? rotation.next.opens;
      if (at <= date && (!first || at < first.at)) first = { secret, window: rotation.next, at };
    }
    return first;
  }

  /** Goes on with a rotation that is not complete, or begins one. */
  async #rotateBySchedule(secret: StoredSecret): Promise<RotationReport> {
    if (isUnfinished(secret)) return new LocalRotation(this.#account, secret).reattempt();
    const { trail, clock } = this.#account;
    const token = randomUUID();
    try {
      this.#account.rotateBySchedule(secret, token);
    } catch (error) {
      // No function, or an AWSPENDING that somebody has left: a matter of this secret alone.
      const errorMessage = isError(error) ? error.message : '';
      trail.record('RotationFailed', secret, { token, time: clock.now(), errorMessage });
      return { secret: secret.name, outcome: 'failed', steps: [] };
    }
    return new LocalRotation(this.#account, secret).run();
  }

  #secretIn(input: object): StoredSecret | undefined {
    const { SecretId } = input as { readonly SecretId?: unknown };
    return this.#account.store.find(String(SecretId), this.#account.clock.now());
  }
}

function isUnfinished(secret: StoredSecret): secret is StoredSecret & { inFlight: RotationInFlight } {
  return secret.inFlight !== undefined && !secret.deletedDate && !isOvertaken(secret, secret.inFlight);
}

function throwAll(errors: readonly unknown[]): void {
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('; '));
  if (errors.length === 1) throw errors[0];
}
