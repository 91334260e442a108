/** The calls to Secrets Manager that the client makes. The SDK's `SecretsManager` fits, and so does `LocalSecretsManager`. */
export interface SecretReader {
  /** Reads one version. */
  getSecretValue(
    input: { SecretId: string; VersionId?: string; VersionStage?: string },
    options?: { abortSignal?: AbortSignal },
  ): Promise<SecretAnswer>;
  /** Reads up to twenty secrets for {@link prefetch}. Without it, `prefetch` reads them one by one. */
  batchGetSecretValue?(
    input: { SecretIdList: string[]; NextToken?: string },
    options?: { abortSignal?: AbortSignal },
  ): Promise<BatchAnswer>;
}

/** An answer of GetSecretValue. */
export interface SecretAnswer {
  readonly ARN?: string | undefined;
  readonly Name?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
  readonly CreatedDate?: Date | undefined;
}

/** An answer of BatchGetSecretValue. */
interface BatchAnswer {
  readonly SecretValues?: SecretAnswer[] | undefined;
  readonly Errors?: { SecretId?: string | undefined; ErrorCode?: string | undefined }[] | undefined;
  readonly NextToken?: string | undefined;
}

const readers = new Map<string, SecretReader>();

/** Returns the SDK's client for the Region of an ARN or of the environment. It loads the SDK at the first call. */
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
    // `requestTimeout` alone only prints a warning, and without a timeout the SDK waits forever.
    requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
  });
}
