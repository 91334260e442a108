import type { RotationRulesType, Tag } from '@aws-sdk/client-secrets-manager';
import type { Step } from '../../step.js';
import { holderOf, type Version, type VersionMap } from './labels.js';
import type { RotationWindow } from './schedule.js';

/** How a drive ended. `incomplete`: all steps succeeded, but AWSCURRENT is not on the rotation's version. */
export type RotationOutcome = 'succeeded' | 'failed' | 'incomplete' | 'abandoned';

/** One secret of the local Secrets Manager. */
export interface StoredSecret {
  readonly arn: string;
  readonly name: string;
  readonly createdDate: Date;
  lastChangedDate: Date;
  lastAccessedDate?: Date;
  /** When it is to be gone: it is marked for deletion. */
  deletedDate?: Date | undefined;
  description?: string | undefined;
  kmsKeyId?: string | undefined;
  type?: string | undefined;
  /** Absent until there was a first tag, empty after the last one. */
  tags?: readonly Tag[] | undefined;
  policy?: string | undefined;
  versions: Map<string, Version>;
  rotation?: RotationSettings;
  /** The rotation that has begun and is neither finished nor replaced by another. */
  inFlight?: RotationInFlight | undefined;
}

/** What RotateSecret stores: it stays for the next call. */
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
  /** `test`: RotateImmediately was false, so that only testSecret runs, on a copy of the current value. */
  readonly kind: 'rotate' | 'test';
  readonly attempt: number;
  /** The invocations of this attempt, in order. */
  readonly steps: readonly StepRecord[];
  /** Somebody has stored a new current value meanwhile. */
  readonly isAbandoned?: boolean;
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

/** The labels by version id, without deprecated versions; undefined if there is none. */
export function stagesOf(versions: VersionMap): Record<string, string[]> | undefined {
  const labelled = [...versions.values()].filter(({ labels }) => labels.size > 0);
  if (labelled.length === 0) return undefined;
  return Object.fromEntries(labelled.map(({ id, labels }) => [id, [...labels]]));
}

/** Whether a rotation has lost its version: AWSPENDING is elsewhere, and AWSCURRENT has not come. */
export function isOvertaken({ versions }: StoredSecret, { token, isAbandoned }: RotationInFlight): boolean {
  if (isAbandoned) return true;
  return ![holderOf(versions, 'AWSPENDING')?.id, holderOf(versions, 'AWSCURRENT')?.id].includes(token);
}
