import type { Step } from '../../src/index.js';
import { serviceError } from '../support/faulty-client.js';
import type { Ask, Twist } from './service.js';
import { digest } from './world.js';

/**
 * `crash`: it is never heard of again. `lost`: the effect without the answer. `failed`, `refused`: neither. `not kept`:
 * the answer without the effect.
 */
export type Fault = 'crash' | 'lost' | 'failed' | 'refused' | 'not kept';

/** What a thread delivers: a step, or the beginning of the next rotation. */
export type Delivery = Step | 'RotateSecret';

/** A request that waits to be let through. */
export interface Gate {
  readonly request: string;
  readonly effect: (twist?: Twist) => Promise<unknown>;
  /** How else it may take effect. */
  readonly twists: readonly Twist[];
  readonly answer: (value: unknown) => void;
  readonly fail: (error: Error) => void;
}

/** What comes after the revocations of a step. */
const ENDS_DESTRUCTION = ['issue', 'PutSecretValue', 'UpdateSecretVersionStage'];
/** Calls that repeat until the answer is the wanted one, several times in a row. */
const ASKED_AGAIN = ['list', 'probe'];
/** How a write can fail, except by a crash. */
const FAULTS_OF_WRITES: Readonly<Record<string, readonly Fault[]>> = {
  issue: ['failed', 'lost'],
  revoke: ['failed', 'lost'],
  // A change that fails, or whose answer is lost, is a delivery that gives up: that is a crash.
  change: [],
  commit: ['failed', 'lost', 'not kept'],
  PutSecretValue: ['failed', 'lost', 'refused'],
  UpdateSecretVersionStage: ['failed', 'lost'],
};

/** One delivery of a step. Between two of its requests nothing of it can be seen from outside. */
export class Thread {
  readonly name: string;
  readonly deliveries: readonly Delivery[];
  /** Opens a gate for each request. Waits take no time, so a repeated request is answered at once. */
  readonly ask: Ask = async <T>(
    request: string,
    effect: (twist?: Twist) => T | Promise<T>,
    twists: readonly Twist[] = [],
  ) => {
    if (ASKED_AGAIN.includes(request) && request === this.#answered) {
      const value = await effect();
      this.#note([request, value]);
      return value;
    }
    return new Promise<T>((answer, fail) => {
      const gate = { request, effect: async (twist?: Twist) => effect(twist), twists, fail };
      this.gates.push({ ...gate, answer: answer as Gate['answer'] });
    });
  };
  state: 'running' | 'succeeded' | 'failed' = 'running';
  gates: Gate[] = [];
  /** What it has been answered: all that it does follows from this. */
  history = '';
  /** Of the rotation that it delivers a step of. */
  token = '';
  #looks = 0;
  /** What it was answered last. */
  #answered: string | undefined;

  constructor(name: string, deliveries: readonly Delivery[]) {
    this.name = name;
    this.deliveries = deliveries;
  }

  get request(): string {
    return this.gates.map(({ request }) => request).join(', ');
  }

  /** How what it asks for can fail. `failsReads`: a read too; for a delivery that gives up then, that is a crash. */
  faults(failsReads: boolean): readonly (Fault | Twist)[] {
    const faults = FAULTS_OF_WRITES[this.request] ?? (failsReads ? (['failed'] as const) : []);
    return ['crash', ...faults, ...this.gates.flatMap(({ twists }) => twists)];
  }

  /** It has read the labels to destroy by them, and has not come to the move yet. */
  get isAboutToDestroy(): boolean {
    return this.#looks > 1 && !this.gates.some(({ request }) => ENDS_DESTRUCTION.includes(request));
  }

  /** A delivery begins: what it sees of the labels, it has to see itself. */
  begin(token: string): void {
    this.token = token;
    this.#looks = 0;
  }

  /** Lets through what it has asked for at once, together. */
  async pass(fault?: Fault | Twist): Promise<void> {
    const gates = this.gates;
    this.gates = [];
    this.#answered = undefined;
    if (fault === 'crash') {
      this.state = 'failed';
      return;
    }
    for (const { request, effect, twists, answer, fail } of gates) {
      if (request === 'DescribeSecret') this.#looks += 1;
      if (ENDS_DESTRUCTION.includes(request)) this.#looks = 0;
      try {
        if (fault === 'failed') throw timeout();
        if (fault === 'refused') throw serviceError('AccessDeniedException');
        const value =
          fault === 'not kept' ? undefined : await effect(twists.find((twist) => twist === fault));
        if (fault === 'lost') throw timeout();
        this.#note([request, value]);
        this.#answered = request;
        answer(value);
      } catch (error) {
        this.#note([request, String(error)]);
        fail(error as Error);
      }
    }
  }

  #note(seen: unknown): void {
    // The last part of a key's name is chance.
    this.history = digest([this.history, JSON.stringify(seen).replace(/-[0-9a-f]{8}"/g, '"')]);
  }
}

function timeout(): Error {
  return Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
}
