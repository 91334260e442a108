import type { SecretsManagerApi } from '../../src/index.js';
import { EVENTS, type EventName } from './events.js';
import { onItsOwnTime } from './no-waiting.js';
import type { Ask, Twist } from './service.js';
import { type Delivery, type Fault, Thread } from './thread.js';
import { digest, type World } from './world.js';

/** What the scheduler decides: a delivery goes on or meets a fault, or something happens beside. */
export interface Choice {
  readonly thread: string;
  readonly what: 'goes on' | Fault | Twist | EventName;
}

/** How things stand: the labels that a step goes by, and how often a person has intervened. */
interface Look {
  readonly acts: number;
  readonly current: string | undefined;
  readonly pending: string | undefined;
}

/** One schedule: deliveries that run at once, under the control of who makes the choices. */
export class Run {
  readonly world: World;
  readonly threads: Thread[] = [];
  /** How often a label could not move back, since a delivery had just looked at the labels to destroy by them. */
  excused = 0;
  readonly #failsReads: boolean;
  readonly #happened = new Set<EventName>();
  /** How things stood when a delivery looked at the labels last. */
  readonly #seen = new Map<Thread, Look>();

  /** @param failsReads whether a read can fail too */
  constructor(world: World, failsReads: boolean) {
    this.world = world;
    this.#failsReads = failsReads;
  }

  /** Begins deliveries, one after the other for each thread, and waits until they ask for something. */
  async begin(deliveries: Readonly<Record<string, readonly Delivery[]>>): Promise<void> {
    const token = this.world.secret.inFlight?.token ?? '';
    for (const [name, steps] of Object.entries(deliveries)) {
      const thread = new Thread(name, steps);
      this.threads.push(thread);
      void this.#deliver(thread, steps, token);
    }
    await this.#settle();
  }

  choices(budget: number): readonly Choice[] {
    const running = this.threads.filter(({ state }) => state === 'running');
    const on = running.map(({ name }): Choice => ({ thread: name, what: 'goes on' }));
    if (budget === 0 || on.length === 0) return on;
    const faults = running.flatMap((thread) =>
      thread.faults(this.#failsReads).map((what): Choice => ({ thread: thread.name, what })),
    );
    const events = EVENTS.filter(({ name, act }) => !this.#happened.has(name) && act(this.world));
    const isExcused =
      this.world.service.endsByLabels && running.some(({ isAboutToDestroy }) => isAboutToDestroy);
    const possible = events.filter(({ name }) => !(name === 'a label moved back' && isExcused));
    this.excused += events.length - possible.length;
    return [...on, ...faults, ...possible.map(({ name }): Choice => ({ thread: '', what: name }))];
  }

  /** @returns what happened, for the trace */
  async take({ thread: name, what }: Choice): Promise<string> {
    const event = EVENTS.find((each) => each.name === what);
    if (event) {
      await this.#intervene(event);
      return event.name;
    }
    const thread = this.threads.find((each) => each.name === name);
    if (!thread) throw new Error(`no delivery ${name}`);
    const { request } = thread;
    const before = look(this.world);
    if (request.includes('DescribeSecret')) this.#seen.set(thread, before);
    // What it has seen before it had the lock is no excuse: it can look again.
    if (request === 'change') this.#seen.delete(thread);
    await thread.pass(what === 'goes on' ? undefined : (what as Fault | Twist));
    this.#excuse(thread, request, before);
    await this.#settle();
    return `${name}  ${request}${what === 'goes on' ? '' : `: ${what}`}`;
  }

  async #intervene({ name, act }: (typeof EVENTS)[number]): Promise<void> {
    const { world } = this;
    this.#happened.add(name);
    const wasKept = world.isKept();
    await world.act(act(world) ?? (async () => {}));
    // A rotation was given up after setSecret, which no look could know of. The service takes its value alone.
    if (wasKept && !world.isKept()) world.excuse(world.working);
    // Somebody has gone back to AWSPREVIOUS, at the service too, and lets the rotation go on. If its value was tested
    // before, it is promoted though it works no more; what works is AWSPREVIOUS again.
    if (world.isUndone(world.holder('AWSPENDING'))) world.excuse(world.holder('AWSCURRENT'));
  }

  /**
   * Between the last look of a delivery at the labels and what it does, a person can come.
   *
   * It commits a change of the password after all, if the person left the service alone, whose lock it has held since
   * before the look: the labels have moved, or a value was stored that holds the old password. What works is the value of
   * this rotation then, whatever has become of its label; if that was its last, the next delivery says so
   * (`ERR_ROTATION_ABANDONED`) and names the version, which can be read. Who changes a password at the service too is
   * kept waiting, or has put an end to the change: nothing excuses that.
   *
   * Or it moves AWSCURRENT, which compares what was current and nothing else. A value was stored, and what was current
   * made so again: then the rotation was abandoned and its value undone, but is promoted. What works is AWSPREVIOUS.
   */
  #excuse(thread: Thread, request: string, before: Look): void {
    const seen = this.#seen.get(thread);
    if (!seen || seen.acts === before.acts) return;
    const hasMoved = seen.current !== before.current;
    const isAbandoned = seen.pending !== before.pending;
    if (request === 'commit' && (hasMoved || isAbandoned)) this.world.excuse(thread.token);
    if (
      request === 'UpdateSecretVersionStage' &&
      !hasMoved &&
      isAbandoned &&
      this.world.isUndone(thread.token)
    )
      this.world.excuse(before.current);
  }

  fingerprint(): string {
    const threads = this.threads.map((thread) => [
      thread.deliveries,
      thread.state,
      // What has ended does nothing more.
      thread.state === 'running' && [
        thread.history,
        this.world.service.holds(thread.ask),
        this.#seen.get(thread)?.acts,
      ],
    ]);
    // Two deliveries of the same are the same the other way round.
    const sorted = threads.map((thread) => JSON.stringify(thread)).sort();
    return digest([this.world.fingerprint(), sorted, [...this.#happened].sort()]);
  }

  async #deliver(thread: Thread, steps: readonly Delivery[], first: string): Promise<void> {
    let token = first;
    const { ask } = thread;
    const handler = this.world.service.handler(ask, clientOf(this.world, ask));
    try {
      for (const step of steps) {
        if (step === 'RotateSecret') {
          await ask(step, () => this.world.rotate());
          token = this.world.secret.inFlight?.token ?? '';
          continue;
        }
        thread.begin(token);
        const event = { Step: step, SecretId: this.world.secret.arn, ClientRequestToken: token };
        await onItsOwnTime(() => handler(event));
      }
      thread.state = 'succeeded';
    } catch {
      thread.state = 'failed';
    }
  }

  /** Until every delivery waits for an answer, or has ended. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < 100; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.threads.every(({ state, gates }) => state !== 'running' || gates.length > 0)) return;
    }
    throw new Error('a delivery waits for something else than an answer');
  }
}

function look(world: World): Look {
  return {
    acts: world.acts,
    current: world.holder('AWSCURRENT'),
    pending: world.holder('AWSPENDING'),
  };
}

function clientOf({ secrets }: World, ask: Ask): SecretsManagerApi {
  return {
    describeSecret: (input) => ask('DescribeSecret', () => secrets.describeSecret(input)),
    getSecretValue: (input) => ask('GetSecretValue', () => secrets.getSecretValue(input)),
    putSecretValue: (input) => ask('PutSecretValue', () => secrets.putSecretValue(input)),
    updateSecretVersionStage: (input) =>
      ask('UpdateSecretVersionStage', () => secrets.updateSecretVersionStage(input)),
    listSecretVersionIds: (input) => ask('ListSecretVersionIds', () => secrets.listSecretVersionIds(input)),
  };
}
