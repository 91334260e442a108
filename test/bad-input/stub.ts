import { rotationHandler, type SecretsManagerApi, type Step } from '../../src/index.js';
import { FaultyClient, serviceError } from '../support/faulty-client.js';

export const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf';
export const TOKEN = 'a'.repeat(36);
export const CURRENT_ID = 'b'.repeat(36);

/** What DescribeSecret answers during a rotation. */
const ROTATING: Readonly<Record<string, unknown>> = {
  ARN,
  RotationEnabled: true,
  VersionIdsToStages: { [TOKEN]: ['AWSPENDING'], [CURRENT_ID]: ['AWSCURRENT'] },
};

/** A Secrets Manager that gives the answers it was made with, takes every write, and records them. */
export class StubbedSecrets {
  readonly client: FaultyClient;
  readonly log: unknown[] = [];
  readonly #rotator: Parameters<typeof rotationHandler>[0];

  constructor(
    rotator: unknown,
    answers: {
      readonly description?: unknown;
      readonly current?: unknown;
      /** Absent: createSecret has yet to store it. */
      readonly pending?: unknown;
      readonly others?: Readonly<Record<string, unknown>>;
    },
  ) {
    const { current, pending, others = {} } = answers;
    const description = 'description' in answers ? answers.description : ROTATING;
    this.#rotator = rotator as Parameters<typeof rotationHandler>[0];
    this.client = new FaultyClient({
      describeSecret: async () => description,
      async getSecretValue({ SecretId = '', VersionId, VersionStage }) {
        if (SecretId !== ARN) return others[SecretId] ?? missing();
        const isPending = VersionStage === 'AWSPENDING' || VersionId === TOKEN;
        return (isPending ? pending : current) ?? missing();
      },
      putSecretValue: async () => ({}),
      updateSecretVersionStage: async () => ({}),
    } as SecretsManagerApi);
  }

  /** Takes one step. The deadline is the default one, unless the time that is left is given. */
  take(Step: Step, leftMs?: number): Promise<unknown> {
    const handler = rotationHandler(this.#rotator, {
      client: this.client,
      log: (entry) => this.log.push(entry),
    });
    const lambda = leftMs === undefined ? undefined : { getRemainingTimeInMillis: () => leftMs };
    return handler({ Step, SecretId: ARN, ClientRequestToken: TOKEN }, lambda);
  }
}

/** An answer of GetSecretValue. */
export function answerOf(secret: object, VersionId = CURRENT_ID): object {
  return { SecretString: JSON.stringify(secret), VersionId };
}

function missing(): never {
  throw serviceError('ResourceNotFoundException');
}
