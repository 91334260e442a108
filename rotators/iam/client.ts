import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  type ListAccessKeysCommandOutput,
  paginateListAccessKeys,
} from '@aws-sdk/client-iam';
import { noteThrottles } from '../../src/index.js';

// `requestTimeout` alone only prints a warning. Without a timeout the SDK waits for ever.
const requestHandler = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };

// Set here, because AWS_RETRY_MODE may say `adaptive`: after one throttle that slows down all later calls of the container.
const common = { retryMode: 'standard', requestHandler };

/**
 * The only file that loads the SDK for IAM. Load it with `import()` right before a call. The clients are made once per
 * container. The SDK derives the partition, and IAM's endpoint, from the function's Region.
 */
const client = noteThrottles(new IAMClient(common));

/** Tries once: if the first answer was lost, a second try would make another key. */
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
