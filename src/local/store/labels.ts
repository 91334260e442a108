/**
 * The label algebra of Secrets Manager. A label is on at most one version of a secret; a version without labels is
 * deprecated: no longer listed, still readable by its id.
 */

import * as refusals from '../api/refusals.js';
import { ASSUMED } from '../assumptions.js';

export interface Version {
  readonly id: string;
  readonly createdDate: Date;
  readonly labels: Set<string>;
  lastAccessedDate?: Date;
  /** The key that was the secret's when the value was stored; absent for the default key. */
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

/** Puts a label on a version, and takes it from the one that had it. */
export function attach(versions: VersionMap, label: string, to: Version): void {
  holderOf(versions, label)?.labels.delete(label);
  to.labels.add(label);
}

/** Moves AWSCURRENT, and AWSPREVIOUS to where AWSCURRENT was. Other labels, AWSPENDING too, stay where they are. */
function moveCurrent(versions: VersionMap, to: Version): void {
  const from = holderOf(versions, 'AWSCURRENT');
  if (from === to) return;
  attach(versions, 'AWSCURRENT', to);
  holderOf(versions, 'AWSPREVIOUS')?.labels.delete('AWSPREVIOUS');
  from?.labels.add('AWSPREVIOUS');
}

/** What PutSecretValue does with the labels of the version that it has stored; the secret's first gets AWSCURRENT. */
export function putLabels(
  versions: VersionMap,
  to: Version,
  stages: readonly string[] | undefined,
  isFirst: boolean,
): void {
  for (const stage of stages ?? []) if (stage !== 'AWSCURRENT') attach(versions, stage, to);
  // AWS API reference, PutSecretValue: the first version gets AWSCURRENT, whatever it is given.
  if (isFirst || !stages || stages.includes('AWSCURRENT')) moveCurrent(versions, to);
  // A new current value abandons a rotation that is under way.
  const abandons = !stages || (ASSUMED.currentByNameAbandons && stages.includes('AWSCURRENT'));
  if (abandons && !stages?.includes('AWSPENDING')) {
    holderOf(versions, 'AWSPENDING')?.labels.delete('AWSPENDING');
  }
}

/**
 * UpdateSecretVersionStage: moves a label from one version to another, attaches it, or removes it. A label that is on a
 * version moves only if the caller names that version: a compare-and-set.
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

/** The placeholder of a rotation has no value until createSecret has stored one. */
export function isEmpty({ secretString, secretBinary }: Version): boolean {
  return secretString === undefined && secretBinary === undefined;
}
