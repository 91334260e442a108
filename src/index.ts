// To deploy.

export type { LambdaContext } from './engine/deadline.js';
export type { RotationEvent } from './engine/event.js';
export {
  type RotationHandler,
  type RotationHandlerOptions,
  rotationHandler,
  type StepResult,
} from './engine/handler.js';
export { lambdaHandler } from './engine/lambda-handler.js';
export type { LogEntry } from './engine/log.js';
export type { SecretsManagerApi } from './engine/secrets-manager.js';
export type { Outcome } from './engine/steps.js';
export {
  isRotationError,
  quoted,
  RotationError,
  type RotationErrorCode,
  type RotationErrorOptions,
} from './errors.js';
export type { Step } from './step.js';

// To write a rotator.

export { type Json, jsonObject, parseJson } from './json.js';
export { type CharacterClass, type PasswordPolicy, passwordPolicyFrom, passwordSource } from './password.js';
export {
  type AbandonedVersion,
  type Awaitable,
  type KeyEnding,
  type LabelledVersion,
  type Rotator,
  type StepContext,
  stringField,
  type Verdict,
  type Versions,
  type VersionsContext,
  type WarningMetric,
} from './rotator.js';
export type { Rehearsal, StartRehearsal } from './testing/rehearsal.js';

// To write a rotator of keys that their provider chooses.

export { type IssuedKey, issuedKey, type KeyTimes } from './keys/issued-key.js';
export { keyEndingFrom } from './keys/key-ending.js';
export {
  checkedLifetimeDays,
  type KeyLifetime,
  LIFETIME_OPTION,
  lifetimeDaysFrom,
} from './keys/key-lifetime.js';
export type { ListedKey } from './keys/key-sweep.js';
export { type ReplacedKey, replacedKey } from './keys/replaced-key.js';

// To speak with a service, to say what it failed with, and whom to trust.

export { type AwsApi, awsFailure } from './network/aws-failures.js';
export { loadDriver } from './network/driver.js';
export {
  type ConnectionHints,
  connectionFailure,
  type ErrorParts,
  errorParts,
  type ServiceFailure,
} from './network/failures.js';
export { type HttpMethod, httpUrl } from './network/http-checks.js';
export { type HttpRequest, request } from './network/http-request.js';
export type { HttpResponse } from './network/http-response.js';
export { noteThrottles, type SdkClient } from './network/throttles.js';
export { type ClientCertificate, tlsContext } from './network/trust.js';

// To say how a rotator is deployed, and which rights it needs.

export { defineLambda, type LambdaManifest } from './lambda.js';
export {
  administratorOfKeys,
  type CommonPermission,
  type Permission,
  type PermissionTarget,
  type RotatorNeeds,
} from './permissions.js';
