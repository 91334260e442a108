import { STEPS, type Step } from '../../step.js';
import type { Account } from '../account.js';
import { ASSUMED } from '../assumptions.js';
import { holderOf } from '../store/labels.js';
import { nextWindow } from '../store/schedule.js';
import {
  isOvertaken,
  type RotationInFlight,
  type RotationOutcome,
  type StepRecord,
  type StoredSecret,
} from '../store/stored-secret.js';
import { invoke } from './invoke.js';

/** How a rotation ended. */
export interface RotationReport {
  /** The secret's name. */
  readonly secret: string;
  /** The outcome. */
  readonly outcome: RotationOutcome;
  /** Invocations of this attempt, in order. If the rotation failed, the last one has the error. */
  readonly steps: readonly StepRecord[];
}

/**
 * A rotation that RotateSecret has begun, made by {@link LocalSecretsManager.rotation}.
 *
 * Like AWS it calls the function step by step, stops at the first failure and leaves AWSPENDING in place. The rotation
 * succeeds only if AWSCURRENT has moved.
 */
export class LocalRotation {
  readonly #account: Account;
  readonly #secret: StoredSecret;
  /** ClientRequestToken of the rotation; undefined if no rotation is in progress. */
  readonly token: string | undefined;

  /** @internal */
  constructor(account: Account, secret: StoredSecret) {
    this.#account = account;
    this.#secret = secret;
    this.token = secret.inFlight?.token;
  }

  /**
   * Runs the remaining steps to the end or to a failure. With the option `retries` it starts over after a failure.
   *
   * @throws Error if no rotation is in progress, if it is already being driven, or if it has failed and
   *   {@link LocalRotation.reattempt} was not called; in strict mode, if the function broke a rule
   */
  run(): Promise<RotationReport> {
    return this.#drive(() => this.#toTheEnd());
  }

  /**
   * Runs the next step.
   *
   * @returns the report if the rotation has ended, undefined if more steps follow
   * @throws Error as {@link LocalRotation.run} does
   */
  runStep(): Promise<RotationReport | undefined> {
    return this.#drive(() => this.#nextStep());
  }

  /**
   * Starts over at createSecret with the same token, as AWS does after a failure.
   *
   * @throws Error as {@link LocalRotation.run} does
   */
  reattempt(): Promise<RotationReport> {
    return this.#drive(() => {
      this.#startOver();
      return this.#toTheEnd();
    });
  }

  /**
   * Invokes the function for one step, regardless of the earlier steps: for steps delivered twice or out of order.
   *
   * @throws the function's error, or Error if no rotation is in progress
   */
  async deliver(step: Step): Promise<void> {
    const { record, violations } = await invoke(this.#account, this.#secret, this.#underWay(), step);
    if (violations[0] !== undefined) throw this.#violation(violations[0], step);
    if (record.error !== undefined) throw record.error;
  }

  /** Allows one driver at a time: two would skip a step. */
  async #drive<T>(work: () => Promise<T>): Promise<T> {
    const { driven } = this.#account;
    if (driven.has(this.#secret))
      throw new Error(`the rotation of ${this.#secret.name} is already being driven`);
    driven.add(this.#secret);
    try {
      return await work();
    } finally {
      driven.delete(this.#secret);
    }
  }

  async #toTheEnd(): Promise<RotationReport> {
    for (;;) {
      const report = await this.#nextStep();
      if (!report) continue;
      const attempt = report.steps.at(-1)?.attempt ?? 1;
      const isUnfinished = report.outcome === 'failed' || report.outcome === 'incomplete';
      if (!isUnfinished || attempt > this.#account.settings.retries || !this.#current()) return report;
      this.#startOver();
    }
  }

  async #nextStep(): Promise<RotationReport | undefined> {
    const rotation = this.#underWay();
    const { steps, kind } = rotation;
    if (steps.at(-1)?.error !== undefined) {
      throw new Error(`the rotation of ${this.#secret.name} failed: call reattempt() to start it over`);
    }
    if (this.#isLost(rotation)) return this.#abandon(rotation);
    const planned: readonly Step[] = kind === 'test' ? ['testSecret'] : STEPS;
    const step = planned[steps.length];
    if (!step) return this.#endRotation(rotation);
    const { record, violations } = await invoke(this.#account, this.#secret, rotation, step);
    const [violation] = violations;
    const error = violation === undefined ? record.error : this.#violation(violation, step);
    const taken = {
      ...rotation,
      ...this.#current(),
      steps: [...steps, { ...record, ...(error !== undefined && { error }) }],
    };
    const isCancelled = !this.#current();
    if (!isCancelled) this.#secret.inFlight = taken;
    if (violation === undefined && (isCancelled || this.#isLost(taken))) return this.#abandon(taken);
    if (error !== undefined) {
      const report = this.#fail(taken, step);
      if (violation !== undefined) throw error;
      return report;
    }
    if (taken.steps.length < planned.length) return undefined;
    return kind === 'test' ? this.#endTest(taken) : this.#endRotation(taken);
  }

  /** The rotation of this object, if it is still in progress. */
  #current(): RotationInFlight | undefined {
    const { inFlight } = this.#secret;
    const isCurrent = inFlight?.token === this.token && this.#account.store.has(this.#secret);
    return isCurrent ? inFlight : undefined;
  }

  #underWay(): RotationInFlight {
    const rotation = this.#current();
    if (rotation) return rotation;
    throw new Error(`no rotation of ${this.#secret.name} is in progress: call rotateSecret first`);
  }

  #startOver(): void {
    const rotation = this.#underWay();
    this.#secret.inFlight = { ...rotation, attempt: rotation.attempt + 1, steps: [] };
  }

  /** Whether a new current value was stored, AWSPENDING was removed, or the secret was marked for deletion. */
  #isLost(rotation: RotationInFlight): boolean {
    return isOvertaken(this.#secret, rotation) || this.#secret.deletedDate !== undefined;
  }

  #abandon(rotation: RotationInFlight): RotationReport {
    const isNews = this.#current() && !rotation.isAbandoned && rotation.kind === 'rotate';
    // RestoreSecret may restore the secret, and its rotation can start over.
    if (this.#secret.deletedDate) return this.#tell('abandoned', rotation);
    const report = this.#end(rotation, 'abandoned', () => {});
    if (isNews) this.#record('RotationAbandoned', rotation);
    return report;
  }

  /** AWSPENDING stays for the next attempt, but the copy of a test loses it. */
  #fail(rotation: RotationInFlight, step: Step): RotationReport {
    const { lambdaArn } = this.#secret.rotation ?? {};
    const isTest = rotation.kind === 'test';
    const report =
      isTest && ASSUMED.failedTestLosesPending
        ? this.#end(rotation, 'failed', () => this.#dropPending(rotation))
        : this.#tell('failed', rotation);
    const errorMessage = `Error when executing lambda ${lambdaArn} during ${step} step`;
    this.#record(isTest ? 'TestRotationFailed' : 'RotationFailed', rotation, errorMessage);
    return report;
  }

  #endTest(rotation: RotationInFlight): RotationReport {
    const report = this.#end(rotation, 'succeeded', () => this.#dropPending(rotation));
    this.#record('TestRotationSucceeded', rotation);
    return report;
  }

  #endRotation(rotation: RotationInFlight): RotationReport {
    const { versions } = this.#secret;
    const pending = holderOf(versions, 'AWSPENDING');
    const isLeft = pending !== undefined && !pending.labels.has('AWSCURRENT');
    const isComplete = holderOf(versions, 'AWSCURRENT')?.id === rotation.token;
    const report = isComplete ? this.#succeed(rotation) : this.#tell('incomplete', rotation);
    if (!isLeft || !this.#account.settings.strict) return report;
    throw this.#violation('left AWSPENDING on a version that is not AWSCURRENT', 'finishSecret');
  }

  #succeed(rotation: RotationInFlight): RotationReport {
    const report = this.#end(rotation, 'succeeded', (now) => {
      // AWS removes the label after a complete rotation; the function need not.
      if (this.#account.settings.cleansUpPending) this.#dropPending(rotation);
      this.#reschedule(now);
    });
    this.#record('RotationSucceeded', rotation);
    return report;
  }

  #reschedule(now: Date): void {
    const { rotation } = this.#secret;
    if (!rotation) return;
    const next = rotation.enabled ? nextWindow(rotation.rules, now) : undefined;
    this.#secret.rotation = { ...rotation, lastRotatedDate: now, next };
  }

  #dropPending({ token }: RotationInFlight): void {
    this.#secret.versions.get(token)?.labels.delete('AWSPENDING');
  }

  #end(rotation: RotationInFlight, outcome: RotationOutcome, change: (now: Date) => void): RotationReport {
    const { store, clock } = this.#account;
    if (this.#current()) {
      const now = clock.now();
      store.commit(this.#secret, now, () => {
        change(now);
        this.#secret.inFlight = undefined;
      });
    }
    return this.#tell(outcome, rotation);
  }

  #tell(outcome: RotationOutcome, { steps }: RotationInFlight): RotationReport {
    const { name } = this.#secret;
    this.#account.tell({ kind: 'end', secret: name, outcome });
    return { secret: name, outcome, steps: [...steps] };
  }

  #record(
    name: Parameters<Account['trail']['record']>[0],
    { token }: RotationInFlight,
    errorMessage?: string,
  ): void {
    const time = this.#account.clock.now();
    this.#account.trail.record(name, this.#secret, {
      token,
      time,
      ...(errorMessage !== undefined && { errorMessage }),
    });
  }

  #violation(what: string, step: Step): Error {
    return new Error(`strict mode: in ${step} the rotation function of ${this.#secret.name} ${what}`);
  }
}
