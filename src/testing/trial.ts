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

/** What a rotation goes by. */
export interface Values {
  readonly secret: Json;
  readonly others: Readonly<Record<string, Json>>;
}

/** A service in its first state, its secret in a local Secrets Manager, and a rotation of it that has begun. */
export class Trial {
  readonly log: LogEntry[] = [];
  readonly errors: unknown[] = [];
  readonly watch = new Watch();
  readonly secrets = new LocalSecretsManager();
  /** What `reset` has returned, and the other secrets that the rotator may read. */
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

  /** What comes next, another container of the function does: it knows nothing of what has been. */
  restart(): void {
    this.#container = this.#start();
  }

  /** What has a label is listed: a step that meets with a version which is not waits some while for it. */
  async keepListed(token: string): Promise<void> {
    await this.secrets.updateSecretVersionStage({
      SecretId: SECRET_NAME,
      VersionStage: 'contract',
      MoveToVersionId: token,
    });
  }

  /** The ClientRequestToken of the rotation that has begun last. */
  get token(): string {
    return this.secrets.rotation(SECRET_NAME).token ?? '';
  }

  async rotate(): Promise<void> {
    await this.secrets.rotateSecret({ SecretId: SECRET_NAME });
  }

  /** Has a whole rotation behind it when the next begins. */
  async rotateFirst(): Promise<void> {
    await this.steps(STEPS);
    await this.rotate();
  }

  /** Puts the service into its first state again, and begins a rotation there: the container goes on. */
  async beginAnew(): Promise<void> {
    this.values = await first(this.#stand);
    const { secret, others } = this.values;
    this.#named.push(secret, ...Object.values(others));
    for (const [SecretId, json] of Object.entries({ ...others, [SECRET_NAME]: secret })) {
      await this.secrets.putSecretValue({ SecretId, SecretString: JSON.stringify(json) });
    }
    await this.rotate();
  }

  /** Takes createSecret, and has `work` make as many new values as it likes; the last one is stored. */
  async making(work: Making): Promise<void> {
    this.#container = this.#stand.startMaking(work, { client: this.secrets, log: () => {} });
    await this.steps(['createSecret']);
  }

  /** Takes the steps that are left. */
  async run(advice: string): Promise<void> {
    const { outcome, steps } = await noteInto(this.#places, () => this.secrets.rotation(SECRET_NAME).run());
    const last = steps.at(-1);
    assert.ok(outcome === 'succeeded', `${advice} (${outcome}: ${last?.step} ${inWords(last?.error)})`);
  }

  /** Takes steps that must succeed. */
  async steps(steps: readonly Step[], advice = 'every step of a first attempt must succeed'): Promise<void> {
    for (const step of steps) {
      const error = await this.outcome(step);
      assert.ok(error === undefined, `${advice} (${step} ${inWords(error)})`);
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
      await noteInto(this.#places, () => this.secrets.rotation(SECRET_NAME).deliver(step));
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
    for (const step of STEPS) {
      await this.steps([step], `${what}: when all is started over, ${step} must succeed${AGAIN[step]}`);
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

  /** What must hold at the end of a rotation, whatever has become of it meanwhile. */
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

  /** Whether the service accepts AWSPENDING, as far as it must by now. */
  async isSet(): Promise<boolean> {
    const { accepts, propagates = false } = this.#stand;
    return propagates || accepts(await this.value('AWSPENDING'));
  }

  /** What must hold when setSecret has returned. */
  async assertSet(after = 'a call'): Promise<void> {
    assert.ok(
      await this.isSet(),
      `after ${after}, setSecret has returned, and the service does not accept AWSPENDING: setSecret must throw what kept it ` +
        'from that (if the service only takes a while, declare `propagates`)',
    );
  }

  /** While a rotation is under way, whatever happens, somebody who has the secret must get in. */
  async assertOpen(after: string): Promise<void> {
    const { accepts, overlaps } = this.#stand;
    for (const label of overlaps ? ['AWSCURRENT'] : ['AWSCURRENT', 'AWSPENDING']) {
      const value = await this.value(label).catch(() => undefined);
      if (value && (await accepts(value))) return;
    }
    const problem = overlaps
      ? 'the service must still accept AWSCURRENT'
      : 'the service accepts neither AWSCURRENT nor AWSPENDING: nobody knows a way in';
    assert.fail(`after ${after}, ${problem}`);
  }

  #start(): RotationHandler {
    return this.#stand.start(this.watch, { client: this.secrets, log: (entry) => this.log.push(entry) });
  }
}

/** What each step may find when it has been taken before. */
const AGAIN: Readonly<Record<Step, string>> = {
  createSecret: ', whatever an earlier attempt has made',
  setSecret: ': the service may have AWSPENDING already, so try AWSCURRENT, then AWSPENDING',
  testSecret: ': what is stored as AWSPENDING must not be taken back, and is what setSecret sets',
  finishSecret: ': what it is to end may have ended already',
};
const BOUNDED =
  'finishSecret must find and end those of earlier attempts, which have the token in their names, and what loses its last ' +
  'label, as that of issuedKey() does';

/** The service in its first state. */
async function first(stand: Stand): Promise<Values> {
  stand.line().mend();
  await aMoment();
  const secret = await stand.reset();
  return { secret, others: (await stand.others?.()) ?? {} };
}

/** What a step did, in a few words. */
function inWords(error: unknown): string {
  return isRotationError(error) ? `threw ${error.code}: ${error.message}` : 'did not throw';
}
