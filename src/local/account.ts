import { isError } from '../errors.js';
import { assertConstraints } from './api/constraints.js';
import { type Operation, REQUESTS } from './api/model.js';
import { Clock } from './clock.js';
import { Faults } from './faults.js';
import type { Call } from './operations/call.js';
import * as describe from './operations/describe.js';
import * as policies from './operations/policies.js';
import { getRandomPassword } from './operations/random-password.js';
import * as read from './operations/read.js';
import { cancelRotateSecret, rotateSecret } from './operations/rotate.js';
import * as write from './operations/write.js';
import { Invocations } from './rotations/invocations.js';
import { Trail } from './rotations/trail.js';
import type { LocalFunction, Observation, Settings } from './settings.js';
import type { VersionMap } from './store/labels.js';
import { type Archive, Store } from './store/store.js';
import type { StoredSecret } from './store/stored-secret.js';

type Implementation = (call: Call, input: object) => object;

const OPERATIONS = {
  BatchGetSecretValue: read.batchGetSecretValue,
  CancelRotateSecret: cancelRotateSecret,
  CreateSecret: write.createSecret,
  DeleteResourcePolicy: policies.deleteResourcePolicy,
  DeleteSecret: describe.deleteSecret,
  DescribeSecret: describe.describeSecret,
  GetRandomPassword: (_: Call, input: object) => getRandomPassword(input),
  GetResourcePolicy: policies.getResourcePolicy,
  GetSecretValue: read.getSecretValue,
  ListSecretVersionIds: describe.listSecretVersionIds,
  ListSecrets: describe.listSecrets,
  PutResourcePolicy: policies.putResourcePolicy,
  PutSecretValue: write.putSecretValue,
  RestoreSecret: describe.restoreSecret,
  RotateSecret: rotateSecret,
  TagResource: describe.tagResource,
  UntagResource: describe.untagResource,
  UpdateSecret: write.updateSecret,
  UpdateSecretVersionStage: write.updateSecretVersionStage,
  ValidateResourcePolicy: policies.validateResourcePolicy,
} as const satisfies Readonly<Record<Operation, unknown>>;

/** One account of Secrets Manager: the operations, with their secrets, clock, functions and faults. */
export class Account {
  readonly settings: Settings;
  readonly store: Store;
  readonly clock: Clock;
  readonly trail = new Trail();
  readonly faults = new Faults();
  readonly functions = new Map<string, LocalFunction>();
  readonly invocations = new Invocations();
  /** Secrets whose rotation is being driven: one driver at a time. */
  readonly driven = new Set<StoredSecret>();
  readonly #staleReads = new WeakMap<StoredSecret, { before: VersionMap; left: number }>();

  constructor(settings: Settings, archive?: Archive) {
    this.settings = settings;
    this.store = new Store(archive);
    this.clock = new Clock(settings.standsAt);
  }

  /**
   * Executes one operation.
   *
   * @param isRemote whether it came over the socket, where the caller is unknown
   * @throws the SDK's exceptions, with AWS's texts
   */
  call(operation: Operation, input: object, isRemote: boolean): object {
    const startedAt = performance.now();
    const secretId = this.#nameOf(input);
    let failure: string | undefined;
    this.invocations.note(input);
    try {
      return this.faults.during(operation, (isStale) => {
        if (this.settings.strict)
          this.invocations.assertAllowed(operation, input, this.#secretIn(input), isRemote);
        assertConstraints(REQUESTS[operation], input);
        const implementation = OPERATIONS[operation] as Implementation;
        const output = implementation(this.#context(isStale), input);
        this.invocations.note(output);
        return output;
      });
    } catch (error) {
      failure = isError(error) ? error.name : 'Error';
      throw error;
    } finally {
      const durationMs = performance.now() - startedAt;
      this.tell({ kind: 'call', operation, secretId, error: failure, durationMs });
    }
  }

  /**
   * Calls the observer, and ignores its errors.
   *
   * @param thrown the error of a function: the observer gets it without the values that it may quote
   */
  tell(observation: Observation, thrown?: unknown): void {
    const { observe } = this.settings;
    if (!observe) return;
    try {
      observe(
        thrown === undefined
          ? observation
          : ({ ...observation, error: this.invocations.redactor.error(thrown) } as Observation),
      );
    } catch {
      // The outcome of the call must not depend on the observer.
    }
  }

  #context(isStale: boolean): Call {
    return {
      now: this.clock.now(),
      store: this.store,
      trail: this.trail,
      settings: this.settings,
      hasFunction: (name) => this.functions.has(name),
      versionsOf: (secret) =>
        isStale || this.#isStale(secret) ? this.store.before(secret) : secret.versions,
    };
  }

  /** Calls RotateSecret for the schedule. */
  rotateBySchedule(secret: StoredSecret, token: string): void {
    rotateSecret(this.#context(false), { SecretId: secret.arn, ClientRequestToken: token });
  }

  /** Whether this read must not see the last change yet (`staleReads`). */
  #isStale(secret: StoredSecret): boolean {
    if (this.settings.staleReads === 0) return false;
    const before = this.store.before(secret);
    const known = this.#staleReads.get(secret);
    const reads = known?.before === before ? known : { before, left: this.settings.staleReads };
    this.#staleReads.set(secret, reads);
    reads.left -= 1;
    return reads.left >= 0;
  }

  #secretIn(input: object): StoredSecret | undefined {
    const { SecretId } = input as { readonly SecretId?: unknown };
    return this.store.find(String(SecretId), this.clock.now());
  }

  /** The name to show for the request's secret; undefined if the request has no valid name. */
  #nameOf(input: object): string | undefined {
    const { SecretId, Name = SecretId } = input as { readonly SecretId?: unknown; readonly Name?: unknown };
    if (typeof Name !== 'string' || !/^[\w/+=.@!:-]{1,2048}$/.test(Name)) return undefined;
    return this.#secretIn(input)?.name ?? Name;
  }
}
