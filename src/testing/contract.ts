import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { isRotationError } from '../errors.js';
import { STEPS, type Step } from '../event.js';
import { rotationHandler } from '../handler.js';
import { LocalSecretsManager } from '../local/service.js';
import type { LogEntry } from '../log.js';
import type { Awaitable, Rotator } from '../rotator.js';
import { stringsIn } from '../secret-string.js';
import type { SecretsManagerApi } from '../secrets-manager.js';

type Json = Record<string, unknown>;

/** A rotator, and the service that it is tried on. */
export interface ContractSubject<Secret extends object, Field extends keyof Secret & string> {
  readonly rotator: Rotator<Secret, Field>;
  /** Puts the service into its first state, and returns the JSON of a secret that it accepts. */
  reset(): Awaitable<Json>;
  /** Asks the service itself, not the rotator, whether it accepts a secret now. */
  accepts(secret: Json): Awaitable<boolean>;
  /** Makes the service unreachable until the next `reset`. */
  unplug(): Awaitable<void>;
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
  const begin = async (more: Json = {}, options: { RotateImmediately?: boolean } = {}) =>
    Trial.begin(rotator, { ...(await subject.reset()), ...more }, options);

  async function assertRotated(trial: Trial): Promise<void> {
    const [current, previous] = [await trial.value('AWSCURRENT'), await trial.value('AWSPREVIOUS')];
    assert.ok(await subject.accepts(current), 'the service must accept AWSCURRENT at the end of a rotation');
    for (const field of rotator.rotates) {
      assert.notDeepEqual(current[field], previous[field], `createSecret must make a new "${field}"`);
    }
  }

  return [
    clause('leaves the service accepting AWSCURRENT', async () => {
      const trial = await begin();
      await trial.steps(STEPS);
      await assertRotated(trial);
    }),

    clause('rotates again and again', async () => {
      const trial = await begin();
      for (let rotation = 1; rotation <= 3; rotation++) {
        if (rotation > 1) await trial.rotate();
        assert.equal((await trial.run()).outcome, 'succeeded', `rotation ${rotation} must succeed`);
        await assertRotated(trial);
      }
    }),

    ...STEPS.map((last) =>
      clause(`starts over from createSecret after it died at the end of ${last}`, async () => {
        const trial = await begin();
        await trial.steps(STEPS.slice(0, STEPS.indexOf(last) + 1));
        await trial.steps(STEPS);
        await assertRotated(trial);
      }),
    ),

    ...(['before', 'after'] as const).map((when) =>
      clause(`starts over when storing the new value failed ${when} it took effect`, async () => {
        const trial = await begin();
        trial.failNextPut(when);
        await assert.rejects(trial.steps(['createSecret']));
        await trial.steps(STEPS);
        await assertRotated(trial);
      }),
    ),

    clause('takes every step twice in a row', async () => {
      const trial = await begin();
      for (const step of STEPS) await trial.steps([step, step]);
      await assertRotated(trial);
    }),

    clause('takes every step twice at once', async () => {
      const trial = await begin();
      for (const step of STEPS) await Promise.allSettled([trial.steps([step]), trial.steps([step])]);
      if (trial.isUnderWay()) await trial.steps(STEPS);
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
      const { outcome } = await trial.run();
      assert.equal(
        outcome,
        'succeeded',
        'testSecret must accept a copy of AWSCURRENT, and need no other step',
      );
      assert.ok(await subject.accepts(await trial.value('AWSCURRENT')), 'testSecret must change nothing');
    }),

    clause('rejects, in testSecret, what the service does not accept', async () => {
      const trial = await begin();
      const current = await trial.value('AWSCURRENT');
      const wrong = Object.fromEntries(rotator.rotates.map((field) => [field, 'not-the-credential']));
      await trial.store({ ...current, ...wrong });
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
        const error = await trial.failure(step, step === 'testSecret');
        const advice = `${step} must throw what kept it from asking: only the service's own refusal is a refusal`;
        assert.notEqual(codeOf(error), 'ERR_CREDENTIAL_REJECTED', advice);
      }),
    ),

    clause('keeps the fields that it does not know', async () => {
      const trial = await begin({ 'x-owner': 'team-a' });
      await trial.steps(STEPS);
      assert.equal((await trial.value('AWSCURRENT'))['x-owner'], 'team-a');
    }),

    clause('lets nothing secret out in an error or the log', async () => {
      const trial = await begin();
      await trial.steps(['createSecret']);
      await subject.unplug();
      const errors = [await trial.failure('setSecret', false), await trial.failure('testSecret')];
      const told = inspect([errors, trial.log], { depth: 20, showHidden: true, maxStringLength: null });
      for (const label of ['AWSCURRENT', 'AWSPENDING']) {
        const value = await trial.value(label);
        for (const field of rotator.rotates.filter((name) => !rotator.shows.includes(name))) {
          for (const secret of stringsIn(value[field])) {
            assert.ok(
              !told.includes(secret),
              `"${field}" is in an error or in the log: "shows" must not name it`,
            );
          }
        }
      }
    }),
  ];
}

const SECRET_NAME = 'contract';

/** One secret in a local Secrets Manager, with a rotation of it under way. */
class Trial {
  readonly log: LogEntry[] = [];
  readonly #secrets = new LocalSecretsManager();
  #failsNextPut: 'before' | 'after' | undefined;

  static async begin<Secret extends object, Field extends keyof Secret & string>(
    rotator: Rotator<Secret, Field>,
    secret: Json,
    options: { RotateImmediately?: boolean },
  ): Promise<Trial> {
    const trial = new Trial();
    const handler = rotationHandler(rotator, {
      client: trial.#client(),
      log: (entry) => trial.log.push(entry),
    });
    const RotationLambdaARN = trial.#secrets.addFunction('contract', handler);
    await trial.#secrets.createSecret({ Name: SECRET_NAME, SecretString: JSON.stringify(secret) });
    await trial.#secrets.rotateSecret({ SecretId: SECRET_NAME, RotationLambdaARN, ...options });
    return trial;
  }

  async rotate(): Promise<void> {
    await this.#secrets.rotateSecret({ SecretId: SECRET_NAME });
  }

  run() {
    return this.#secrets.rotation(SECRET_NAME).run();
  }

  isUnderWay(): boolean {
    return this.#secrets.rotation(SECRET_NAME).token !== undefined;
  }

  async steps(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#secrets.rotation(SECRET_NAME).deliver(step);
  }

  /** What a step throws. */
  async failure(step: Step, mustFail = true): Promise<unknown> {
    const outcome = await this.steps([step]).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    assert.ok(outcome || !mustFail, `${step} must not succeed`);
    return outcome?.error;
  }

  async value(label: string): Promise<Json> {
    const { SecretString = '' } = await this.#secrets.getSecretValue({
      SecretId: SECRET_NAME,
      VersionStage: label,
    });
    return JSON.parse(SecretString);
  }

  async store(pending: Json): Promise<void> {
    await this.#secrets.putSecretValue({
      SecretId: SECRET_NAME,
      ClientRequestToken: this.#secrets.rotation(SECRET_NAME).token,
      SecretString: JSON.stringify(pending),
      VersionStages: ['AWSPENDING'],
    });
  }

  failNextPut(when: 'before' | 'after'): void {
    this.#failsNextPut = when;
  }

  #client(): SecretsManagerApi {
    const secrets = this.#secrets;
    return {
      describeSecret: (input) => secrets.describeSecret(input),
      getSecretValue: (input) => secrets.getSecretValue(input),
      updateSecretVersionStage: (input) => secrets.updateSecretVersionStage(input),
      putSecretValue: async (input) => {
        const when = this.#failsNextPut;
        this.#failsNextPut = undefined;
        if (when !== 'before') await secrets.putSecretValue(input);
        if (when) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      },
    };
  }
}

function codeOf(error: unknown): string | undefined {
  return isRotationError(error) ? error.code : undefined;
}

function clause(name: string, run: () => Promise<void>): Clause {
  return { name, run };
}
