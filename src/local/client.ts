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
 * Secrets Manager in memory and in process, under the rules that AWS applies to versions, staging labels and
 * rotation. It refuses what AWS refuses, with the SDK's own exceptions and AWS's texts.
 *
 * It is an SDK client: whatever takes a `SecretsManager` or a `SecretsManagerClient` takes it, and its commands,
 * methods and paginators work. Calls are answered in process, at once and once: nothing is signed, sent, repeated or
 * aborted. For those who make a client of their own, `listen()` puts the same secrets behind a socket.
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

  /** What Secrets Manager has done of itself, in the words of CloudTrail, oldest first. */
  get events(): readonly TrailEvent[] {
    return [...this.#account.trail.events];
  }

  /** Its time. */
  get now(): Date {
    return this.#account.clock.now();
  }

  /** Registers a rotation function, and returns the ARN that RotateSecret is to be given. */
  addFunction(name: string, handler: LocalFunction): string {
    if (!/^[\w-]{1,64}$/.test(name))
      throw new TypeError('invalid function name: use 1 to 64 letters, digits, - and _');
    this.#account.functions.set(name, handler);
    return `${arnOf('lambda', this.#region)}function:${name}`;
  }

  /** The rotation of a secret that RotateSecret has begun, to be driven step by step or to its end. */
  rotation(secretId: string): LocalRotation {
    const secret = this.#account.store.find(secretId, this.now);
    if (!secret) throw refusals.noSuchSecret();
    return new LocalRotation(this.#account, secret);
  }

  /** Orders a fault for a call to come. */
  inject(fault: Fault): OrderedFault {
    return this.#account.faults.order(fault);
  }

  /**
   * Lets time pass, and runs the rotations that fall due, each when its window opens; one that is not complete is
   * started over at every window.
   *
   * @returns how they ended, in their order
   * @throws RangeError for a time that has passed
   */
  advanceTo(date: Date): Promise<readonly RotationReport[]> {
    return this.#backend.advanceTo(date);
  }

  /**
   * Resolves when no automatic rotation is under way.
   *
   * @throws what broke one off: the function is gone, or did, in strict mode, what it must not
   */
  idle(): Promise<void> {
    return this.#backend.idle();
  }

  /** The names of the secrets whose rotation has begun and is not complete. */
  get unfinished(): readonly string[] {
    return this.#backend.unfinished.map(({ name }) => name);
  }

  /** Starts over all rotations that are not complete, and lets others begin again after `stop()`. */
  resume(): void {
    this.#backend.go();
    for (const secret of this.#backend.unfinished) this.#backend.drive(secret, { again: true });
  }

  /**
   * Begins no further automatic rotation.
   *
   * @returns the names of the secrets whose rotation is still being driven
   */
  stop(): readonly string[] {
    return this.#backend.stop().map(({ name }) => name);
  }

  /** Takes the values that rotation functions can know out of a text: out of what they print. */
  redact(text: string): string {
    return this.#account.invocations.redactor.text(text);
  }

  /**
   * Puts the secrets behind a socket on 127.0.0.1, for clients that are made elsewhere.
   *
   * @param port any that is free, if absent
   * @param ready until when requests wait for their answers: none do, if absent
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
    // The SDK sends a token for whoever gives none.
    const token = 'ClientRequestToken' in REQUESTS[name] && { ClientRequestToken: randomUUID() };
    const request = { ...token, ...detached(input) };
    const output = this.#backend.call(name, request, false);
    return {
      ...detached(output),
      $metadata: { httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 },
    } as ServiceOutputTypes;
  }
}
