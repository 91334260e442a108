import type { SecretsManagerApi } from '../../src/index.js';

export type Operation = keyof SecretsManagerApi;

export interface Call {
  readonly operation: Operation;
  readonly input: Readonly<Record<string, unknown>>;
}

interface Fault {
  readonly operation: Operation;
  /** Whether the call takes effect before it fails: an answer that is lost. */
  readonly when: 'before' | 'after';
  readonly error: Error;
  /** How many calls it is still for. */
  left: number;
  readonly matches: (input: Call['input']) => boolean;
}

/** Passes calls on, records them, and makes some fail before or after they took effect. */
export class FaultyClient implements SecretsManagerApi {
  readonly calls: Call[] = [];
  readonly #faults: Fault[] = [];
  readonly #inner: SecretsManagerApi;

  constructor(inner: SecretsManagerApi) {
    this.#inner = inner;
  }

  fail(
    operation: Operation,
    error: Error,
    {
      when = 'before',
      times = 1,
      matches = () => true,
    }: Partial<Omit<Fault, 'left'>> & { times?: number } = {},
  ): void {
    this.#faults.push({ operation, when, error, left: times, matches });
  }

  describeSecret: SecretsManagerApi['describeSecret'] = (input) =>
    this.#call('describeSecret', input, () => this.#inner.describeSecret(input));
  getSecretValue: SecretsManagerApi['getSecretValue'] = (input) =>
    this.#call('getSecretValue', input, () => this.#inner.getSecretValue(input));
  putSecretValue: SecretsManagerApi['putSecretValue'] = (input) =>
    this.#call('putSecretValue', input, () => this.#inner.putSecretValue(input));
  updateSecretVersionStage: SecretsManagerApi['updateSecretVersionStage'] = (input) =>
    this.#call('updateSecretVersionStage', input, () => this.#inner.updateSecretVersionStage(input));
  listSecretVersionIds: NonNullable<SecretsManagerApi['listSecretVersionIds']> = (input) =>
    this.#call(
      'listSecretVersionIds',
      input,
      async () => (await this.#inner.listSecretVersionIds?.(input)) ?? {},
    );

  writes(): readonly Call[] {
    return this.calls.filter(
      ({ operation }) => operation === 'putSecretValue' || operation === 'updateSecretVersionStage',
    );
  }

  async #call<T>(operation: Operation, input: object, work: () => Promise<T>): Promise<T> {
    this.calls.push({ operation, input: { ...input } });
    const fault = this.#faults.find(
      (candidate) =>
        candidate.operation === operation && candidate.left > 0 && candidate.matches({ ...input }),
    );
    if (!fault) return work();
    fault.left--;
    if (fault.when === 'after') await work();
    throw fault.error;
  }
}

/** An exception as the SDK throws it. */
export function serviceError(
  name: string,
  details: { $fault?: 'client' | 'server'; attempts?: number; message?: string } = {},
): Error {
  const { $fault = 'client', attempts = 1, message = name } = details;
  return Object.assign(new Error(message), { name, $fault, $metadata: { attempts } });
}

export const isPendingRead = (input: Call['input']): boolean => input.VersionStage === 'AWSPENDING';
