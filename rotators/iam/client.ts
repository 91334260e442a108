import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  type ListAccessKeysCommandOutput,
  paginateListAccessKeys,
} from '@aws-sdk/client-iam';
import { noteThrottles } from '../../src/index.js';

// `requestTimeout` alone only prints a warning, and without any timeout the SDK waits for ever.
const requestHandler = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };

// Named, since AWS_RETRY_MODE may say `adaptive`, which slows down all later calls of a container that was throttled once.
const common = { retryMode: 'standard', requestHandler };

/**
 * The only file that loads the SDK for IAM. Load it with `import()`, when a call is to be made. The clients are made once
 * per container. From the function's Region the SDK knows the partition, and with it the endpoint of IAM.
 */
const client = noteThrottles(new IAMClient(common));

/** Tries once: where the answer to the first try was lost, a second would make another key. */
const creator = noteThrottles(new IAMClient({ ...common, maxAttempts: 1 }));

interface CallOptions {
  readonly abortSignal: AbortSignal;
}

export const iam = {
  createAccessKey: (UserName: string, options: CallOptions) =>
    creator.send(new CreateAccessKeyCommand({ UserName }), options),
  listAccessKeys: (UserName: string, options: CallOptions): AsyncIterable<ListAccessKeysCommandOutput> =>
    paginateListAccessKeys({ client }, { UserName }, options),
  deleteAccessKey: (UserName: string, AccessKeyId: string, options: CallOptions) =>
    client.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }), options),
};
