import type { RotationError } from '../../errors.js';
import { jsonObject } from '../../json.js';
import type { LocalSecretsManager } from '../../local/client.js';
import type { Rehearsal } from '../../testing/rehearsal.js';
import type { Output } from '../terminal/output.js';
import type { Proof, ShownVersion } from './report.js';

const LABELS = ['AWSPREVIOUS', 'AWSCURRENT', 'AWSPENDING'] as const;

export interface StoredVersion {
  readonly label: ShownVersion['label'];
  readonly versionId: string;
  readonly value: string;
}

/** Returns the labelled versions of a secret that have a value. */
export async function versionsOf(
  secrets: LocalSecretsManager,
  secretId: string,
): Promise<readonly StoredVersion[]> {
  const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: secretId });
  const found: StoredVersion[] = [];
  for (const label of LABELS) {
    const versionId = Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes(label));
    if (versionId === undefined) continue;
    try {
      // Past the engine's gate: the service needs the values, and all output is searched for them.
      const { SecretString } = await secrets.getSecretValue({ SecretId: secretId, VersionId: versionId });
      found.push({ label, versionId, value: SecretString ?? '' });
    } catch (error) {
      // The version of a rotation is empty until createSecret has stored a value.
      if (!(error instanceof Error && error.name === 'ResourceNotFoundException')) throw error;
    }
  }
  return found;
}

export async function accepted(
  versions: readonly StoredVersion[],
  rehearsal: Rehearsal,
): Promise<readonly ShownVersion[]> {
  const shown: ShownVersion[] = [];
  for (const { label, versionId, value } of versions) {
    shown.push({ label, versionId, isAccepted: await rehearsal.accepts(value) });
  }
  return shown;
}

/** Returns what a rehearsal has proven at its end. */
export function prove({ versions, overlaps, seen, failure }: Ending): Proof {
  const of = (label: string) => versions.find((version) => version.label === label)?.isAccepted;
  const toCome = failure ? `${failure.message} ${failure.hint}` : '';
  const nothingPrinted = seen.isNowhereIn(toCome);
  const newAccepted = failure === undefined && of('AWSCURRENT') === true;
  const isRefused = (label: string) => failure === undefined && of(label) === false;
  const rest = { nothingPrinted, values: seen.count };
  if (!overlaps) return { newAccepted, oldRefused: isRefused('AWSPREVIOUS'), ...rest };
  const previousAccepted = failure === undefined && of('AWSPREVIOUS') === true;
  const oldRefused = of('no label') === undefined ? {} : { oldRefused: isRefused('no label') };
  return { newAccepted, previousAccepted, ...oldRefused, ...rest };
}

/** Whether everything was proven. */
export function isProof({ newAccepted, previousAccepted, oldRefused, nothingPrinted }: Proof): boolean {
  return newAccepted && previousAccepted !== false && oldRefused !== false && nothingPrinted;
}

interface Ending {
  readonly versions: readonly ShownVersion[];
  readonly overlaps: boolean;
  readonly seen: Seen;
  readonly failure: RotationError | undefined;
}

/** The secret values of a rehearsal. Its output is searched for them. */
export class Seen {
  readonly #versions = new Map<string, StoredVersion>();
  #others = 0;
  readonly #declared: Rehearsal['rotator'];
  readonly #output: Output;

  constructor(declared: Rehearsal['rotator'], output: Output) {
    this.#declared = declared;
    this.#output = output;
  }

  get count(): number {
    return this.#versions.size + this.#others;
  }

  /** Returns the version that lost its label last. */
  retired(labelled: readonly StoredVersion[]): readonly StoredVersion[] {
    const others = [...this.#versions.values()].filter(
      ({ versionId }) => !labelled.some((version) => version.versionId === versionId),
    );
    return others.slice(-1).map((version) => ({ ...version, label: 'no label' }));
  }

  add(version: StoredVersion): void {
    if (this.#versions.has(version.versionId)) return;
    this.#versions.set(version.versionId, version);
    const { shows, rotates } = this.#declared;
    // A text that is no JSON object is the credential itself.
    const fields =
      jsonObject(version.value) ?? Object.fromEntries(rotates.map((field) => [field, version.value]));
    this.#output.lookFor(fields, shows, rotates);
  }

  /** Adds another secret, such as an administrator's. Which of its fields are credentials is unknown. */
  addOther(value: string): void {
    this.#others += 1;
    this.#output.lookFor(jsonObject(value) ?? { value }, this.#declared.shows);
  }

  /** Whether neither the output nor the text to come contains a value. */
  isNowhereIn(toCome: string): boolean {
    return this.#output.isClean(toCome);
  }
}
