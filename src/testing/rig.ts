import type { RotateSecretRequest } from '@aws-sdk/client-secrets-manager';
import { rotationHandler } from '../engine/handler.js';
import type { LogEntry } from '../engine/log.js';
import { readSecretString } from '../engine/secret-string.js';
import type { SecretsManagerApi } from '../engine/secrets-manager.js';
import { LocalSecretsManager } from '../local/client.js';
import type { RotationReport } from '../local/rotations/rotation.js';
import type { Rotator } from '../rotator.js';
import type { Step } from '../step.js';

/** The secrets that a rig stores, and where it stores them. */
export interface RigOptions {
  /** The first value of the secret: an object is stored as its JSON, a string as it is. The service should accept it. */
  readonly secret: object | string;
  /**
   * The values of other secrets that the rotator reads (an administrator's), by name.
   *
   * @default none
   */
  readonly others?: Readonly<Record<string, object | string>>;
  /**
   * The name of the secret.
   *
   * @default 'secret'
   */
  readonly name?: string;
  /**
   * The Secrets Manager: one with other options (`strict`, a clock that stands), or one that several rigs share.
   *
   * @default a new LocalSecretsManager
   */
  readonly secrets?: LocalSecretsManager;
  /**
   * The client that the handler calls: something between the handler and `secrets` that counts calls or changes answers.
   *
   * @default `secrets`
   */
  readonly client?: SecretsManagerApi;
}

/** The parameters of RotateSecret that a test chooses: `RotateImmediately`, `RotationRules`, `ClientRequestToken`. */
export type RotationSettings = Omit<RotateSecretRequest, 'SecretId' | 'RotationLambdaARN'>;

/**
 * A secret in a local Secrets Manager, and a rotation function for it. The methods need no `this`, so a test can destructure
 * those that it uses.
 */
export interface Rig<Secret extends object> {
  /** The Secrets Manager, with its clock, its faults and its events, and with the methods of the SDK's client. */
  readonly secrets: LocalSecretsManager;
  /** The ARN of the secret. */
  readonly secretId: string;
  /** The handler's log, one entry per step, oldest first. */
  readonly log: readonly LogEntry[];
  /**
   * Begins a rotation (RotateSecret), and runs no step of it.
   *
   * @returns its ClientRequestToken, which is the VersionId of AWSPENDING
   * @throws the refusal of RotateSecret, for example while the last rotation is not complete
   */
  begin(settings?: RotationSettings): Promise<string>;
  /**
   * Runs one step of the rotation that has begun, whatever ran before it: twice or out of order, too.
   *
   * @throws the handler's RotationError; Error if no rotation has begun
   */
  deliver(step: Step): Promise<void>;
  /**
   * Runs the steps that are left of the rotation that has begun, to the end or to the first failure.
   *
   * @returns how it ended: the report holds the error of a step that fails, and nothing is thrown
   * @throws Error if no rotation has begun
   */
  run(): Promise<RotationReport>;
  /** Starts over at createSecret with the same token, as AWS does after a failure. Otherwise as `run()`. */
  reattempt(): Promise<RotationReport>;
  /** Rotates from RotateSecret to the end or to the first failure: `begin()` and `run()`. */
  rotate(settings?: RotationSettings): Promise<RotationReport>;
  /**
   * Reads a version with the rotator's `parse`.
   *
   * @param label such as AWSCURRENT, AWSPENDING or AWSPREVIOUS
   * @throws ResourceNotFoundException if no version has the label; RotationError if its value cannot be read; whatever `parse`
   *   throws
   */
  value(label: string): Promise<Secret>;
  /**
   * Returns the SecretString of a version as it is stored.
   *
   * @throws ResourceNotFoundException if no version has the label
   */
  secretString(label: string): Promise<string>;
  /** Returns the staging labels by VersionId, of the versions that have any. */
  labels(): Promise<Record<string, string[]>>;
  /** Returns the rotator's warnings of all steps so far, as they stand in the log. */
  warnings(): readonly string[];
}

/**
 * Puts a rotator to work: stores its secret in a new local Secrets Manager, and registers the function that rotates it.
 *
 * @example
 * ```ts
 * test('rotates the password', async () => {
 *   const { rotate, value, warnings } = await rig(gate(), { secret });
 *   expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
 *   const { password } = await value('AWSCURRENT');
 *   expect(password).not.toBe(secret.password);
 *   expect(service.accepts(password)).toBe(true);
 *   expect(warnings()).toEqual([]);
 * });
 *
 * test('starts over when an answer of Secrets Manager is lost', async () => {
 *   const { secrets, rotate, reattempt } = await rig(gate(), { secret });
 *   secrets.inject({ operation: 'PutSecretValue', kind: 'dropped', when: 'after' });
 *   expect(await rotate()).toMatchObject({ outcome: 'failed' });
 *   expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
 * });
 * ```
 *
 * @throws the refusal of CreateSecret: an invalid name or value, or a name that is taken
 */
export async function rig<Secret extends object, Field extends keyof Secret & string>(
  rotator: Rotator<Secret, Field>,
  { secret, others = {}, name = 'secret', secrets = new LocalSecretsManager(), client = secrets }: RigOptions,
): Promise<Rig<Secret>> {
  const log: LogEntry[] = [];
  const handler = rotationHandler(rotator, { client, log: (entry) => log.push(entry) });
  for (const [Name, value] of Object.entries(others)) {
    await secrets.createSecret({ Name, SecretString: textOf(value) });
  }
  const { ARN: SecretId = '' } = await secrets.createSecret({ Name: name, SecretString: textOf(secret) });
  // The ARN's last six characters differ between secrets, and so between the functions of rigs that share `secrets`.
  const RotationLambdaARN = secrets.addFunction(`rotate-${SecretId.slice(-6)}`, handler);
  const rotation = () => secrets.rotation(SecretId);
  const begin = async (settings: RotationSettings = {}) =>
    (await secrets.rotateSecret({ ...settings, SecretId, RotationLambdaARN })).VersionId ?? '';
  // Past the engine's gate: the local Secrets Manager holds what the test itself has made.
  const stored = (VersionStage: string) => secrets.getSecretValue({ SecretId, VersionStage });
  return {
    secrets,
    secretId: SecretId,
    log,
    begin,
    deliver: (step) => rotation().deliver(step),
    run: () => rotation().run(),
    reattempt: () => rotation().reattempt(),
    async rotate(settings) {
      await begin(settings);
      return rotation().run();
    },
    value: async (label) => rotator.parse(readSecretString(await stored(label), label, rotator.text).json),
    secretString: async (label) => (await stored(label)).SecretString ?? '',
    labels: async () => (await secrets.describeSecret({ SecretId })).VersionIdsToStages ?? {},
    warnings: () => log.flatMap(({ warnings = [] }) => warnings),
  };
}

function textOf(value: object | string): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
