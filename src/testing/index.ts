export { LocalSecretsManager } from '../local/client.js';
export {
  type LocalFunction,
  LocalRotation,
  type RotationOutcome,
  type RotationReport,
} from '../local/rotation.js';
export type { StepRecord } from '../local/secret.js';
export { type Clause, type ContractSubject, rotatorContract } from './contract.js';
