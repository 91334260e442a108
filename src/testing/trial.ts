import assert from 'node:assert/strict';
import { isRotationError } from '../errors.js';
import { STEPS, type Step } from '../event.js';
import type { RotationHandler } from '../handler.js';
import { LocalSecretsManager } from '../local/client.js';
import type { LogEntry } from '../log.js';
import type { Json, Stand } from './subject.js';
import { Watch } from './watched.js';

const SECRET_NAME = 'contract';

export interface TrialOptions {
  /** Fields that the secret has besides. */
  readonly more?: Json;
  /** What AWSPREVIOUS holds before the rotation. */
  readonly previous?: string;
  readonly RotateImmediately?: boolean;
}

/** A service in its first state, its secret in a local Secrets Manager, and a rotation of it that has begun. */
export class Trial {
  readonly log: LogEntry[] = [];
  readonly errors: unknown[] = [];
  readonly watch = new Watch();
  readonly secrets = new LocalSecretsManager();
  readonly #stand: Stand;
  #container: RotationHandler;
  #leftMs: number | undefined;

  static async begin(stand: Stand, { more = {}, previous, ...options }: TrialOptions = {}): Promise<Trial> {
    stand.line().mend();
    await aMoment();
    const secret = { ...(await stand.reset()), ...more };
    const trial = new Trial(stand);
    const { secrets } = trial;
    const RotationLambdaARN = secrets.addFunction('contract', (event, context) => {
      const leftMs = trial.#leftMs;
      return trial.#container(
        event,
        leftMs === undefined ? context : { getRemainingTimeInMillis: () => leftMs },
      );
    });
    for (const [Name, json] of Object.entries((await stand.others?.()) ?? {})) {
      await secrets.createSecret({ Name, SecretString: JSON.stringify(json) });
    }
    const SecretString = JSON.stringify(secret);
    await secrets.createSecret({ Name: SECRET_NAME, SecretString: previous ?? SecretString });
    if (previous !== undefined) await secrets.putSecretValue({ SecretId: SECRET_NAME, SecretString });
    await secrets.rotateSecret({ SecretId: SECRET_NAME, RotationLambdaARN, ...options });
    return trial;
  }

  private constructor(stand: Stand) {
    this.#stand = stand;
    this.#container = this.#start();
  }

  /** What comes next, another container of the function does: it knows nothing of what has been. */
  restart(): void {
    this.#container = this.#start();
  }

  async rotate(): Promise<void> {
    await this.secrets.rotateSecret({ SecretId: SECRET_NAME });
  }

  /** Takes the steps that are left. */
  async run(advice: string): Promise<void> {
    const { outcome, steps } = await this.secrets.rotation(SECRET_NAME).run();
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

  /** Takes the steps before one that is of interest. */
  async upTo(step: Step): Promise<void> {
    await this.steps(STEPS.slice(0, STEPS.indexOf(step)));
  }

  /**
   * What a step throws, if it throws.
   *
   * @param leftMs how long Lambda lets it run
   */
  async outcome(step: Step, leftMs?: number): Promise<unknown> {
    this.#leftMs = leftMs;
    try {
      await this.secrets.rotation(SECRET_NAME).deliver(step);
      return undefined;
    } catch (error) {
      this.errors.push(error);
      return error;
    } finally {
      this.#leftMs = undefined;
    }
  }

  /** Starts over at createSecret, in another container, to the end. */
  async startOver(what: string): Promise<void> {
    this.restart();
    await aMoment();
    await this.steps(STEPS, `${what}, ${AGAIN}`);
    await this.assertRotated(what);
  }

  async value(label: string): Promise<Json> {
    const { SecretString = '' } = await this.secrets.getSecretValue({
      SecretId: SECRET_NAME,
      VersionStage: label,
    });
    return JSON.parse(SecretString);
  }

  async store(pending: Json): Promise<void> {
    await this.secrets.putSecretValue({
      SecretId: SECRET_NAME,
      ClientRequestToken: this.secrets.rotation(SECRET_NAME).token,
      SecretString: JSON.stringify(pending),
      VersionStages: ['AWSPENDING'],
    });
  }

  /** What must hold at the end of a rotation, whatever has become of it meanwhile. */
  async assertRotated(after = 'a rotation'): Promise<void> {
    const { accepts, declared, credentials } = this.#stand;
    const [current, previous] = [await this.value('AWSCURRENT'), await this.value('AWSPREVIOUS')];
    assert.ok(await accepts(current), `after ${after}, the service must accept AWSCURRENT`);
    for (const field of declared().rotates) {
      assert.notDeepEqual(current[field], previous[field], `createSecret must make a new "${field}"`);
    }
    if (!credentials) return;
    const count = await credentials();
    assert.ok(count <= 2, `after ${after}, the service holds ${count} credentials: ${BOUNDED}`);
  }

  /** While a rotation is under way, whatever happens, somebody who has the secret must get in. */
  async assertOpen(after: string): Promise<void> {
    for (const label of ['AWSCURRENT', 'AWSPENDING']) {
      const value = await this.value(label).catch(() => undefined);
      if (value && (await this.#stand.accepts(value))) return;
    }
    assert.fail(
      `after ${after}, the service accepts neither AWSCURRENT nor AWSPENDING: nobody knows a way in`,
    );
  }

  #start(): RotationHandler {
    return this.#stand.start(this.watch, { client: this.secrets, log: (entry) => this.log.push(entry) });
  }
}

const AGAIN =
  'each step must succeed when it has been taken before: the service may have AWSPENDING already, so try AWSCURRENT, ' +
  'then AWSPENDING';
const BOUNDED =
  'finishSecret must find and end those of earlier attempts, which have the token in their names, and what loses its last label';

/** So that clients that keep connections have seen which are broken. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** What a step did, in a few words. */
function told(error: unknown): string {
  return isRotationError(error) ? `threw ${error.code}: ${error.message}` : 'did not throw';
}
