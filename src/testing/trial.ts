import assert from 'node:assert/strict';
import { isRotationError } from '../errors.js';
import type { Step } from '../event.js';
import { rotationHandler } from '../handler.js';
import { LocalSecretsManager } from '../local/client.js';
import type { LogEntry } from '../log.js';
import type { Rotator } from '../rotator.js';

export type Json = Record<string, unknown>;

const SECRET_NAME = 'contract';

/** One secret in a local Secrets Manager, with a rotation of it under way. */
export class Trial {
  readonly log: LogEntry[] = [];
  readonly errors: unknown[] = [];
  readonly #secrets = new LocalSecretsManager();

  static async begin<Secret extends object, Field extends keyof Secret & string>(
    rotator: Rotator<Secret, Field>,
    { secret, others }: { readonly secret: Json; readonly others: Readonly<Record<string, Json>> },
    options: { RotateImmediately?: boolean },
  ): Promise<Trial> {
    const trial = new Trial();
    const handler = rotationHandler(rotator, {
      client: trial.#secrets,
      log: (entry) => trial.log.push(entry),
    });
    const RotationLambdaARN = trial.#secrets.addFunction('contract', handler);
    for (const [Name, json] of Object.entries({ ...others, [SECRET_NAME]: secret })) {
      await trial.#secrets.createSecret({ Name, SecretString: JSON.stringify(json) });
    }
    await trial.#secrets.rotateSecret({ SecretId: SECRET_NAME, RotationLambdaARN, ...options });
    return trial;
  }

  async rotate(): Promise<void> {
    await this.#secrets.rotateSecret({ SecretId: SECRET_NAME });
  }

  /** Takes the steps that are left. */
  async run(advice: string): Promise<void> {
    const { outcome, steps } = await this.#secrets.rotation(SECRET_NAME).run();
    const last = steps.at(-1);
    assert.ok(outcome === 'succeeded', `${advice} (${outcome}: ${last?.step} ${told(last?.error)})`);
  }

  /** Takes steps that must succeed. */
  async steps(steps: readonly Step[], advice = 'every step of a first attempt must succeed'): Promise<void> {
    for (const step of steps) {
      const error = await this.outcome(step);
      assert.ok(error === undefined, `${advice} (${step} ${told(error)})`);
    }
  }

  /** What a step throws, if it throws. */
  async outcome(step: Step): Promise<unknown> {
    try {
      await this.#deliver(step);
      return undefined;
    } catch (error) {
      this.errors.push(error);
      return error;
    }
  }

  /** What a step throws that must throw. */
  async failure(step: Step): Promise<unknown> {
    const error = await this.outcome(step);
    assert.ok(
      error,
      `${step} must throw while the service cannot be reached (or unplug() does not cut it off)`,
    );
    return error;
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

  #deliver(step: Step): Promise<void> {
    return this.#secrets.rotation(SECRET_NAME).deliver(step);
  }

  failNextPut(when: 'before' | 'after'): void {
    this.#secrets.inject({ operation: 'PutSecretValue', kind: 'dropped', when });
  }
}

function told(error: unknown): string {
  return isRotationError(error) ? `threw ${error.code}: ${error.message}` : 'did not throw';
}
