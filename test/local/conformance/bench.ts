import {
  type GetSecretValueRequest,
  type PutSecretValueRequest,
  type RotateSecretRequest,
  SecretsManager,
} from '@aws-sdk/client-secrets-manager';
import { type LocalFunction, LocalSecretsManager } from '../../../src/testing/index.js';

/** The time at which a case begins. */
export const NOW = new Date('2026-02-02T17:16:24Z');

export const V1 = 'version-1-00000000-0000-0000-000000000001';
export const V2 = 'version-2-00000000-0000-0000-000000000002';
export const V3 = 'version-3-00000000-0000-0000-000000000003';
export const V4 = 'version-4-00000000-0000-0000-000000000004';
export const UNKNOWN = 'version-9-00000000-0000-0000-000000000009';
const NAMES: Record<string, string> = { [V1]: 'v1', [V2]: 'v2', [V3]: 'v3', [V4]: 'v4' };

/** What a case of the conformance table works with: the same in process and over a socket. */
export class Bench {
  readonly local: LocalSecretsManager;
  readonly client: SecretsManager;
  /** The steps that functions were called for. */
  readonly steps: string[] = [];
  readonly #url: string;

  private constructor(local: LocalSecretsManager, url: string, way: Way) {
    this.local = local;
    this.#url = url;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    this.client =
      way === 'in process'
        ? local
        : new SecretsManager({ endpoint: url, region: 'eu-west-1', credentials, maxAttempts: 1 });
  }

  static async run(way: Way, work: (bench: Bench) => Promise<void>): Promise<void> {
    const local = new LocalSecretsManager({ standsAt: NOW });
    const listener = await local.listen();
    const bench = new Bench(local, listener.url, way);
    try {
      await work(bench);
    } finally {
      bench.client.destroy();
      await listener.close();
    }
  }

  /** A request as it goes over the wire, of which no SDK has made anything. */
  async raw(operation: string, request: object | string = {}): Promise<RawAnswer> {
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `secretsmanager.${operation}`,
      },
      body: typeof request === 'string' ? request : JSON.stringify(request),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  /** A secret `s` whose first version is v1; then versions with labels, in their order. */
  async secret(...versions: readonly (readonly [id: string, stages?: string[]])[]): Promise<string> {
    const { ARN = '' } = await this.client.createSecret({
      Name: 's',
      ClientRequestToken: V1,
      SecretString: 'A',
    });
    for (const [id, stages] of versions) await this.put(id, stages);
    return ARN;
  }

  empty() {
    return this.client.createSecret({ Name: 's' });
  }

  put(id: string, VersionStages?: string[], value: Partial<PutSecretValueRequest> = {}) {
    const { [id]: name = id } = NAMES;
    return this.client.putSecretValue({
      SecretId: 's',
      ClientRequestToken: id,
      ...(VersionStages && { VersionStages }),
      ...('SecretBinary' in value ? value : { SecretString: `value of ${name}`, ...value }),
    });
  }

  get(selector: Partial<GetSecretValueRequest> = {}) {
    return this.client.getSecretValue({ SecretId: 's', ...selector });
  }

  move(VersionStage: string, from?: string, to?: string) {
    return this.client.updateSecretVersionStage({
      SecretId: 's',
      VersionStage,
      ...(from && { RemoveFromVersionId: from }),
      ...(to && { MoveToVersionId: to }),
    });
  }

  describe(SecretId = 's') {
    return this.client.describeSecret({ SecretId });
  }

  /** The labels of each version, sorted: AWS's order is not known. */
  async labels(): Promise<Record<string, string[]>> {
    const { VersionIdsToStages = {} } = await this.describe();
    return Object.fromEntries(
      Object.entries(VersionIdsToStages).map(([id, stages]) => [NAMES[id] ?? id, [...stages].sort()]),
    );
  }

  /** Registers a function; the default does what AWS's template does. */
  function(parts: Partial<Record<string, LocalFunction>> = {}): string {
    return this.local.addFunction('rotate', async (event, context) => {
      this.steps.push(event.Step);
      await (parts[event.Step] ?? this.template)(event, context);
    });
  }

  readonly template: LocalFunction = async ({ Step, SecretId, ClientRequestToken }) => {
    if (Step === 'createSecret') {
      await this.client.putSecretValue({
        SecretId,
        ClientRequestToken,
        SecretString: `made for ${ClientRequestToken}`,
        VersionStages: ['AWSPENDING'],
      });
    }
    if (Step !== 'finishSecret') return;
    const { VersionIdsToStages = {} } = await this.client.describeSecret({ SecretId });
    const current = Object.keys(VersionIdsToStages).find((id) =>
      VersionIdsToStages[id]?.includes('AWSCURRENT'),
    );
    await this.client.updateSecretVersionStage({
      SecretId,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: ClientRequestToken,
      ...(current && { RemoveFromVersionId: current }),
    });
  };

  rotate(ClientRequestToken: string, request: Partial<RotateSecretRequest> = {}) {
    return this.client.rotateSecret({ SecretId: 's', ClientRequestToken, ...request });
  }

  /** A rotation with a function that does nothing, which is over and not complete. */
  async unfinished(): Promise<void> {
    await this.secret();
    const nothing: LocalFunction = () => {};
    const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
    const RotationLambdaARN = this.function(Object.fromEntries(steps.map((step) => [step, nothing])));
    await this.rotate(V2, { RotationLambdaARN });
    await this.local.rotation('s').run();
  }
}

export type Way = 'in process' | 'over a socket';

interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** What remains of an answer: the SDK's own metadata aside. */
export function answer<T extends object>(output: T): Omit<T, '$metadata'> {
  const { $metadata: _, ...rest } = output as T & { $metadata?: unknown };
  return rest;
}

/** Asserts that a call is refused, with status 400. */
export async function refused(
  call: Promise<unknown>,
  name: string,
  message?: string | RegExp,
): Promise<void> {
  const text = message instanceof RegExp ? expect.stringMatching(message) : (message ?? expect.any(String));
  await expect(call).rejects.toMatchObject({
    name,
    message: text,
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
  });
}
