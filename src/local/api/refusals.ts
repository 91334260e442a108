import {
  InternalServiceError,
  InvalidNextTokenException,
  InvalidParameterException,
  InvalidRequestException,
  LimitExceededException,
  MalformedPolicyDocumentException,
  PublicPolicyException,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';

/** The errors of Secrets Manager, in its own words. */

type Exception = new (options: {
  message: string;
  $metadata: { httpStatusCode: number; attempts: number };
}) => SecretsManagerServiceException;

function refuse(Refusal: Exception, message: string): SecretsManagerServiceException {
  return new Refusal({ message, $metadata: { httpStatusCode: 400, attempts: 1 } });
}

export const noSuchSecret = () =>
  refuse(ResourceNotFoundException, "Secrets Manager can't find the specified secret.");

export const noValueFor = (what: `staging label: ${string}` | `VersionId: ${string}`) =>
  refuse(ResourceNotFoundException, `Secrets Manager can't find the specified secret value for ${what}`);

export const labelNotOnVersion = () =>
  refuse(
    InvalidRequestException,
    'You provided a VersionStage that is not associated to the provided VersionId.',
  );

export const secretExists = (name: string) =>
  refuse(ResourceExistsException, `The operation failed because the secret ${name} already exists.`);

export const tokenInUse = (token: string, arn: string) =>
  refuse(
    ResourceExistsException,
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
  );

export const noValueGiven = () =>
  refuse(InvalidRequestException, 'You must provide either SecretString or SecretBinary.');

export const twoValuesGiven = () =>
  refuse(
    InvalidParameterException,
    "You can't specify both a binary secret value and a string secret value in the same secret.",
  );

export const removeFromMissing = (label: string, holder: string) =>
  refuse(
    InvalidParameterException,
    `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
  );

/** Assumed: the code and the text. AWS documents only that the move fails. */
export const removeFromMismatch = (label: string) =>
  refuse(
    InvalidParameterException,
    `When you move staging label ${label}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label ${label}.`,
  );

export const currentCannotBeRemoved = () =>
  refuse(
    InvalidParameterException,
    'You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
  );

/** Assumed: the code and the text, for an unknown id and for a call without any id. */
export const notAVersion = (id: string | undefined) =>
  refuse(InvalidParameterException, `Not a valid version: ${id}`);

/** Assumed: AWSCURRENT may not move to a version without a value. */
export const currentNeedsValue = (id: string) =>
  refuse(InvalidParameterException, `Version ${id} has no value, so it can't become AWSCURRENT.`);

export const noRotationFunction = () =>
  refuse(InvalidRequestException, 'No Lambda rotation function ARN is associated with this secret.');

export const cannotInvoke = () =>
  unmodelled(
    'AccessDeniedException',
    'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
  );

export const rotationUnfinished = () =>
  refuse(InvalidRequestException, "A previous rotation isn't complete. That rotation will be reattempted.");

export const invalidName = () =>
  validation(
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  );

/** The text follows AWS's validation errors. Rely only on the code and the field's name. */
export const violates = (violations: readonly string[]) =>
  validation(
    `${violations.length} validation error${violations.length > 1 ? 's' : ''} detected: ${violations.join('; ')}`,
  );

function validation(message: string): SecretsManagerServiceException {
  return unmodelled('ValidationException', message);
}

export const markedForDeletion = () =>
  refuse(
    InvalidRequestException,
    "You can't perform this operation on the secret because it was marked for deletion.",
  );

export const nameMarkedForDeletion = () =>
  refuse(
    InvalidRequestException,
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
  );

/** Assumed: the text. */
export const alreadyMarkedForDeletion = () =>
  refuse(
    InvalidRequestException,
    "You tried to perform the operation on a secret that's currently marked deleted.",
  );

/** Assumed: the text. */
export const notMarkedForDeletion = () =>
  refuse(InvalidRequestException, "The secret isn't marked for deletion.");

/** Assumed: the text. */
export const recoveryWindowOutOfRange = () =>
  refuse(
    InvalidParameterException,
    'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
  );

/** Assumed: the text. */
export const recoveryWindowAndForce = () =>
  refuse(
    InvalidParameterException,
    "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
  );

const TOKEN_NEEDED = 'You must provide a ClientRequestToken value. We recommend a UUID-type value.';
export const tokenMissing = () => refuse(InvalidRequestException, TOKEN_NEEDED);
/** RotateSecret uses a different code for the same text. */
export const rotationTokenMissing = () => refuse(InvalidParameterException, TOKEN_NEEDED);

/** Assumed: the texts of the limits. */
export const tooMany = (what: 'staging labels' | 'tags', limit: number) =>
  refuse(LimitExceededException, `A secret can have at most ${limit} ${what}.`);

/** Assumed: the text. */
export const invalidNextToken = () => refuse(InvalidNextTokenException, 'The NextToken value is invalid.');

/** Assumed: the texts. */
export const idsOrFilters = () =>
  refuse(InvalidParameterException, "Either 'SecretIdList' or 'Filters' must be provided, but not both.");
export const maxResultsWithoutFilters = () =>
  refuse(
    InvalidParameterException,
    "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
  );

export const filterWithoutKey = () => refuse(InvalidParameterException, 'Invalid filter key');
export const filterWithoutValues = (key: string) =>
  refuse(InvalidParameterException, `Invalid filter values for key: ${key}`);

export const passwordTooShort = () =>
  refuse(InvalidParameterException, 'Password length is too short based on the required types.');
export const typeExcluded = () =>
  refuse(InvalidParameterException, 'All characters of the desired type have been excluded.');
export const allExcluded = () =>
  refuse(InvalidParameterException, 'All characters have been excluded from selection.');

export const malformedPolicy = (
  what: 'a syntax error' | 'an unsupported principal' | 'an unsupported service principal',
) => refuse(MalformedPolicyDocumentException, `This resource policy contains ${what}.`);
/** Assumed: the text. */
export const publicPolicy = () =>
  refuse(
    PublicPolicyException,
    'The resource policy grants access to everybody, and BlockPublicPolicy is set.',
  );

/** Assumed: the code; only the text is known. */
export const invalidLambdaArn = (region: string, account: string) =>
  refuse(
    InvalidParameterException,
    `Invalid rotation Lambda ARN. Ensure the ARN matches format arn:aws:lambda:${region}:${account}:function:<functionName>.`,
  );

/** Assumed: the code; only the texts are known. */
export const invalidRules = (
  message:
    | 'You cannot specify both rotation frequency and schedule expression together.'
    | 'Invalid schedule expression.'
    | 'Rate in hour should be least 4 and less than 24.'
    | 'Rate in day should be greater than 0 and less than 1000.'
    | 'Duration must be at least 1 hour, at most 24 hour.'
    | 'Duration cannot be greater than Rate in hour.'
    | 'Starting hour and duration must be within a day.',
) => refuse(InvalidParameterException, message);

/** Assumed: the text. */
export const neverConfigured = () =>
  refuse(InvalidRequestException, 'Rotation was never turned on for this secret.');

/** For features of AWS that the local Secrets Manager lacks. */
export const notHere = (what: string) =>
  refuse(InvalidRequestException, `The local Secrets Manager does not support ${what}.`);

/** In IAM's words, for a call that a rotation function's role does not allow. */
export const notAuthorized = (role: string, operation: string, arn: string) =>
  unmodelled(
    'AccessDeniedException',
    `User: ${role} is not authorized to perform: secretsmanager:${operation} on resource: ${arn} because no identity-based policy allows the secretsmanager:${operation} action`,
  );

/** Assumed: the codes and texts for requests that are invalid before they reach an operation. */
export const wrongType = (path: string, type: string) =>
  unmodelled('SerializationException', `The value at '${path}' can not be converted to ${type}`);
export const notJson = () => unmodelled('SerializationException', 'The request is not a JSON object.');
export const tooLarge = () =>
  unmodelled('RequestEntityTooLargeException', 'The request is larger than 1 MiB.', 413);
export const unknownOperation = (name: string | undefined) =>
  unmodelled(
    'UnknownOperationException',
    `The local Secrets Manager does not support ${name ?? 'this operation'}.`,
  );

export const throttled = () =>
  Object.assign(unmodelled('ThrottlingException', 'Rate exceeded'), { $retryable: { throttling: true } });

export const internal = () =>
  new InternalServiceError({
    message: 'An error occurred on the server side.',
    $metadata: { httpStatusCode: 500, attempts: 1 },
  });

/** As the SDK reports a connection that broke before the answer. */
export const dropped = () =>
  Object.assign(new Error('socket hang up'), {
    name: 'TimeoutError',
    code: 'ECONNRESET',
    $metadata: { attempts: 1 },
  });

function unmodelled(name: string, message: string, httpStatusCode = 400): SecretsManagerServiceException {
  return new SecretsManagerServiceException({
    name,
    $fault: 'client',
    message,
    $metadata: { httpStatusCode, attempts: 1 },
  });
}
