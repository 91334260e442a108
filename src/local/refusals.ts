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

/** What Secrets Manager refuses, in its own words. */

const $metadata = { httpStatusCode: 400, attempts: 1 };

export const noSuchSecret = () =>
  new ResourceNotFoundException({ message: "Secrets Manager can't find the specified secret.", $metadata });

export const noValueFor = (what: `staging label: ${string}` | `VersionId: ${string}`) =>
  new ResourceNotFoundException({
    message: `Secrets Manager can't find the specified secret value for ${what}`,
    $metadata,
  });

export const labelNotOnVersion = () =>
  new InvalidRequestException({
    message: 'You provided a VersionStage that is not associated to the provided VersionId.',
    $metadata,
  });

export const secretExists = (name: string) =>
  new ResourceExistsException({
    message: `The operation failed because the secret ${name} already exists.`,
    $metadata,
  });

export const tokenInUse = (token: string, arn: string) =>
  new ResourceExistsException({
    message: `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
    $metadata,
  });

export const noValueGiven = () =>
  new InvalidRequestException({
    message: 'You must provide either SecretString or SecretBinary.',
    $metadata,
  });

export const twoValuesGiven = () =>
  new InvalidParameterException({
    message: "You can't specify both a binary secret value and a string secret value in the same secret.",
    $metadata,
  });

export const removeFromMissing = (label: string, holder: string) =>
  new InvalidParameterException({
    message: `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
    $metadata,
  });

/** Assumed: AWS documents that the move fails, but neither its code nor its text. */
export const removeFromMismatch = (label: string) =>
  new InvalidParameterException({
    message: `When you move staging label ${label}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label ${label}.`,
    $metadata,
  });

export const currentCannotBeRemoved = () =>
  new InvalidParameterException({
    message:
      'You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
    $metadata,
  });

/** Assumed: the code and the text, for an id that no version has, and for a call that names no version at all. */
export const notAVersion = (id: string | undefined) =>
  new InvalidParameterException({ message: `Not a valid version: ${id}`, $metadata });

/** Assumed: that AWSCURRENT may not move to a version without a value. */
export const currentNeedsValue = (id: string) =>
  new InvalidParameterException({ message: `Version ${id} has no value to become AWSCURRENT`, $metadata });

export const noRotationFunction = () =>
  new InvalidRequestException({
    message: 'No Lambda rotation function ARN is associated with this secret.',
    $metadata,
  });

export const cannotInvoke = () =>
  unmodelled(
    'AccessDeniedException',
    'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
  );

export const rotationUnfinished = () =>
  new InvalidRequestException({
    message: "A previous rotation isn't complete. That rotation will be reattempted.",
    $metadata,
  });

export const invalidName = () =>
  validation(
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  );

/** The text follows the pattern of AWS's validation errors; only the code and the field's name are to be relied on. */
export const violates = (violations: readonly string[]) =>
  validation(
    `${violations.length} validation error${violations.length > 1 ? 's' : ''} detected: ${violations.join('; ')}`,
  );

function validation(message: string): SecretsManagerServiceException {
  return unmodelled('ValidationException', message);
}

export const markedForDeletion = () =>
  new InvalidRequestException({
    message: "You can't perform this operation on the secret because it was marked for deletion.",
    $metadata,
  });

export const nameMarkedForDeletion = () =>
  new InvalidRequestException({
    message:
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    $metadata,
  });

/** Assumed: the text. */
export const alreadyMarkedForDeletion = () =>
  new InvalidRequestException({
    message: "You tried to perform the operation on a secret that's currently marked deleted.",
    $metadata,
  });

/** Assumed: the text. */
export const notMarkedForDeletion = () =>
  new InvalidRequestException({ message: "The secret isn't marked for deletion.", $metadata });

/** Assumed: the text. */
export const recoveryWindowOutOfRange = () =>
  new InvalidParameterException({
    message: 'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    $metadata,
  });

/** Assumed: the text. */
export const recoveryWindowAndForce = () =>
  new InvalidParameterException({
    message: "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    $metadata,
  });

const TOKEN_NEEDED = 'You must provide a ClientRequestToken value. We recommend a UUID-type value.';
export const tokenMissing = () => new InvalidRequestException({ message: TOKEN_NEEDED, $metadata });
/** RotateSecret has another code for the same text. */
export const rotationTokenMissing = () => new InvalidParameterException({ message: TOKEN_NEEDED, $metadata });

/** Assumed: the texts of the limits. */
export const tooMany = (what: 'staging labels' | 'tags', limit: number) =>
  new LimitExceededException({ message: `A secret can have at most ${limit} ${what}.`, $metadata });

/** Assumed: the text. */
export const invalidNextToken = () =>
  new InvalidNextTokenException({ message: 'The NextToken value is invalid.', $metadata });

/** Assumed: the texts. */
export const idsOrFilters = () =>
  new InvalidParameterException({
    message: "Either 'SecretIdList' or 'Filters' must be provided, but not both.",
    $metadata,
  });
export const maxResultsWithoutFilters = () =>
  new InvalidParameterException({
    message: "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
    $metadata,
  });

export const passwordTooShort = () =>
  new InvalidParameterException({
    message: 'Password length is too short based on the required types.',
    $metadata,
  });
export const typeExcluded = () =>
  new InvalidParameterException({
    message: 'All characters of the desired type have been excluded.',
    $metadata,
  });
export const allExcluded = () =>
  new InvalidParameterException({ message: 'All characters have been excluded from selection.', $metadata });

/** Assumed: the text. */
export const malformedPolicy = () =>
  new MalformedPolicyDocumentException({ message: 'This resource policy is malformed.', $metadata });
/** Assumed: the text. */
export const publicPolicy = () =>
  new PublicPolicyException({
    message: 'The resource policy grants access to everybody, and BlockPublicPolicy is set.',
    $metadata,
  });

/** Assumed: the code; only the text is known. */
export const invalidLambdaArn = (region: string, account: string) =>
  new InvalidParameterException({
    message: `Invalid rotation Lambda ARN. Ensure the ARN matches format arn:aws:lambda:${region}:${account}:function:<functionName>.`,
    $metadata,
  });

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
) => new InvalidParameterException({ message, $metadata });

/** Assumed: the text. */
export const neverConfigured = () =>
  new InvalidRequestException({ message: 'Rotation was never turned on for this secret.', $metadata });

/** What AWS can do and the local Secrets Manager cannot. */
export const notHere = (what: string) =>
  new InvalidRequestException({ message: `The local Secrets Manager has no ${what}.`, $metadata });

/** As IAM puts it, for a call that a rotation function's role does not allow. */
export const notAuthorized = (role: string, operation: string, arn: string) =>
  unmodelled(
    'AccessDeniedException',
    `User: ${role} is not authorized to perform: secretsmanager:${operation} on resource: ${arn} because no identity-based policy allows the secretsmanager:${operation} action`,
  );

/** Assumed: codes and texts of what is wrong with a request before it is one of Secrets Manager's. */
export const wrongType = (path: string, type: string) =>
  unmodelled('SerializationException', `The value at '${path}' can not be converted to ${type}`);
export const notJson = () => unmodelled('SerializationException', 'The request is not a JSON object.');
export const tooLarge = () =>
  unmodelled('RequestEntityTooLargeException', 'The request has more than 1 MiB.', 413);
export const unknownOperation = () =>
  unmodelled('UnknownOperationException', 'There is no such operation of Secrets Manager.');

export const throttled = () =>
  Object.assign(unmodelled('ThrottlingException', 'Rate exceeded'), { $retryable: { throttling: true } });

export const internal = () =>
  new InternalServiceError({
    message: 'An error occurred on the server side.',
    $metadata: { ...$metadata, httpStatusCode: 500 },
  });

/** As the SDK reports a connection that broke before there was an answer. */
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
    $metadata: { ...$metadata, httpStatusCode },
  });
}
