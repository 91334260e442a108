import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import type { Step } from '../event.js';
import type { Version } from './labels.js';

/** One secret of the local Secrets Manager. */
export interface StoredSecret {
  readonly arn: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly createdDate: Date;
  lastChangedDate: Date;
  readonly versions: Map<string, Version>;
  rotation?: RotationSettings;
  /** A rotation that has begun and is neither finished nor abandoned. */
  inFlight?: RotationInFlight | undefined;
}

/** What RotateSecret stores: it stays for the next call. */
interface RotationSettings {
  enabled: boolean;
  readonly lambdaArn: string;
  readonly rules: RotationRulesType | undefined;
  lastRotatedDate?: Date;
}

export interface RotationInFlight {
  readonly token: string;
  readonly rotationToken: string;
  /** `test`: RotateImmediately was false, so that only testSecret runs, on a copy of the current value. */
  readonly kind: 'rotate' | 'test';
  attempt: number;
  /** The invocations of this attempt, in order. */
  steps: StepRecord[];
}

/** One invocation of the rotation function. */
export interface StepRecord {
  readonly step: Step;
  /** 1 for the first delivery of the rotation, 2 for its first repetition. */
  readonly attempt: number;
  /** What the function threw, if it threw. */
  readonly error?: unknown;
}

const NAME = /^[A-Za-z0-9/_+=.@!-]{1,512}$/;

export function isValidName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Finds a secret by name, ARN or partial ARN (without the hyphen and the six random characters). A partial ARN whose
 * name ends in what looks like those six is taken for a full one, and finds nothing: so does AWS's.
 */
export function findSecret(
  byName: ReadonlyMap<string, StoredSecret>,
  secretId: string,
  prefix: string,
): StoredSecret | undefined {
  if (!secretId.startsWith('arn:')) return byName.get(secretId);
  if (!secretId.startsWith(prefix)) return undefined;
  const rest = secretId.slice(prefix.length);
  if (!/-[A-Za-z0-9]{6}$/.test(rest)) return byName.get(rest);
  const found = byName.get(rest.slice(0, -7));
  return found?.arn === secretId ? found : undefined;
}
