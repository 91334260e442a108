import type { LambdaContext } from '../deadline.js';
import { type RotationEvent, STEPS, type Step } from '../event.js';
import { holderOf } from './labels.js';
import type { RotationInFlight, StepRecord, StoredSecret } from './secret.js';

/** A rotation function as the local Secrets Manager calls it. The engine's handlers are such functions. */
export type LocalFunction = (event: RotationEvent, context: LambdaContext) => unknown;

/** How a drive ended. `incomplete`: all steps succeeded, but AWSCURRENT is not on the rotation's version. */
export type RotationOutcome = 'succeeded' | 'failed' | 'incomplete' | 'abandoned';

export interface RotationReport {
  readonly outcome: RotationOutcome;
  /** The invocations of this attempt, in order; the last one has the error of a failed rotation. */
  readonly steps: readonly StepRecord[];
}

/** As AWS's rotation functions are deployed. */
const LAMBDA_TIMEOUT_MS = 30_000;

/**
 * Does what AWS does once RotateSecret has answered: calls the function step by step, stops at the first failure with
 * AWSPENDING left where it is, and counts the rotation as a success only if AWSCURRENT has moved.
 */
export class LocalRotation {
  readonly #secret: StoredSecret;
  readonly #rotation: RotationInFlight | undefined;
  readonly #functions: ReadonlyMap<string, LocalFunction>;

  constructor(secret: StoredSecret, functions: ReadonlyMap<string, LocalFunction>) {
    this.#secret = secret;
    this.#rotation = secret.inFlight;
    this.#functions = functions;
  }

  /** The ClientRequestToken of the rotation that is under way, if one is. */
  get token(): string | undefined {
    return this.#rotation?.token;
  }

  /** Takes the steps that are left, to the end or to the first failure. */
  async run(): Promise<RotationReport> {
    for (;;) {
      const report = await this.runStep();
      if (report) return report;
    }
  }

  /**
   * Takes the next step.
   *
   * @returns how the rotation ended, or undefined if more steps follow
   * @throws Error if no rotation is under way
   */
  async runStep(): Promise<RotationReport | undefined> {
    const rotation = this.#underWay();
    if (rotation.steps.at(-1)?.error !== undefined) {
      throw new Error(`the rotation of ${this.#secret.name} has failed: reattempt() starts it over`);
    }
    if (this.#isAbandoned(rotation)) return this.#end(rotation, 'abandoned');
    const planned: readonly Step[] = rotation.kind === 'test' ? ['testSecret'] : STEPS;
    const done = rotation.steps.filter(({ error }) => error === undefined).length;
    const step = planned[done];
    if (step) {
      const record = await this.#invoke(rotation, step);
      rotation.steps.push(record);
      if (record.error !== undefined) return this.#fail(rotation);
    }
    if (done + 1 < planned.length) return undefined;
    return rotation.kind === 'test' ? this.#endTest(rotation) : this.#endRotation(rotation);
  }

  /** Starts over at createSecret with the same token, as AWS does after a failure. */
  async reattempt(): Promise<RotationReport> {
    const rotation = this.#underWay();
    rotation.attempt += 1;
    rotation.steps = [];
    return this.run();
  }

  /** Invokes the function for one step, whatever has gone before: for steps delivered twice or out of order. */
  async deliver(step: Step): Promise<void> {
    const rotation = this.#underWay();
    const { error } = await this.#invoke(rotation, step);
    if (error !== undefined) throw error;
  }

  async #invoke(rotation: RotationInFlight, step: Step): Promise<StepRecord> {
    const { token, rotationToken, attempt } = rotation;
    const handler = this.#functions.get(this.#secret.rotation?.lambdaArn ?? '');
    if (!handler) throw new Error(`the rotation function of ${this.#secret.name} is gone`);
    const event: RotationEvent = {
      Step: step,
      SecretId: this.#secret.arn,
      ClientRequestToken: token,
      RotationToken: rotationToken,
    };
    const record = await withTimeout(async (context) => handler(event, context)).then(
      (): StepRecord => ({ step, attempt }),
      (error: unknown): StepRecord => ({
        step,
        attempt,
        error: error ?? new Error('the function threw nothing'),
      }),
    );
    return record;
  }

  #underWay(): RotationInFlight {
    if (this.#rotation) return this.#rotation;
    throw new Error(`no rotation of ${this.#secret.name} is under way: call rotateSecret first`);
  }

  /** Somebody stored a new current value meanwhile, or took the label away. */
  #isAbandoned({ token }: RotationInFlight): boolean {
    const labels = this.#secret.versions.get(token)?.labels;
    return !labels?.has('AWSPENDING') && !labels?.has('AWSCURRENT');
  }

  /** AWSPENDING stays for the next attempt; the copy of a mere test loses it (assumed: AWS documents the success only). */
  #fail(rotation: RotationInFlight): RotationReport {
    if (rotation.kind === 'rotate') return { outcome: 'failed', steps: [...rotation.steps] };
    this.#secret.versions.get(rotation.token)?.labels.delete('AWSPENDING');
    return this.#end(rotation, 'failed');
  }

  #endTest(rotation: RotationInFlight): RotationReport {
    holderOf(this.#secret.versions, 'AWSPENDING')?.labels.delete('AWSPENDING');
    return this.#end(rotation, 'succeeded');
  }

  #endRotation(rotation: RotationInFlight): RotationReport {
    const current = holderOf(this.#secret.versions, 'AWSCURRENT');
    if (current?.id !== rotation.token) return { outcome: 'incomplete', steps: [...rotation.steps] };
    // The backend clears the label once a rotation is complete; the function need not.
    current.labels.delete('AWSPENDING');
    if (this.#secret.rotation) this.#secret.rotation.lastRotatedDate = new Date();
    return this.#end(rotation, 'succeeded');
  }

  #end({ steps }: RotationInFlight, outcome: RotationOutcome): RotationReport {
    if (this.#secret.inFlight === this.#rotation) this.#secret.inFlight = undefined;
    return { outcome, steps: [...steps] };
  }
}

/** Lambda's: the invocation fails when its time is up, whatever the function is doing. */
async function withTimeout(invoke: (context: LambdaContext) => Promise<unknown>): Promise<void> {
  const endsAt = performance.now() + LAMBDA_TIMEOUT_MS;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const seconds = (LAMBDA_TIMEOUT_MS / 1000).toFixed(2);
    timer = setTimeout(() => reject(new Error(`Task timed out after ${seconds} seconds`)), LAMBDA_TIMEOUT_MS);
  });
  const work = invoke({ getRemainingTimeInMillis: () => Math.max(0, endsAt - performance.now()) });
  await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
