import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { RotationHandler } from '../engine/handler.js';
import type { LogEntry } from '../engine/log.js';
import { isRotationError } from '../errors.js';
import { jsonObject } from '../json.js';
import { LocalSecretsManager } from '../local/client.js';
import type { Awaitable } from '../rotator.js';
import { STEPS, type Step } from '../step.js';
import { aMoment } from './moments.js';
import type { Json, Making, Stand } from './subject.js';
import { noteInto, type Visit } from './visits.js';
import { Watch } from './watched.js';

const SECRET_NAME = 'contract';

export interface TrialOptions {
  /** What AWSCURRENT holds in place of what `reset` has returned. */
  readonly current?: (secret: Json) => Awaitable<Json>;
  /** What AWSPREVIOUS holds before the rotation. */
  readonly previous?: string | ((values: Values) => Awaitable<string | undefined>);
  readonly RotateImmediately?: boolean;
}

/** The values that a rotation starts with. */
export interface Values {
  readonly secret: Json;
  readonly others: Readonly<Record<string, Json>>;
}

/** A service after `reset`, its secret in a local Secrets Manager, and a rotation that has begun. */
export class Trial {
  readonly log: LogEntry[] = [];
  readonly errors: unknown[] = [];
  readonly watch = new Watch();
  readonly secrets = new LocalSecretsManager();
  /** What `reset` returned, and the other secrets that the rotator may read. */
  values: Values;
  readonly #stand: Stand;
  readonly #places: Visit['places'] = new Set();
  readonly #named: Json[] = [];
  #container: RotationHandler;
  #leftMs: number | undefined;

  static async begin(stand: Stand, options: TrialOptions = {}): Promise<Trial> {
    const { current = (secret) => secret, previous: given, ...settings } = options;
    const values = await first(stand);
    const inUse = await current(values.secret);
    const previous = typeof given === 'function' ? await given(values) : given;
    const trial = new Trial(stand, values, inUse);
    const { secrets } = trial;
    const RotationLambdaARN = secrets.addFunction('contract', (event, context) => {
      const leftMs = trial.#leftMs;
      return trial.#container(
        event,
        leftMs === undefined ? context : { getRemainingTimeInMillis: () => leftMs },
      );
    });
    for (const [Name, json] of Object.entries(values.others)) {
      await secrets.createSecret({ Name, SecretString: JSON.stringify(json) });
    }
    const SecretString = JSON.stringify(inUse);
    await secrets.createSecret({ Name: SECRET_NAME, SecretString: previous ?? SecretString });
    if (previous !== undefined) await secrets.putSecretValue({ SecretId: SECRET_NAME, SecretString });
    await secrets.rotateSecret({ SecretId: SECRET_NAME, RotationLambdaARN, ...settings });
    return trial;
  }

  private constructor(stand: Stand, values: Values, inUse: Json) {
    this.#stand = stand;
    this.values = values;
    this.#named.push(inUse, ...Object.values(values.others));
    stand.visits.push({ places: this.#places, named: this.#named });
    this.#container = this.#start();
  }

  /** Continues in another container of the function, which knows nothing of what happened before. */
  restart(): void {
    this.#container = this.#start();
  }

  /** Gives the version a label, so that it stays listed: a step waits a while for a version that is not listed. */
  async keepListed(token: string): Promise<void> {
    await this.secrets.updateSecretVersionStage({
      SecretId: SECRET_NAME,
      VersionStage: 'contract',
      MoveToVersionId: token,
    });
  }

  /** The ClientRequestToken of the latest rotation. */
  get token(): string {
    return this.secrets.rotation(SECRET_NAME).token ?? '';
  }

  async rotate(): Promise<void> {
    await this.secrets.rotateSecret({ SecretId: SECRET_NAME });
  }

  /** Rotates once, and begins the next rotation. */
  async rotateFirst(): Promise<void> {
    await this.steps(STEPS);
    await this.rotate();
  }

  /** Resets the service, and begins a rotation there in the same container. */
  async beginAnew(): Promise<void> {
    this.values = await first(this.#stand);
    const { secret, others } = this.values;
    this.#named.push(secret, ...Object.values(others));
    for (const [SecretId, json] of Object.entries({ ...others, [SECRET_NAME]: secret })) {
      await this.secrets.putSecretValue({ SecretId, SecretString: JSON.stringify(json) });
    }
    await this.rotate();
  }

  /** Runs createSecret, in which `work` makes as many new values as it likes; the one that it returns is stored. */
  async making(work: Making): Promise<void> {
    this.#container = this.#stand.startMaking(work, { client: this.secrets, log: () => {} });
    await this.steps(['createSecret']);
  }

  /** Runs the steps that are left; they must succeed. */
  async run(advice: string): Promise<void> {
    const { outcome, steps } = await noteInto(this.#places, () => this.secrets.rotation(SECRET_NAME).run());
    const last = steps.at(-1);
    assert.ok(outcome === 'succeeded', `${advice} (${outcome}: ${last?.step} ${inWords(last?.error)})`);
  }

  /** Runs steps that must succeed. */
  async steps(steps: readonly Step[], advice = 'every step of a first attempt must succeed'): Promise<void> {
    for (const step of steps) {
      const error = await this.outcome(step);
      assert.ok(error === undefined, `${advice} (${step} ${inWords(error)})`);
    }
  }

  /** Runs the steps before this one. */
  async upTo(step: Step): Promise<void> {
    await this.steps(STEPS.slice(0, STEPS.indexOf(step)));
  }

  /**
   * Runs a step, and returns what it throws, or `undefined`.
   *
   * @param leftMs how long Lambda lets it run
   */
  async outcome(step: Step, leftMs?: number): Promise<unknown> {
    this.#leftMs = leftMs;
    try {
      await noteInto(this.#places, () => this.secrets.rotation(SECRET_NAME).deliver(step));
      return undefined;
    } catch (error) {
      this.errors.push(error);
      return error;
    } finally {
      this.#leftMs = undefined;
    }
  }

  /** Starts over at createSecret in another container, and rotates to the end. */
  async startOver(what: string): Promise<void> {
    this.restart();
    await aMoment();
    for (const step of STEPS) {
      await this.steps(
        [step],
        `after ${what}, the rotation starts over, and ${step} must succeed${AGAIN[step]}`,
      );
    }
    await this.assertRotated(what);
  }

  async value(label: string): Promise<Json> {
    // Past the engine's gate: the local Secrets Manager holds what the test itself has made.
    const { SecretString = '' } = await this.secrets.getSecretValue({
      SecretId: SECRET_NAME,
      VersionStage: label,
    });
    return jsonObject(SecretString) ?? {};
  }

  async store(pending: Json): Promise<void> {
    await this.secrets.putSecretValue({
      SecretId: SECRET_NAME,
      ClientRequestToken: this.token,
      SecretString: JSON.stringify(pending),
      VersionStages: ['AWSPENDING'],
    });
  }

  /** Checks what must hold at the end of a rotation, whatever happened during it. */
  async assertRotated(after = 'a rotation'): Promise<void> {
    const { accepts, declared, credentials, overlaps } = this.#stand;
    const [current, previous] = [await this.value('AWSCURRENT'), await this.value('AWSPREVIOUS')];
    assert.ok(await accepts(current), `after ${after}, the service must accept AWSCURRENT`);
    for (const field of declared().rotates) {
      const isNew = !isDeepStrictEqual(current[field], previous[field]);
      assert.ok(isNew, `createSecret must make a new "${field}"`);
    }
    const isKept = !overlaps || (await accepts(previous));
    assert.ok(isKept, `after ${after}, the service must accept AWSPREVIOUS until the next rotation`);
    if (!credentials) return;
    const count = await credentials();
    assert.ok(count <= 2, `after ${after}, the service holds ${count} credentials: ${BOUNDED}`);
  }

  /** Whether the service accepts AWSPENDING; true where it need not do so yet. */
  async isSet(): Promise<boolean> {
    const { accepts, propagates = false } = this.#stand;
    return propagates || accepts(await this.value('AWSPENDING'));
  }

  /** Checks what must hold once setSecret has returned. */
  async assertSet(after?: string): Promise<void> {
    assert.ok(
      await this.isSet(),
      `${after === undefined ? '' : `after ${after}, `}setSecret returned although the service does not accept AWSPENDING: throw the ` +
        'error that prevented it (if the service only takes a while, declare `propagates`)',
    );
  }

  /** Checks that somebody who has the secret can log in, whatever happens during a rotation. */
  async assertOpen(after: string): Promise<void> {
    const { accepts, overlaps } = this.#stand;
    for (const label of overlaps ? ['AWSCURRENT'] : ['AWSCURRENT', 'AWSPENDING']) {
      const value = await this.value(label).catch(() => undefined);
      if (value && (await accepts(value))) return;
    }
    const problem = overlaps
      ? 'the service must still accept AWSCURRENT'
      : 'the service accepts neither AWSCURRENT nor AWSPENDING: nobody can log in any more';
    assert.fail(`after ${after}, ${problem}`);
  }

  #start(): RotationHandler {
    return this.#stand.start(this.watch, { client: this.secrets, log: (entry) => this.log.push(entry) });
  }
}

/** What each step may find when it ran before. */
const AGAIN: Readonly<Record<Step, string>> = {
  createSecret: ', whatever an earlier attempt made',
  setSecret: ': the service may accept AWSPENDING already, so try AWSCURRENT, then AWSPENDING',
  testSecret: ': setSecret must set the value that is stored as AWSPENDING, and nothing may revoke it',
  finishSecret: ': the credential that it ends may be gone already',
};
const BOUNDED =
  'finishSecret must find and end those that earlier attempts left, by the token in their names. It must also end the one that ' +
  'loses its last label. issuedKey() does both';

/** Resets the service. */
async function first(stand: Stand): Promise<Values> {
  stand.line().mend();
  await aMoment();
  const secret = await stand.reset();
  return { secret, others: (await stand.others?.()) ?? {} };
}

/** What became of a step, in a few words. */
function inWords(error: unknown): string {
  if (!isRotationError(error)) return 'did not throw';
  return `threw ${error.code}: ${error.message}${error.hint === undefined ? '' : `; hint: ${error.hint}`}`;
}
