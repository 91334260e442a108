import { AsyncLocalStorage } from 'node:async_hooks';
import type { Redactor } from '../../redact/redactor.js';
import type { Operation } from '../api/model.js';
import * as refusals from '../api/refusals.js';
import { ACCOUNT } from '../store/store.js';
import type { StoredSecret } from '../store/stored-secret.js';
import { SeenValues } from './seen-values.js';

/** One invocation of a rotation function, while it runs. */
export interface Invocation {
  readonly secret: StoredSecret;
  readonly token: string;
  /** What strict mode found. */
  readonly violations: string[];
}

/** AWS User Guide, the permissions of a rotation function. */
const ALLOWED: readonly Operation[] = [
  'DescribeSecret',
  'GetSecretValue',
  'PutSecretValue',
  'UpdateSecretVersionStage',
  'GetRandomPassword',
  // Not in AWS's policies for such functions, but in this package's: see src/permissions.ts.
  'ListSecretVersionIds',
];

/** Whose call it is. One for all, since each that there is costs every promise of the process some time. */
const CALLER = new AsyncLocalStorage<{ readonly invocation: Invocation; readonly of: Invocations }>();

/** The rotation functions that run: which calls are theirs, what they may call, and which values they can know. */
export class Invocations {
  readonly #running = new Set<Invocation>();
  readonly #seen = new SeenValues();

  /** Runs a rotation function, and knows meanwhile which calls are its own. */
  async during(invocation: Invocation, work: () => Promise<void>): Promise<void> {
    this.#running.add(invocation);
    // What it knows from earlier, or from elsewhere.
    for (const { labels, secretString, secretBinary } of invocation.secret.versions.values()) {
      if (labels.size > 0) this.note({ SecretString: secretString, SecretBinary: secretBinary });
    }
    await CALLER.run({ invocation, of: this }, work).finally(() => this.#running.delete(invocation));
  }

  /** Notes the values in a request or an answer: whoever calls while a function runs may be that function. */
  note(message: object): void {
    if (this.#running.size > 0) this.#seen.note(message);
  }

  /** Takes the values that rotation functions can know out of texts and errors. */
  get redactor(): Redactor {
    return this.#seen.redactor;
  }

  /**
   * Strict mode: notes what a function does that it must not.
   *
   * @param secret the secret that the request is about
   * @throws AccessDeniedException for an operation that its role does not allow
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

  /** Whose call over the socket it is, as far as can be told: the function that rotates this secret, or the only one. */
  #likelyCaller(secret: StoredSecret | undefined): Invocation | undefined {
    const running = [...this.#running];
    return (
      running.find((invocation) => invocation.secret === secret) ??
      (running.length === 1 ? running[0] : undefined)
    );
  }
}
