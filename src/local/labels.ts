/**
 * The label algebra of Secrets Manager. A label is on at most one version of a secret; a version without labels is
 * deprecated: no longer listed, still readable by its id.
 */

export interface Version {
  readonly id: string;
  readonly createdDate: Date;
  readonly labels: Set<string>;
  /** Both are absent while the version is the empty placeholder of a rotation. */
  secretString?: string | undefined;
  secretBinary?: Uint8Array | undefined;
}

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
export function moveCurrent(versions: VersionMap, to: Version): void {
  const from = holderOf(versions, 'AWSCURRENT');
  if (from === to) return;
  attach(versions, 'AWSCURRENT', to);
  holderOf(versions, 'AWSPREVIOUS')?.labels.delete('AWSPREVIOUS');
  from?.labels.add('AWSPREVIOUS');
}

/** What PutSecretValue does with the labels of the version that it has stored. */
export function putLabels(versions: VersionMap, to: Version, stages: readonly string[] | undefined): void {
  if (stages === undefined) {
    moveCurrent(versions, to);
    // A new current value abandons a rotation that is under way.
    holderOf(versions, 'AWSPENDING')?.labels.delete('AWSPENDING');
    return;
  }
  for (const stage of stages) {
    if (stage === 'AWSCURRENT') moveCurrent(versions, to);
    else attach(versions, stage, to);
  }
  // AWS API reference, PutSecretValue: the first version of a secret always gets AWSCURRENT. Assumed: the empty
  // version of a rotation is none, so the value that fills it is the first.
  if (!holderOf(versions, 'AWSCURRENT')) moveCurrent(versions, to);
}
