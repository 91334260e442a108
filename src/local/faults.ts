import type { Operation } from './api/model.js';
import * as refusals from './api/refusals.js';

/** A fault for {@link LocalSecretsManager.inject}. */
export interface Fault {
  /**
   * Operation that fails.
   *
   * @default any operation
   */
  readonly operation?: Operation;
  /**
   * Which call of the operation fails first: 1 is the next.
   *
   * @default 1
   */
  readonly call?: number;
  /**
   * How many calls in a row fail. Over a socket the SDK retries a call that was throttled, dropped or answered with 500,
   * by default twice, and each retry counts.
   *
   * @default 1
   */
  readonly times?: number;
  /** Kind of fault. With `stale`, a read does not see the last change yet, and other calls are not affected. */
  readonly kind: 'throttle' | 'internal' | 'dropped' | 'stale';
  /**
   * Whether the call fails before or after it takes effect.
   *
   * @default 'before'
   */
  readonly when?: 'before' | 'after';
}

/** An injected {@link Fault}. A test should assert that it occurred. */
export interface OrderedFault {
  /** Number of calls that it has affected. */
  readonly hits: number;
}

/** Operations that return versions. */
const READS: readonly Operation[] = [
  'BatchGetSecretValue',
  'DescribeSecret',
  'GetSecretValue',
  'ListSecretVersionIds',
  'ListSecrets',
];

const ERRORS = { throttle: refusals.throttled, internal: refusals.internal, dropped: refusals.dropped };

/** The injected faults. */
export class Faults {
  #ordered: { readonly fault: Fault; readonly state: { hits: number }; seen: number }[] = [];

  order(fault: Fault): OrderedFault {
    for (const count of [fault.call ?? 1, fault.times ?? 1]) {
      if (!Number.isSafeInteger(count) || count < 1)
        throw new RangeError('call and times must be whole numbers from 1');
    }
    const state = { hits: 0 };
    this.#ordered.push({ fault, state, seen: 0 });
    return state;
  }

  /** Runs a call with its faults. */
  during<T>(operation: Operation, work: (isStale: boolean) => T): T {
    const faults = this.#due(operation);
    const failing = (when: 'before' | 'after') => {
      for (const fault of faults) {
        if (fault.kind !== 'stale' && (fault.when ?? 'before') === when) throw ERRORS[fault.kind]();
      }
    };
    failing('before');
    const result = work(faults.some(({ kind }) => kind === 'stale'));
    failing('after');
    return result;
  }

  #due(operation: Operation): readonly Fault[] {
    const due: Fault[] = [];
    for (const ordered of this.#ordered) {
      const { fault, state } = ordered;
      if (fault.operation !== undefined && fault.operation !== operation) continue;
      if (fault.kind === 'stale' && !READS.includes(operation)) continue;
      ordered.seen += 1;
      if (ordered.seen < (fault.call ?? 1)) continue;
      state.hits += 1;
      due.push(fault);
    }
    this.#ordered = this.#ordered.filter(({ fault, state }) => state.hits < (fault.times ?? 1));
    return due;
  }
}
