import { randomUUID } from 'node:crypto';
import type { LambdaContext } from '../deadline.js';
import { type RotationEvent, STEPS, type Step } from '../event.js';
import { ASSUMED } from './assumptions.js';
import { holderOf } from './labels.js';
import { redactorOf } from './redaction.js';
import { functionName } from './rotate.js';
import { daysBetween, nextWindow } from './schedule.js';
import { isOvertaken, type RotationInFlight, type StepRecord, type StoredSecret } from './secret.js';
import type { Invocation, Service } from './service.js';
import { regionOf } from './store.js';

/** What a function gets beside the event: the part of Lambda's context that means something here. */
export interface LocalContext extends LambdaContext {
  readonly functionName: string;
  readonly invokedFunctionArn: string;
  readonly awsRequestId: string;
}

/** A rotation function as the local Secrets Manager calls it. The engine's handlers are such functions. */
export type LocalFunction = (event: RotationEvent, context: LocalContext) => unknown;

/** How a drive ended. `incomplete`: all steps succeeded, but AWSCURRENT is not on the rotation's version. */
export type RotationOutcome = 'succeeded' | 'failed' | 'incomplete' | 'abandoned';

export interface RotationReport {
  readonly outcome: RotationOutcome;
  /** The invocations of this attempt, in order; the last one has the error of a failed rotation. */
  readonly steps: readonly StepRecord[];
}

/**
 * Does what AWS does once RotateSecret has answered: calls the function step by step, stops at the first failure with
 * AWSPENDING left where it is, and counts the rotation as a success only if AWSCURRENT has moved.
 */
export class LocalRotation {
  readonly #service: Service;
  readonly #secret: StoredSecret;
  /** The ClientRequestToken of the rotation that is under way, if one is. */
  readonly token: string | undefined;

  constructor(service: Service, secret: StoredSecret) {
    this.#service = service;
    this.#secret = secret;
    this.token = secret.inFlight?.token;
  }

  /**
   * Takes the steps that are left, to the end or to the last failure (with the option `retries`, it starts over).
   *
   * @throws Error if no rotation is under way; in strict mode, if the function did what it must not
   */
  async run(): Promise<RotationReport> {
    for (;;) {
      const report = await this.runStep();
      if (!report) continue;
      const attempt = report.steps.at(-1)?.attempt ?? 1;
      const isUnfinished = report.outcome === 'failed' || report.outcome === 'incomplete';
      if (!isUnfinished || attempt > this.#service.settings.retries || !this.#secret.inFlight) return report;
      this.#startOver();
    }
  }

  /**
   * Takes the next step.
   *
   * @returns how the rotation ended, or undefined if more steps follow
   * @throws Error as `run()` does
   */
  async runStep(): Promise<RotationReport | undefined> {
    const rotation = this.#underWay();
    const { steps, kind } = rotation;
    if (steps.at(-1)?.error !== undefined) {
      throw new Error(`the rotation of ${this.#secret.name} has failed: reattempt() starts it over`);
    }
    if (isOvertaken(this.#secret, rotation)) return this.#abandon(rotation);
    const planned: readonly Step[] = kind === 'test' ? ['testSecret'] : STEPS;
    const step = planned[steps.length];
    if (step) {
      const { record, violations } = await this.#invoke(rotation, step);
      const [violation] = violations;
      const error = violation === undefined ? record.error : this.#violation(violation, step);
      const taken = this.#note({ ...record, ...(error !== undefined && { error }) });
      if (!taken) return this.#abandon({ ...rotation, steps: [...steps, record] });
      if (error !== undefined) {
        const report = this.#fail(taken, step);
        if (violation !== undefined) throw error;
        return report;
      }
    }
    if (steps.length + 1 < planned.length) return undefined;
    const finished = this.#underWay();
    if (isOvertaken(this.#secret, finished)) return this.#abandon(finished);
    return kind === 'test' ? this.#endTest(finished) : this.#endRotation(finished);
  }

  /** Starts over at createSecret with the same token, as AWS does after a failure. */
  async reattempt(): Promise<RotationReport> {
    this.#startOver();
    return this.run();
  }

  /** Invokes the function for one step, whatever has gone before: for steps delivered twice or out of order. */
  async deliver(step: Step): Promise<void> {
    const { record, violations } = await this.#invoke(this.#underWay(), step);
    if (violations[0] !== undefined) throw this.#violation(violations[0], step);
    if (record.error !== undefined) throw record.error;
  }

  async #invoke(
    { token, rotationToken, attempt }: RotationInFlight,
    step: Step,
  ): Promise<{ record: StepRecord; violations: readonly string[] }> {
    const { settings, functions } = this.#service;
    const { arn, name: secretName, rotation } = this.#secret;
    const lambdaArn = rotation?.lambdaArn ?? '';
    const name = functionName(lambdaArn, regionOf(arn)) ?? '';
    const handler = functions.get(name);
    if (!handler) throw new Error(`the rotation function of ${secretName} is gone`);
    const event: RotationEvent = {
      Step: step,
      SecretId: arn,
      ClientRequestToken: token,
      ...(settings.sendsRotationToken && { RotationToken: rotationToken }),
    };
    const lambda = { functionName: name, invokedFunctionArn: lambdaArn, awsRequestId: randomUUID() };
    const invocation: Invocation = { secret: this.#secret, token, violations: [] };
    const startedAt = performance.now();
    const error = await this.#service
      .invoke(invocation, () =>
        withTimeout(settings.timeoutMs, async (context) => handler(event, { ...lambda, ...context })),
      )
      .then(
        () => undefined,
        (thrown: unknown) => thrown ?? new Error('the function threw nothing'),
      );
    const durationMs = performance.now() - startedAt;
    settings.observe?.({
      kind: 'step',
      secret: secretName,
      step,
      attempt,
      error: error === undefined ? undefined : redactorOf([this.#secret]).error(error),
      durationMs,
    });
    const record: StepRecord = { step, attempt, ...(error !== undefined && { error }) };
    return { record, violations: invocation.violations };
  }

  /** The rotation that was under way when this was made, if it still is. */
  #current(): RotationInFlight | undefined {
    const { inFlight } = this.#secret;
    return inFlight && inFlight.token === this.token ? inFlight : undefined;
  }

  #underWay(): RotationInFlight {
    const rotation = this.#current();
    if (rotation) return rotation;
    throw new Error(`no rotation of ${this.#secret.name} is under way: call rotateSecret first`);
  }

  #startOver(): void {
    const rotation = this.#underWay();
    this.#secret.inFlight = { ...rotation, attempt: rotation.attempt + 1, steps: [] };
  }

  /** Adds a step to the rotation; undefined if it was cancelled meanwhile. */
  #note(record: StepRecord): RotationInFlight | undefined {
    const rotation = this.#current();
    if (!rotation) return undefined;
    this.#secret.inFlight = { ...rotation, steps: [...rotation.steps, record] };
    return this.#secret.inFlight;
  }

  /** Somebody stored a new current value meanwhile, took the label away, or cancelled the rotation. */
  #abandon(rotation: RotationInFlight): RotationReport {
    if (this.#current() && !rotation.isAbandoned && rotation.kind === 'rotate') {
      this.#record('RotationAbandoned', rotation);
    }
    return this.#end(rotation, 'abandoned', () => {});
  }

  /** AWSPENDING stays for the next attempt; the copy of a mere test loses it. */
  #fail(rotation: RotationInFlight, step: Step): RotationReport {
    const { lambdaArn } = this.#secret.rotation ?? {};
    const isTest = rotation.kind === 'test';
    const errorMessage = `Error when executing lambda ${lambdaArn} during ${step} step`;
    this.#record(isTest ? 'TestRotationFailed' : 'RotationFailed', rotation, errorMessage);
    if (isTest && ASSUMED.failedTestLosesPending)
      return this.#end(rotation, 'failed', () => this.#dropPending());
    return this.#tell('failed', rotation);
  }

  #endTest(rotation: RotationInFlight): RotationReport {
    this.#record('TestRotationSucceeded', rotation);
    return this.#end(rotation, 'succeeded', () => this.#dropPending());
  }

  #endRotation(rotation: RotationInFlight): RotationReport {
    const { versions, name } = this.#secret;
    const pending = holderOf(versions, 'AWSPENDING');
    if (this.#service.settings.strict && pending && !pending.labels.has('AWSCURRENT')) {
      throw this.#violation(`left AWSPENDING of ${name} on another version than AWSCURRENT`, 'finishSecret');
    }
    if (holderOf(versions, 'AWSCURRENT')?.id !== rotation.token) return this.#tell('incomplete', rotation);
    const report = this.#end(rotation, 'succeeded', (now) => {
      // The backend clears the label once a rotation is complete; the function need not.
      if (this.#service.settings.cleansUpPending) this.#dropPending();
      this.#reschedule(now);
    });
    this.#record('RotationSucceeded', rotation);
    return report;
  }

  #reschedule(now: Date): void {
    const { rotation } = this.#secret;
    if (!rotation) return;
    const { enabled, rules } = rotation;
    const next = enabled ? nextWindow(rules, now) : undefined;
    const computedDays = next && rules?.ScheduleExpression !== undefined ? daysBetween(now, next) : undefined;
    this.#secret.rotation = { ...rotation, lastRotatedDate: now, next, computedDays };
  }

  #dropPending(): void {
    holderOf(this.#secret.versions, 'AWSPENDING')?.labels.delete('AWSPENDING');
  }

  #end(rotation: RotationInFlight, outcome: RotationOutcome, change: (now: Date) => void): RotationReport {
    const now = this.#service.clock.now();
    this.#service.store.change(this.#secret, now, () => {
      change(now);
      if (this.#current()) this.#secret.inFlight = undefined;
    });
    return this.#tell(outcome, rotation);
  }

  #tell(outcome: RotationOutcome, { steps }: RotationInFlight): RotationReport {
    this.#service.settings.observe?.({ kind: 'end', secret: this.#secret.name, outcome });
    return { outcome, steps: [...steps] };
  }

  #record(
    name: Parameters<Service['trail']['record']>[0],
    { token }: RotationInFlight,
    errorMessage?: string,
  ): void {
    const time = this.#service.clock.now();
    this.#service.trail.record(name, this.#secret, {
      token,
      time,
      ...(errorMessage !== undefined && { errorMessage }),
    });
  }

  #violation(what: string, step: Step): Error {
    return new Error(`strict mode: in ${step} the rotation function of ${this.#secret.name} ${what}`);
  }
}

/** Lambda's: the invocation fails when its time is up, whatever the function is doing. */
async function withTimeout(
  timeoutMs: number,
  invoke: (context: LambdaContext) => Promise<unknown>,
): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const seconds = (timeoutMs / 1000).toFixed(2);
    timer = setTimeout(() => reject(new Error(`Task timed out after ${seconds} seconds`)), timeoutMs);
  });
  const work = invoke({
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(endsAt - performance.now())),
  });
  await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
