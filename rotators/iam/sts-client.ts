import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { NewAccessKey } from './access-keys.js';

/** Returns the ARN of a key's user. Only this file loads the SDK for STS. The client makes one call, with a secret's credentials. */
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
