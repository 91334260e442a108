import {
  InvalidParameterException,
  InvalidRequestException,
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
  new SecretsManagerServiceException({
    name: 'AccessDeniedException',
    $fault: 'client',
    message:
      'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
    $metadata,
  });

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
export const violates = (field: string, constraint: string) =>
  validation(`1 validation error detected: Value at '${field}' failed to satisfy constraint: ${constraint}`);

function validation(message: string): SecretsManagerServiceException {
  return new SecretsManagerServiceException({
    name: 'ValidationException',
    $fault: 'client',
    message,
    $metadata,
  });
}
