import { AsyncLocalStorage } from 'node:async_hooks';
import type { Redactor } from '../../redact/redactor.js';
import type { Operation } from '../api/model.js';
import * as refusals from '../api/refusals.js';
import { ACCOUNT } from '../store/store.js';
import type { StoredSecret } from '../store/stored-secret.js';
import { SeenValues } from './seen-values.js';

/** A running invocation of a rotation function. */
export interface Invocation {
  readonly secret: StoredSecret;
  readonly token: string;
  /** Rules of strict mode that the function broke. */
  readonly violations: string[];
}

/** AWS User Guide, permissions of a rotation function. */
const ALLOWED: readonly Operation[] = [
  'DescribeSecret',
  'GetSecretValue',
  'PutSecretValue',
  'UpdateSecretVersionStage',
  'GetRandomPassword',
  // Not in AWS's policies for rotation functions, but in this package's: see src/permissions.ts.
  'ListSecretVersionIds',
];

/** The caller of the current call. One for all accounts, because each AsyncLocalStorage slows every promise. */
const CALLER = new AsyncLocalStorage<{ readonly invocation: Invocation; readonly of: Invocations }>();

/** Tracks running rotation functions: their calls, their permissions and the values that they can know. */
export class Invocations {
  readonly #running = new Set<Invocation>();
  readonly #seen = new SeenValues();

  /** Runs a rotation function, and attributes its calls to it. */
  async during(invocation: Invocation, work: () => Promise<void>): Promise<void> {
    this.#running.add(invocation);
    // The function may know these from an earlier call or another source.
    for (const { labels, secretString, secretBinary } of invocation.secret.versions.values()) {
      if (labels.size > 0) this.note({ SecretString: secretString, SecretBinary: secretBinary });
    }
    await CALLER.run({ invocation, of: this }, work).finally(() => this.#running.delete(invocation));
  }

  /** Records the values in a request or an answer, if a function runs: the caller may be that function. */
  note(message: object): void {
    if (this.#running.size > 0) this.#seen.note(message);
  }

  /** Removes the values that rotation functions can know from texts and errors. */
  get redactor(): Redactor {
    return this.#seen.redactor;
  }

  /**
   * Strict mode: records each rule that a function breaks.
   *
   * @param secret the request's secret
   * @throws AccessDeniedException if the function's role does not allow the operation
   */
  assertAllowed(
    operation: Operation,
    input: object,
    secret: StoredSecret | undefined,
    isRemote: boolean,
  ): void {
    const invocation = isRemote ? this.#likelyCaller(secret) : this.#caller();
    if (!invocation) return;
    const { token, violations } = invocation;
    if (!ALLOWED.includes(operation)) {
      violations.push(`called ${operation}, which a rotation function’s role does not allow`);
      const role = `arn:aws:sts::${ACCOUNT}:assumed-role/rotation/function`;
      throw refusals.notAuthorized(role, operation, secret?.arn ?? '*');
    }
    const { ClientRequestToken } = input as { readonly ClientRequestToken?: unknown };
    if (operation === 'PutSecretValue' && secret === invocation.secret && ClientRequestToken !== token) {
      violations.push('called PutSecretValue without the rotation’s ClientRequestToken');
    }
  }

  #caller(): Invocation | undefined {
    const caller = CALLER.getStore();
    return caller?.of === this ? caller.invocation : undefined;
  }

  /** The likely caller over the socket: the function that rotates this secret, else the only one that runs. */
  #likelyCaller(secret: StoredSecret | undefined): Invocation | undefined {
    const running = [...this.#running];
    return (
      running.find((invocation) => invocation.secret === secret) ??
      (running.length === 1 ? running[0] : undefined)
    );
  }
}
