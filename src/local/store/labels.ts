/**
 * Secrets Manager's rules for staging labels. A label is on one version at most. A version without labels is deprecated: no
 * longer listed, but readable by its id.
 */

import * as refusals from '../api/refusals.js';
import { ASSUMED } from '../assumptions.js';

export interface Version {
  readonly id: string;
  readonly createdDate: Date;
  readonly labels: Set<string>;
  lastAccessedDate?: Date;
  /** The secret's KMS key when the value was stored; absent for the default key. */
  kmsKeyId?: string | undefined;
  /** Both are absent while the version is the empty placeholder of a rotation. */
  secretString?: string | undefined;
  secretBinary?: Uint8Array | undefined;
}

const MOST_LABELS = 20;

export type VersionMap = ReadonlyMap<string, Version>;

export function holderOf(versions: VersionMap, label: string): Version | undefined {
  return [...versions.values()].find(({ labels }) => labels.has(label));
}

/** Moves a label to a version. */
export function attach(versions: VersionMap, label: string, to: Version): void {
  holderOf(versions, label)?.labels.delete(label);
  to.labels.add(label);
}

/** Moves AWSCURRENT, and AWSPREVIOUS to where AWSCURRENT was. Other labels, including AWSPENDING, stay. */
function moveCurrent(versions: VersionMap, to: Version): void {
  const from = holderOf(versions, 'AWSCURRENT');
  if (from === to) return;
  attach(versions, 'AWSCURRENT', to);
  holderOf(versions, 'AWSPREVIOUS')?.labels.delete('AWSPREVIOUS');
  from?.labels.add('AWSPREVIOUS');
}

/** Sets the labels of a version that PutSecretValue has stored. The secret's first version gets AWSCURRENT. */
export function putLabels(
  versions: VersionMap,
  to: Version,
  stages: readonly string[] | undefined,
  isFirst: boolean,
): void {
  for (const stage of stages ?? []) if (stage !== 'AWSCURRENT') attach(versions, stage, to);
  // AWS API reference, PutSecretValue: the first version always gets AWSCURRENT.
  if (isFirst || !stages || stages.includes('AWSCURRENT')) moveCurrent(versions, to);
  // A new current value abandons a rotation in progress.
  const abandons = !stages || (ASSUMED.currentByNameAbandons && stages.includes('AWSCURRENT'));
  if (abandons && !stages?.includes('AWSPENDING')) {
    holderOf(versions, 'AWSPENDING')?.labels.delete('AWSPENDING');
  }
}

/**
 * UpdateSecretVersionStage: attaches, moves or removes a label. A label moves only if the caller names the version that has
 * it (compare-and-set).
 */
export function moveLabel(
  versions: VersionMap,
  label: string,
  from: string | undefined,
  to: string | undefined,
): void {
  const holder = holderOf(versions, label);
  const target = to === undefined ? undefined : versions.get(to);
  if (to !== undefined && !target) throw refusals.notAVersion(to);
  if (from === undefined && to === undefined) throw refusals.notAVersion(undefined);
  if (holder && holder !== target && from === undefined) throw refusals.removeFromMissing(label, holder.id);
  if (from !== undefined && from !== holder?.id) throw refusals.removeFromMismatch(label);
  if (!target) {
    if (label === 'AWSCURRENT') throw refusals.currentCannotBeRemoved();
    holder?.labels.delete(label);
  } else if (label === 'AWSCURRENT') {
    if (ASSUMED.emptyVersionCannotBeCurrent && isEmpty(target)) throw refusals.currentNeedsValue(target.id);
    moveCurrent(versions, target);
  } else {
    attach(versions, label, target);
  }
}

/** AWS API reference, quotas: a secret has at most 20 labels. */
export function assertLabelLimit(versions: VersionMap): void {
  const count = [...versions.values()].reduce((sum, { labels }) => sum + labels.size, 0);
  if (count > MOST_LABELS) throw refusals.tooMany('staging labels', MOST_LABELS);
}

/** Whether it is the placeholder of a rotation, before createSecret has stored a value. */
export function isEmpty({ secretString, secretBinary }: Version): boolean {
  return secretString === undefined && secretBinary === undefined;
}
