export {
  type LocalFunction,
  LocalRotation,
  type RotationOutcome,
  type RotationReport,
} from '../local/rotation.js';
export type { StepRecord } from '../local/secret.js';
export { LocalSecretsManager } from '../local/service.js';
export { type Clause, type ContractSubject, rotatorContract } from './contract.js';
