/** What is asked of Secrets Manager: the SDK's `SecretsManager` is one of these, and the local one of `quarterturn/testing`. */
export interface SecretReader {
  getSecretValue(
    input: { SecretId: string; VersionId?: string; VersionStage?: string },
    options?: { abortSignal?: AbortSignal },
  ): Promise<SecretAnswer>;
  /** Needed by `prefetch` alone; without it secrets are read one by one. */
  batchGetSecretValue?(
    input: { SecretIdList: string[]; NextToken?: string },
    options?: { abortSignal?: AbortSignal },
  ): Promise<BatchAnswer>;
}

/** What GetSecretValue answers. */
export interface SecretAnswer {
  readonly ARN?: string | undefined;
  readonly Name?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
  readonly CreatedDate?: Date | undefined;
}

/** What BatchGetSecretValue answers. */
interface BatchAnswer {
  readonly SecretValues?: SecretAnswer[] | undefined;
  readonly Errors?: { SecretId?: string | undefined; ErrorCode?: string | undefined }[] | undefined;
  readonly NextToken?: string | undefined;
}

const readers = new Map<string, SecretReader>();

/** The SDK's client for the Region of an ARN, or of the environment. Loads the SDK when it is first asked. */
export function sdkReader(secretId: string): SecretReader {
  const region = /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretId)?.[1];
  const known = readers.get(region ?? '');
  if (known) return known;
  let client: ReturnType<typeof load> | undefined;
  // After a failed import or a missing Region the next call tries again.
  const loaded = () =>
    (client ??= load(region).catch((error) => {
      client = undefined;
      throw error;
    }));
  const reader: SecretReader = {
    getSecretValue: async (input, options) => (await loaded()).getSecretValue(input, options),
    batchGetSecretValue: async (input, options) => (await loaded()).batchGetSecretValue(input, options),
  };
  readers.set(region ?? '', reader);
  return reader;
}

async function load(region: string | undefined) {
  const { SecretsManager } = await import('@aws-sdk/client-secrets-manager');
  return new SecretsManager({
    ...(region && { region }),
    // `requestTimeout` alone only prints a warning, and without any timeout the SDK waits for ever.
    requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
  });
}
