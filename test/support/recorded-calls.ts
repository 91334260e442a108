import type { Tag } from '@aws-sdk/client-secrets-manager';
import { type Rotator, rotationHandler, type SecretsManagerApi, type Step } from '../../src/index.js';
import type { CommonPermission, Permission } from '../../src/permissions.js';
import { LocalSecretsManager } from '../../src/testing/index.js';

interface Rotated {
  readonly secret: object;
  /** The secret "admin". */
  readonly admin?: object;
  /** Its tags. */
  readonly tags?: readonly Tag[];
}

/** What a rotation function asks of AWS, step by step, in rotations that are run for that. */
export class RecordedCalls {
  readonly #steps = new Map<string, Set<Step>>();
  readonly #asked: () => readonly string[];

  /** @param asked the IAM actions that other services of AWS were asked for until now */
  constructor(asked: () => readonly string[] = () => []) {
    this.#asked = asked;
  }

  /** Rotates its own secret. */
  async rotate<Secret extends object, Field extends keyof Secret & string>(
    rotator: Rotator<Secret, Field>,
    { secret, admin, tags = [] }: Rotated,
    { times = 1 } = {},
  ): Promise<void> {
    const secrets = new LocalSecretsManager();
    let step: Step = 'createSecret';
    const client = this.#recording(secrets, () => step);
    const handler = rotationHandler(rotator, { client, log: () => {} });
    const RotationLambdaARN = secrets.addFunction('rotate', async (event, context) => {
      step = event.Step;
      const before = this.#asked().length;
      await handler(event, context);
      for (const action of this.#asked().slice(before)) this.#note(action, 'targets', step);
    });
    if (admin)
      await secrets.createSecret({ Name: 'admin', SecretString: JSON.stringify(admin), Tags: [...tags] });
    await secrets.createSecret({ Name: 'rotated', SecretString: JSON.stringify(secret) });
    for (let time = 0; time < times; time++) {
      await secrets.rotateSecret({ SecretId: 'rotated', RotationLambdaARN });
      const { outcome, steps } = await secrets.rotation('rotated').run();
      if (outcome !== 'succeeded') throw steps.at(-1)?.error ?? new Error(outcome);
    }
  }

  /** What it asked for on the secret that it rotates: `secretsmanager:GetSecretValue (testSecret, …)`. */
  onSecret(): readonly string[] {
    return this.#lines((key) => key.endsWith(' on secret'));
  }

  /** What else it asked for. */
  elsewhere(): readonly string[] {
    return this.#lines((key) => !key.endsWith(' on secret'));
  }

  #lines(isWanted: (key: string) => boolean): readonly string[] {
    return [...this.#steps]
      .filter(([key]) => isWanted(key))
      .map(([key, steps]) => line(key, [...steps]))
      .sort();
  }

  #note(action: string, on: string, step: Step): void {
    const key = `${action} on ${on}`;
    this.#steps.set(key, (this.#steps.get(key) ?? new Set()).add(step));
  }

  #recording(secrets: LocalSecretsManager, stepNow: () => Step): SecretsManagerApi {
    const on = (id = '') => (id.includes(':secret:rotated-') ? 'secret' : 'administrator');
    const noted =
      <Input extends { readonly SecretId?: string | undefined }, Output>(
        operation: string,
        call: (input: Input) => Output,
      ) =>
      (input: Input): Output => {
        this.#note(`secretsmanager:${operation}`, on(input.SecretId), stepNow());
        return call(input);
      };
    return {
      describeSecret: noted('DescribeSecret', (input) => secrets.describeSecret(input)),
      getSecretValue: noted('GetSecretValue', (input) => secrets.getSecretValue(input)),
      putSecretValue: noted('PutSecretValue', (input) => secrets.putSecretValue(input)),
      updateSecretVersionStage: noted('UpdateSecretVersionStage', (input) =>
        secrets.updateSecretVersionStage(input),
      ),
      listSecretVersionIds: noted('ListSecretVersionIds', (input) => secrets.listSecretVersionIds(input)),
    };
  }
}

/** What a rotator declares, in the words of what is recorded. */
export function declared(permissions: readonly (Permission | CommonPermission)[]): readonly string[] {
  return permissions
    .map((permission) => {
      const on = 'on' in permission ? permission.on : 'secret';
      return line(`${permission.action} on ${typeof on === 'string' ? on : 'targets'}`, permission.steps);
    })
    .sort();
}

const line = (key: string, steps: readonly Step[]) => `${key}: ${[...steps].sort().join(', ')}`;
