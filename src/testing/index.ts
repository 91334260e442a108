export {
  type LocalFunction,
  LocalRotation,
  type RotationOutcome,
  type RotationReport,
} from '../local/rotation.js';
export type { StepRecord } from '../local/secret.js';
export { LocalSecretsManager } from '../local/service.js';
