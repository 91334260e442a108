import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { isRotationError } from '../errors.js';
import { STEPS, type Step } from '../event.js';
import type { Awaitable, Rotator } from '../rotator.js';
import { stringsIn } from '../secret-string.js';
import type { Line } from './line.js';
import { type Json, Trial } from './trial.js';

/** A rotator, and the service that it is tried on. */
export interface ContractSubject<Secret extends object, Field extends keyof Secret & string> {
  readonly rotator: Rotator<Secret, Field>;
  /** Puts the service into its first state, and returns the JSON object of a secret that it accepts. */
  reset(): Awaitable<Json>;
  /** Other secrets that the rotator reads (an administrator's), by name. Asked for after each `reset`. */
  others?(): Awaitable<Readonly<Record<string, Json>>>;
  /** Asks the service itself, not the rotator, whether it accepts the JSON object of a secret now. */
  accepts(secret: Json): Awaitable<boolean>;
  /** Makes the service unreachable until the next `reset`. */
  unplug(): Awaitable<void>;
  /**
   * The way to the service that the secret of `reset` leads over: then rotations are also tried with connections that
   * break, at every message that the rotator sends.
   */
  line?(): Line | undefined;
}

/** One rule of the contract, as a test. */
export interface Clause {
  readonly name: string;
  /** Resolves if the rotator keeps the rule, and rejects with a sentence that says what to change. */
  run(): Promise<void>;
}

/**
 * What every rotator must do, as tests for any runner.
 *
 * @example
 * ```ts
 * test.each(rotatorContract(subject))('$name', ({ run }) => run());
 * ```
 */
export function rotatorContract<Secret extends object, Field extends keyof Secret & string>(
  subject: ContractSubject<Secret, Field>,
): Clause[] {
  const { rotator } = subject;
  const begin = async (more: Json = {}, options: { RotateImmediately?: boolean } = {}) => {
    const secret = { ...(await subject.reset()), ...more };
    return Trial.begin(rotator, { secret, others: (await subject.others?.()) ?? {} }, options);
  };

  async function assertRotated(trial: Trial): Promise<void> {
    const [current, previous] = [await trial.value('AWSCURRENT'), await trial.value('AWSPREVIOUS')];
    assert.ok(await subject.accepts(current), 'the service must accept AWSCURRENT at the end of a rotation');
    for (const field of rotator.rotates) {
      assert.notDeepEqual(current[field], previous[field], `createSecret must make a new "${field}"`);
    }
  }

  /** Breaks the line at the first message of a step, then, from the beginning, at the second, and so on. */
  async function breakEverywhere(line: Line, step: Step, when: 'before' | 'after'): Promise<void> {
    for (let isBroken = true, message = 1; isBroken; message++) {
      const trial = await begin();
      await trial.steps(STEPS.slice(0, STEPS.indexOf(step)));
      line.breakAt(message, when);
      await trial.outcome(step);
      isBroken = line.mend();
      await trial.steps(STEPS, `after a break at message ${message} of ${step}, ${AGAIN}`);
      await assertRotated(trial);
    }
  }

  const wrong = (secret: Json): Json => ({
    ...secret,
    ...Object.fromEntries(rotator.rotates.map((field) => [field, NOT_THE_CREDENTIAL])),
  });

  return [
    clause('is tried on a service that tells right from wrong', async () => {
      const secret = await subject.reset();
      assert.ok(await subject.accepts(secret), 'accepts() must be true for what reset() returns');
      assert.ok(!(await subject.accepts(wrong(secret))), 'accepts() must be false for what nobody has set');
    }),

    clause('leaves the service accepting AWSCURRENT', async () => {
      const trial = await begin();
      await trial.steps(STEPS);
      await assertRotated(trial);
    }),

    clause('rotates again and again', async () => {
      const trial = await begin();
      for (let rotation = 1; rotation <= 3; rotation++) {
        if (rotation > 1) await trial.rotate();
        await trial.run(`rotation ${rotation} must succeed`);
        await assertRotated(trial);
      }
    }),

    ...STEPS.map((last) =>
      clause(`starts over from createSecret after it died at the end of ${last}`, async () => {
        const trial = await begin();
        await trial.steps(STEPS.slice(0, STEPS.indexOf(last) + 1));
        await trial.steps(STEPS, AGAIN);
        await assertRotated(trial);
      }),
    ),

    ...(['before', 'after'] as const).map((when) =>
      clause(`starts over when storing the new value failed ${when} it took effect`, async () => {
        const trial = await begin();
        trial.failNextPut(when);
        await trial.outcome('createSecret');
        await trial.steps(STEPS, AGAIN);
        await assertRotated(trial);
      }),
    ),

    ...(['before', 'after'] as const).map((when) =>
      clause(`starts over when a connection broke ${when} any message of it took effect`, async () => {
        const line = subject.line?.();
        if (line) for (const step of STEPS) await breakEverywhere(line, step, when);
      }),
    ),

    clause('takes every step twice in a row', async () => {
      const trial = await begin();
      for (const step of STEPS) await trial.steps([step, step], AGAIN);
      await assertRotated(trial);
    }),

    clause('takes every step twice at once', async () => {
      const trial = await begin();
      for (const step of STEPS) await Promise.all([trial.outcome(step), trial.outcome(step)]);
      await trial.steps(STEPS, AGAIN);
      await assertRotated(trial);
    }),

    clause('does not break AWSCURRENT before setSecret', async () => {
      const trial = await begin();
      await trial.steps(['createSecret']);
      const isAccepted = await subject.accepts(await trial.value('AWSCURRENT'));
      assert.ok(isAccepted, 'createSecret must leave AWSCURRENT working: the new value is not even stored');
    }),

    clause('passes a test of the current value alone (RotateImmediately=false)', async () => {
      const trial = await begin({}, { RotateImmediately: false });
      await trial.run('testSecret must accept a copy of AWSCURRENT, and need no other step');
      assert.ok(await subject.accepts(await trial.value('AWSCURRENT')), 'testSecret must change nothing');
    }),

    clause('rejects, in testSecret, what the service does not accept', async () => {
      const trial = await begin();
      await trial.store(wrong(await trial.value('AWSCURRENT')));
      const error = await trial.failure('testSecret');
      const advice = "testSecret must return 'rejected' when the service refuses the credential";
      assert.equal(codeOf(error), 'ERR_CREDENTIAL_REJECTED', advice);
    }),

    ...(['setSecret', 'testSecret'] as const).map((step) =>
      clause(`does not take an unreachable service for a refusal, in ${step}`, async () => {
        const trial = await begin();
        await trial.steps(['createSecret']);
        await subject.unplug();
        // A credential that is issued works before setSecret, which then has nothing to ask the service.
        const error = step === 'testSecret' ? await trial.failure(step) : await trial.outcome(step);
        const advice = `${step} must throw what kept it from asking: only the service's own refusal is a refusal`;
        assert.notEqual(codeOf(error), 'ERR_CREDENTIAL_REJECTED', advice);
      }),
    ),

    clause('keeps the fields that it does not know', async () => {
      const trial = await begin({ 'x-owner': 'team-a' });
      await trial.steps(STEPS);
      assert.equal((await trial.value('AWSCURRENT'))['x-owner'], 'team-a');
    }),

    clause('lets nothing secret out in an error, the log or what is printed', async () => {
      const trial = await begin();
      const printed = await captureOutput(async () => {
        await trial.steps(['createSecret']);
        await subject.unplug();
        for (const step of ['setSecret', 'testSecret', 'finishSecret'] as const) await trial.outcome(step);
      });
      const told =
        printed + inspect([trial.errors, trial.log], { depth: 20, showHidden: true, maxStringLength: null });
      for (const label of ['AWSCURRENT', 'AWSPENDING']) {
        const value = await trial.value(label);
        for (const field of rotator.rotates.filter((name) => !rotator.shows.includes(name))) {
          for (const secret of stringsIn(value[field])) {
            assert.ok(!told.includes(secret), `"${field}" must not be printed, logged or thrown`);
          }
        }
      }
    }),
  ];
}

const NOT_THE_CREDENTIAL = 'not-the-credential';
const AGAIN =
  'each step must succeed when it has been taken before: the service may have AWSPENDING already, so try AWSCURRENT, ' +
  'then AWSPENDING';

/** What is written to stdout and stderr meanwhile. */
async function captureOutput(work: () => Promise<void>): Promise<string> {
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  let printed = '';
  for (const { stream, write } of streams) {
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      printed += Buffer.from(chunk).toString();
      return Reflect.apply(write, stream, [chunk, ...rest]);
    };
  }
  try {
    await work();
  } finally {
    for (const { stream, write } of streams) stream.write = write;
  }
  return printed;
}

function codeOf(error: unknown): string | undefined {
  return isRotationError(error) ? error.code : undefined;
}

function clause(name: string, run: () => Promise<void>): Clause {
  return { name, run };
}
