import { randomUUID } from 'node:crypto';
import { isError } from '../../errors.js';
import type { Account } from '../account.js';
import type { Operation } from '../api/model.js';
import * as refusals from '../api/refusals.js';
import { nextWindow, type RotationWindow } from '../store/schedule.js';
import { isOvertaken, type RotationInFlight, type StoredSecret } from '../store/stored-secret.js';
import { LocalRotation, type RotationReport } from './rotation.js';

/** Runs rotations as AWS's backend does: after RotateSecret (with `automatic`) and by schedule. */
export class Backend {
  readonly #account: Account;
  readonly #drives = new Map<StoredSecret, Promise<void>>();
  /** Secrets whose rotation starts over once the present drive has ended. */
  readonly #again = new Set<StoredSecret>();
  readonly #errors: unknown[] = [];
  /** When to try a rotation again that failed in a window. */
  readonly #retryAt = new WeakMap<RotationWindow, Date>();
  #isStopping = false;
  #isAdvancing = false;

  constructor(account: Account) {
    this.#account = account;
  }

  /** Executes an operation, and starts the rotation that follows from it. */
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
      // Also after an error: the call may have taken effect.
      this.drive(this.#secretIn(input), { again });
    }
  }

  /** Secrets whose rotation has begun and is not complete. */
  get unfinished(): readonly StoredSecret[] {
    const { store, clock } = this.#account;
    return [...store.all(clock.now())].filter(isUnfinished);
  }

  /** Drives a secret's incomplete rotation, unless it is being driven. A failed one starts over only with `again`. */
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
        // It may have been cancelled or taken over meanwhile.
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
        // Another rotation may have begun before this one ended.
        if (isWanted || secret.inFlight?.token !== token) this.drive(secret, { again: isWanted });
      });
    this.#drives.set(secret, drive);
  }

  /**
   * Resolves when no rotation is being driven.
   *
   * @throws the errors that broke rotations off
   */
  async idle(): Promise<void> {
    while (this.#drives.size > 0) await Promise.all(this.#drives.values());
    throwAll(this.#errors.splice(0));
  }

  /** Stops starting rotations. Returns the secrets whose rotation is still being driven. */
  stop(): readonly StoredSecret[] {
    this.#isStopping = true;
    return [...this.#drives.keys()];
  }

  /** Lets rotations begin again. */
  go(): void {
    this.#isStopping = false;
  }

  /** Sets the clock forward, and runs each due rotation when its window opens. */
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
    // Rotations that a client has begun meanwhile.
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

  /** Continues an incomplete rotation, or begins one. */
  async #rotateBySchedule(secret: StoredSecret): Promise<RotationReport> {
    if (isUnfinished(secret)) return new LocalRotation(this.#account, secret).reattempt();
    const { trail, clock } = this.#account;
    const token = randomUUID();
    try {
      this.#account.rotateBySchedule(secret, token);
    } catch (error) {
      // No function, or a leftover AWSPENDING: only this secret is affected.
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
