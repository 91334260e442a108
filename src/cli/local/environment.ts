import { basename, dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULTS, logGroupOf } from '../../local/rotations/lambda-call.js';

/** Variables with which a function would call AWS itself. */
const NOT_FOR_FUNCTIONS = {
  AWS_PROFILE: undefined,
  AWS_DEFAULT_PROFILE: undefined,
  AWS_SESSION_TOKEN: undefined,
};

/** Returns the environment of a function: ours, with Lambda's variables. Each process adds its log stream, each step its trace. */
export function environmentOf(
  name: string,
  location: URL,
  client: Readonly<Record<'AWS_ENDPOINT_URL_SECRETS_MANAGER' | 'AWS_REGION', string>>,
): Readonly<Record<string, string | undefined>> {
  const path = location.protocol === 'file:' ? fileURLToPath(location) : '';
  return {
    ...process.env,
    ...NOT_FOR_FUNCTIONS,
    ...client,
    // AWS's own rotation functions read this one.
    SECRETS_MANAGER_ENDPOINT: client.AWS_ENDPOINT_URL_SECRETS_MANAGER,
    _HANDLER: `${basename(path, extname(path))}.handler`,
    LAMBDA_TASK_ROOT: dirname(path),
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: DEFAULTS.functionVersion,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: DEFAULTS.memoryLimitInMB,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: logGroupOf(name),
    TZ: ':UTC',
  };
}
