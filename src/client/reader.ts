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

/** Answer of GetSecretValue, in AWS's words. */
export interface SecretAnswer {
  /** ARN of the secret. */
  readonly ARN?: string | undefined;
  /** Name of the secret, by which {@link prefetch} finds it in a batch. */
  readonly Name?: string | undefined;
  /** Id of the version that was read. The client rejects an answer without it. */
  readonly VersionId?: string | undefined;
  /** Value, if the secret is a text. */
  readonly SecretString?: string | undefined;
  /** Value, if the secret is binary. */
  readonly SecretBinary?: Uint8Array | undefined;
  /** When the version was created. */
  readonly CreatedDate?: Date | undefined;
}

/** One page of BatchGetSecretValue's answer, in AWS's words. */
export interface BatchAnswer {
  /** AWSCURRENT of each secret that could be read. */
  readonly SecretValues?: SecretAnswer[] | undefined;
  /** Secrets that could not be read. */
  readonly Errors?:
    | {
        /** Id of the secret, as in the request. */
        SecretId?: string | undefined;
        /** Name of AWS's error, such as `ResourceNotFoundException`. */
        ErrorCode?: string | undefined;
      }[]
    | undefined;
  /** Token for the next page; absent on the last page. */
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
