import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  type ListAccessKeysCommandOutput,
  paginateListAccessKeys,
} from '@aws-sdk/client-iam';

// `requestTimeout` alone only prints a warning, and without any timeout the SDK waits for ever.
const requestHandler = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };

/**
 * The only file that loads the SDK for IAM. Load it with `import()`, when a call is to be made. The clients are made once
 * per container. From the function's Region the SDK knows the partition, and with it the endpoint of IAM.
 */
const client = new IAMClient({ requestHandler });

/** Tries once: where the answer to the first try was lost, a second would make another key. */
const creator = new IAMClient({ maxAttempts: 1, requestHandler });

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
