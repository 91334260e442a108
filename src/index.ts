export type { Rehearsal, StartRehearsal } from './cli/rehearsal.js';
export type { LambdaContext } from './deadline.js';
export {
  isRotationError,
  RotationError,
  type RotationErrorCode,
  type RotationErrorOptions,
} from './errors.js';
export type { RotationEvent, Step } from './event.js';
export {
  type RotationHandler,
  type RotationHandlerOptions,
  rotationHandler,
  type StepResult,
} from './handler.js';
export { httpUrl } from './http/checks.js';
export { type HttpMethod, type HttpRequest, type HttpResponse, request } from './http/request.js';
export { type IssuedKey, issuedKey } from './issued-key.js';
export type { ListedKey } from './key-sweep.js';
export type { LogEntry, WarningMetric } from './log.js';
export { type CharacterClass, type PasswordPolicy, passwordPolicyFrom, passwordSource } from './password.js';
export type { CommonPermission, Permission, Target } from './permissions.js';
export { type ReplacedKey, replacedKey } from './replaced-key.js';
export {
  type AbandonedVersion,
  type Awaitable,
  type LabelledVersion,
  type Rotator,
  type StepContext,
  text,
  type Verdict,
  type Versions,
  type VersionsContext,
} from './rotator.js';
export type { SecretsManagerApi } from './secrets-manager.js';
export type { Outcome } from './steps.js';
