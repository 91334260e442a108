import type { RotationRulesType, Tag } from '@aws-sdk/client-secrets-manager';
import type { Step } from '../../step.js';
import { holderOf, type Version, type VersionMap } from './labels.js';
import type { RotationWindow } from './schedule.js';

/** How a rotation ended. `incomplete` means that all steps succeeded, but AWSCURRENT has not moved to the new version. */
export type RotationOutcome = 'succeeded' | 'failed' | 'incomplete' | 'abandoned';

/** One secret of the local Secrets Manager. */
export interface StoredSecret {
  readonly arn: string;
  readonly name: string;
  readonly createdDate: Date;
  lastChangedDate: Date;
  lastAccessedDate?: Date;
  /** Date of deletion, if the secret is marked for deletion. */
  deletedDate?: Date | undefined;
  description?: string | undefined;
  kmsKeyId?: string | undefined;
  type?: string | undefined;
  /** Absent before the first tag, empty after the last one was removed. */
  tags?: readonly Tag[] | undefined;
  policy?: string | undefined;
  versions: Map<string, Version>;
  rotation?: RotationSettings;
  /** The rotation that has begun and is neither complete nor replaced. */
  inFlight?: RotationInFlight | undefined;
}

/** The settings of RotateSecret, kept for the next call. */
interface RotationSettings {
  readonly enabled: boolean;
  readonly lambdaArn: string;
  readonly rules: RotationRulesType | undefined;
  readonly lastRotatedDate?: Date;
  /** The window of the next scheduled rotation. */
  readonly next?: RotationWindow | undefined;
}

export interface RotationInFlight {
  readonly token: string;
  readonly rotationToken: string;
  /** `test` means RotateImmediately=false: only testSecret runs, on a copy of the current value. */
  readonly kind: 'rotate' | 'test';
  readonly attempt: number;
  /** Invocations of this attempt, in order. */
  readonly steps: readonly StepRecord[];
  /** Whether a new current value was stored meanwhile. */
  readonly isAbandoned?: boolean;
}

/** One invocation of the rotation function. */
export interface StepRecord {
  /** The step. */
  readonly step: Step;
  /** Attempt of the rotation: 1 for the first. */
  readonly attempt: number;
  /** The function's error, if it failed. */
  readonly error?: unknown;
}

const NAME = /^[A-Za-z0-9/_+=.@!-]{1,512}$/;

export function isValidName(name: string): boolean {
  return NAME.test(name);
}

/** Returns the labels by version id, without deprecated versions; undefined if no version has labels. */
export function stagesOf(versions: VersionMap): Record<string, string[]> | undefined {
  const labelled = [...versions.values()].filter(({ labels }) => labels.size > 0);
  if (labelled.length === 0) return undefined;
  return Object.fromEntries(labelled.map(({ id, labels }) => [id, [...labels]]));
}

/** Whether a rotation has lost its version, which has neither AWSPENDING nor AWSCURRENT. */
export function isOvertaken({ versions }: StoredSecret, { token, isAbandoned }: RotationInFlight): boolean {
  if (isAbandoned) return true;
  return ![holderOf(versions, 'AWSPENDING')?.id, holderOf(versions, 'AWSCURRENT')?.id].includes(token);
}
