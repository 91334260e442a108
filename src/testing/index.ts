export { LocalSecretsManager } from '../local/client.js';
export type { Fault, OrderedFault } from '../local/faults.js';
export type { LocalContext, LocalFunction } from '../local/invoke.js';
export { LocalRotation, type RotationOutcome, type RotationReport } from '../local/rotation.js';
export type { StepRecord } from '../local/secret.js';
export type { LocalOptions, Observation } from '../local/settings.js';
export type { TrailEvent } from '../local/trail.js';
export type { Listener } from '../local/wire.js';
export { type Clause, type ContractSubject, rotatorContract } from './contract.js';
