import { randomUUID } from 'node:crypto';
import { SecretsManager, type ServiceOutputTypes } from '@aws-sdk/client-secrets-manager';
import { Account } from './account.js';
import { detached } from './api/detached.js';
import { isOperation, REQUESTS } from './api/model.js';
import * as refusals from './api/refusals.js';
import { type Listener, listen } from './api/wire.js';
import type { Fault, OrderedFault } from './faults.js';
import { Backend } from './rotations/backend.js';
import { LocalRotation, type RotationReport } from './rotations/rotation.js';
import type { TrailEvent } from './rotations/trail.js';
import { type LocalFunction, type LocalOptions, settingsOf } from './settings.js';
import { type Archive, arnOf } from './store/store.js';

/**
 * A Secrets Manager in memory for tests, with AWS's rules for versions, staging labels and rotations.
 *
 * It refuses what AWS refuses, with the SDK's exceptions and AWS's texts. It is an SDK client: pass it wherever a
 * `SecretsManager` or `SecretsManagerClient` is expected. Its commands, methods and paginators work.
 *
 * It answers every call in process, once. Nothing is signed, sent, retried or aborted. For code that makes its own SDK
 * client, {@link LocalSecretsManager.listen} serves the same secrets over a socket.
 *
 * @example
 * ```ts
 * const secrets = new LocalSecretsManager();
 * const handler = rotationHandler(rotator, { client: secrets });
 * const lambdaArn = secrets.addFunction('rotate', handler);
 * await secrets.createSecret({ Name: 'app', SecretString: '{"password":"first"}' });
 * await secrets.rotateSecret({ SecretId: 'app', RotationLambdaARN: lambdaArn });
 * const { outcome } = await secrets.rotation('app').run();
 * ```
 */
export class LocalSecretsManager extends SecretsManager {
  readonly #region: string;
  readonly #account: Account;
  readonly #backend: Backend;

  /** @throws RangeError if an option is invalid */
  constructor(options?: LocalOptions);
  /**
   * @internal
   * @param archive storage beyond this process, for `quarterturn local --state`
   */
  constructor(options: LocalOptions, archive: Archive | undefined);
  constructor(options: LocalOptions = {}, archive?: Archive) {
    const settings = settingsOf(options);
    super({
      region: settings.region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      cacheMiddleware: true,
    });
    this.#region = settings.region;
    this.#account = new Account(settings, archive);
    this.#backend = new Backend(this.#account);
    this.middlewareStack.add(
      (_, { commandName = '' }) =>
        async ({ input }) => ({
          response: {},
          output: this.#answer(commandName.replace(/Command$/, ''), input),
        }),
      { step: 'initialize', name: 'localSecretsManager', priority: 'low' },
    );
  }

  /** Events of Secrets Manager, as CloudTrail records them, oldest first. */
  get events(): readonly TrailEvent[] {
    return [...this.#account.trail.events];
  }

  /** Current time of the local Secrets Manager. */
  get now(): Date {
    return this.#account.clock.now();
  }

  /**
   * Registers a rotation function.
   *
   * @returns its ARN, for RotateSecret
   * @throws TypeError if the name is invalid
   */
  addFunction(name: string, handler: LocalFunction): string {
    if (!/^[\w-]{1,64}$/.test(name))
      throw new TypeError('invalid function name: use 1 to 64 letters, digits, - and _');
    this.#account.functions.set(name, handler);
    return `${arnOf('lambda', this.#region)}function:${name}`;
  }

  /**
   * Returns the rotation that RotateSecret has begun, to drive it step by step or to its end.
   *
   * @throws ResourceNotFoundException if the secret does not exist
   */
  rotation(secretId: string): LocalRotation {
    const secret = this.#account.store.find(secretId, this.now);
    if (!secret) throw refusals.noSuchSecret();
    return new LocalRotation(this.#account, secret);
  }

  /**
   * Makes a later call fail or read stale data.
   *
   * @throws RangeError if `call` or `times` is not a whole number from 1
   */
  inject(fault: Fault): OrderedFault {
    return this.#account.faults.order(fault);
  }

  /**
   * Sets the clock forward and runs the rotations that fall due, each when its window opens. It starts an incomplete
   * rotation over at every window.
   *
   * @returns the reports of these rotations, in order
   * @throws RangeError if the time has passed
   */
  advanceTo(date: Date): Promise<readonly RotationReport[]> {
    return this.#backend.advanceTo(date);
  }

  /**
   * Resolves when no automatic rotation is running.
   *
   * @throws Error if one was broken off: its function is not registered or, in strict mode, broke a rule
   */
  idle(): Promise<void> {
    return this.#backend.idle();
  }

  /** Names of the secrets whose rotation has begun and is not complete. */
  get unfinished(): readonly string[] {
    return this.#backend.unfinished.map(({ name }) => name);
  }

  /** Starts all incomplete rotations over, and lets others begin again after {@link LocalSecretsManager.stop}. */
  resume(): void {
    this.#backend.go();
    for (const secret of this.#backend.unfinished) this.#backend.drive(secret, { again: true });
  }

  /**
   * Stops starting automatic rotations.
   *
   * @returns the names of the secrets whose rotation is still running
   */
  stop(): readonly string[] {
    return this.#backend.stop().map(({ name }) => name);
  }

  /** Returns a text, such as a function's output, without the secret values that rotation functions can know. */
  redact(text: string): string {
    return this.#account.invocations.redactor.text(text);
  }

  /**
   * Serves the secrets on 127.0.0.1, for SDK clients made elsewhere. It accepts every signature.
   *
   * @param port any free port by default
   * @param ready requests wait for this promise; by default they do not wait
   * @throws Error if the port is in use
   * @example
   * ```ts
   * const { url, close } = await secrets.listen();
   * process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = url;
   * await test();
   * await close();
   * ```
   */
  listen(port = 0, ready?: Promise<void>): Promise<Listener> {
    return listen(
      {
        ready,
        answer: (operation, input) => this.#backend.call(operation, input, true),
        refused: (error) =>
          this.#account.tell({
            kind: 'call',
            operation: undefined,
            secretId: undefined,
            error,
            durationMs: 0,
          }),
      },
      port,
    );
  }

  #answer(name: string, input: object): ServiceOutputTypes {
    if (!isOperation(name)) throw refusals.unknownOperation(name);
    // The SDK adds a token if the caller sets none.
    const token = 'ClientRequestToken' in REQUESTS[name] && { ClientRequestToken: randomUUID() };
    const request = { ...token, ...detached(input) };
    const output = this.#backend.call(name, request, false);
    return {
      ...detached(output),
      $metadata: { httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 },
    } as ServiceOutputTypes;
  }
}
