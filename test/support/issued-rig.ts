import type { RotateSecretRequest } from '@aws-sdk/client-secrets-manager';
import { type LogEntry, type Rotator, rotationHandler, type Step } from '../../src/index.js';
import { LocalSecretsManager, type RotationReport } from '../../src/testing/index.js';

type Json = Readonly<Record<string, unknown>>;

type RotationOptions = Pick<RotateSecretRequest, 'RotateImmediately' | 'RotationRules'>;

/** A secret in a local Secrets Manager, and a handler that rotates it. */
export interface IssuedRig {
  readonly secrets: LocalSecretsManager;
  readonly log: LogEntry[];
  begin(options?: RotationOptions): Promise<string>;
  deliver(step: Step): Promise<void>;
  run(): Promise<RotationReport>;
  reattempt(): Promise<RotationReport>;
  rotate(options?: RotationOptions): Promise<RotationReport>;
  value(label: string): Promise<Record<string, string>>;
  warnings(): readonly string[];
}

/** @param others other secrets, by name */
export async function issuedRig<Secret extends object, Field extends keyof Secret & string>(
  rotator: Rotator<Secret, Field>,
  secret: Json,
  others: Readonly<Record<string, Json>> = {},
): Promise<IssuedRig> {
  const secrets = new LocalSecretsManager();
  const log: LogEntry[] = [];
  const handler = rotationHandler(rotator, { client: secrets, log: (entry) => log.push(entry) });
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  for (const [Name, json] of Object.entries({ ...others, key: secret })) {
    await secrets.createSecret({ Name, SecretString: JSON.stringify(json) });
  }
  const rotation = () => secrets.rotation('key');
  const begin = async (options: RotationOptions = {}) =>
    (await secrets.rotateSecret({ SecretId: 'key', RotationLambdaARN, ...options })).VersionId ?? '';
  return {
    secrets,
    log,
    begin,
    deliver: (step) => rotation().deliver(step),
    run: () => rotation().run(),
    reattempt: () => rotation().reattempt(),
    async rotate(options) {
      await begin(options);
      return rotation().run();
    },
    async value(label) {
      const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'key', VersionStage: label });
      return JSON.parse(SecretString);
    },
    warnings: () => log.flatMap(({ warnings = [] }) => warnings),
  };
}
