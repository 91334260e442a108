import { AsyncLocalStorage } from 'node:async_hooks';
import { isError } from '../errors.js';
import type { Redactor } from '../redact.js';
import type { Call } from './call.js';
import * as catalogue from './catalogue.js';
import { Clock } from './clock.js';
import { assertConstraints } from './constraints.js';
import { Faults } from './faults.js';
import type { VersionMap } from './labels.js';
import { type Operation, REQUESTS } from './model.js';
import * as policies from './policies.js';
import { getRandomPassword } from './random-password.js';
import { SeenValues } from './redaction.js';
import * as refusals from './refusals.js';
import { cancelRotateSecret, rotateSecret } from './rotate.js';
import type { LocalFunction } from './rotation.js';
import type { StoredSecret } from './secret.js';
import type { Observation, Settings } from './settings.js';
import { ACCOUNT, type Archive, Store } from './store.js';
import { Trail } from './trail.js';
import * as values from './values.js';

/** One invocation of a rotation function, while it runs. */
export interface Invocation {
  readonly secret: StoredSecret;
  readonly token: string;
  /** What strict mode found. */
  readonly violations: string[];
}

type Implementation = (call: Call, input: object) => object;

const OPERATIONS = {
  BatchGetSecretValue: values.batchGetSecretValue,
  CancelRotateSecret: cancelRotateSecret,
  CreateSecret: values.createSecret,
  DeleteResourcePolicy: policies.deleteResourcePolicy,
  DeleteSecret: catalogue.deleteSecret,
  DescribeSecret: catalogue.describeSecret,
  GetRandomPassword: (_: Call, input: object) => getRandomPassword(input),
  GetResourcePolicy: policies.getResourcePolicy,
  GetSecretValue: values.getSecretValue,
  ListSecretVersionIds: catalogue.listSecretVersionIds,
  ListSecrets: catalogue.listSecrets,
  PutResourcePolicy: policies.putResourcePolicy,
  PutSecretValue: values.putSecretValue,
  RestoreSecret: catalogue.restoreSecret,
  RotateSecret: rotateSecret,
  TagResource: catalogue.tagResource,
  UntagResource: catalogue.untagResource,
  UpdateSecret: values.updateSecret,
  UpdateSecretVersionStage: values.updateSecretVersionStage,
  ValidateResourcePolicy: policies.validateResourcePolicy,
} as const satisfies Readonly<Record<Operation, unknown>>;

/** AWS User Guide, the permissions of a rotation function. */
const ALLOWED_TO_FUNCTIONS: readonly Operation[] = [
  'DescribeSecret',
  'GetSecretValue',
  'PutSecretValue',
  'UpdateSecretVersionStage',
  'GetRandomPassword',
];

/** Secrets Manager's operations, and what they share: the secrets, the clock, the functions, the faults. */
export class Service {
  readonly settings: Settings;
  readonly store: Store;
  readonly clock: Clock;
  readonly trail = new Trail();
  readonly faults = new Faults();
  readonly functions = new Map<string, LocalFunction>();
  /** The secrets whose rotation is being driven: by one at a time. */
  readonly driven = new Set<StoredSecret>();
  readonly #staleReads = new WeakMap<StoredSecret, { before: VersionMap; left: number }>();
  readonly #running = new Set<Invocation>();
  readonly #seen = new SeenValues();
  readonly #invocation = new AsyncLocalStorage<Invocation>();

  constructor(settings: Settings, archive?: Archive) {
    this.settings = settings;
    this.store = new Store(archive);
    this.clock = new Clock(settings.standsAt);
  }

  /**
   * Does one operation.
   *
   * @param isRemote whether it came over the socket, where nobody knows who has sent it
   * @throws the exceptions of the SDK, with AWS's texts
   */
  call(operation: Operation, input: object, isRemote: boolean): object {
    const startedAt = performance.now();
    const secretId = this.#nameOf(input);
    let failure: string | undefined;
    // Whoever calls while a function runs may be that function.
    if (this.#running.size > 0) this.#seen.note(input);
    try {
      return this.faults.during(operation, (isStale) => {
        this.#assertAllowed(operation, input, isRemote);
        assertConstraints(REQUESTS[operation], input);
        const implementation = OPERATIONS[operation] as Implementation;
        const output = implementation(this.#context(isStale), input);
        if (this.#running.size > 0) this.#seen.note(output);
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
   * Tells the observer, who has no say in what happens.
   *
   * @param thrown what a function threw: it is told without the values that it may quote
   */
  tell(observation: Observation, thrown?: unknown): void {
    const { observe } = this.settings;
    if (!observe) return;
    try {
      observe(
        thrown === undefined
          ? observation
          : ({ ...observation, error: this.redactor.error(thrown) } as Observation),
      );
    } catch {
      // It is not the caller's, whose call has succeeded or failed already.
    }
  }

  /** What an operation, or the backend, works on. */
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

  /** RotateSecret, as the schedule calls it. */
  rotateBySchedule(secret: StoredSecret, token: string): void {
    rotateSecret(this.#context(false), { SecretId: secret.arn, ClientRequestToken: token });
  }

  /** Runs a rotation function, and knows meanwhile which calls are its own. */
  async invoke(invocation: Invocation, work: () => Promise<void>): Promise<void> {
    this.#running.add(invocation);
    // What it knows from earlier, or from elsewhere.
    for (const { labels, secretString, secretBinary } of invocation.secret.versions.values()) {
      if (labels.size > 0) this.#seen.note({ SecretString: secretString, SecretBinary: secretBinary });
    }
    await this.#invocation.run(invocation, work).finally(() => this.#running.delete(invocation));
  }

  /** With `staleReads`, the first reads after each change do not see it. */
  #isStale(secret: StoredSecret): boolean {
    if (this.settings.staleReads === 0) return false;
    const before = this.store.before(secret);
    const known = this.#staleReads.get(secret);
    const reads = known?.before === before ? known : { before, left: this.settings.staleReads };
    this.#staleReads.set(secret, reads);
    reads.left -= 1;
    return reads.left >= 0;
  }

  /** Takes the values that rotation functions can know out of texts and errors. */
  get redactor(): Redactor {
    return this.#seen.redactor;
  }

  #assertAllowed(operation: Operation, input: object, isRemote: boolean): void {
    if (!this.settings.strict) return;
    const { SecretId = '', ClientRequestToken } = input as Readonly<Record<string, string | undefined>>;
    const secret = tryTo(() => this.store.find(SecretId, this.clock.now()));
    const invocation = isRemote ? this.#likelyCaller(secret) : this.#invocation.getStore();
    if (!invocation) return;
    const { token, violations } = invocation;
    if (!ALLOWED_TO_FUNCTIONS.includes(operation)) {
      violations.push(`called ${operation}, which the role of a rotation function does not allow`);
      const role = `arn:aws:sts::${ACCOUNT}:assumed-role/rotation/function`;
      throw refusals.notAuthorized(role, operation, secret?.arn ?? '*');
    }
    if (operation === 'PutSecretValue' && secret === invocation.secret && ClientRequestToken !== token) {
      violations.push('called PutSecretValue without the ClientRequestToken of the rotation');
    }
  }

  /** Whose call over the socket it is, as far as can be told: the function that rotates this secret, or the only one. */
  #likelyCaller(secret: StoredSecret | undefined): Invocation | undefined {
    const running = [...this.#running];
    return (
      running.find((invocation) => invocation.secret === secret) ??
      (running.length === 1 ? running[0] : undefined)
    );
  }

  /** The secret that a request is about, to be shown: nothing that is no name is. */
  #nameOf(input: object): string | undefined {
    const { SecretId, Name = SecretId } = input as { readonly SecretId?: unknown; readonly Name?: unknown };
    if (typeof Name !== 'string' || !/^[\w/+=.@!:-]{1,2048}$/.test(Name)) return undefined;
    return Name.startsWith('arn:') ? (this.store.find(Name, this.clock.now())?.name ?? Name) : Name;
  }
}

function tryTo<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
