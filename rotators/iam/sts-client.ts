import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { NewAccessKey } from './access-keys.js';

/** The only file that loads the SDK for STS, with `import()`. The client is for one call: its credentials are a secret's. */
export async function callerArn(credentials: NewAccessKey, abortSignal: AbortSignal): Promise<string> {
  const client = new STSClient({
    // A copy: the SDK writes into it.
    credentials: { ...credentials },
    requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
  });
  try {
    const { Arn = '' } = await client.send(new GetCallerIdentityCommand({}), { abortSignal });
    return Arn;
  } finally {
    client.destroy();
  }
}
