import type { RotationError } from '../errors.js';
import type { LocalSecretsManager } from '../local/client.js';
import { Redactor } from '../redact.js';
import type { Output } from './output.js';
import type { Rehearsal } from './rehearsal.js';
import type { Proof, ShownVersion } from './report.js';

const LABELS = ['AWSPREVIOUS', 'AWSCURRENT', 'AWSPENDING'] as const;

/** A labelled version and its value. */
export interface StoredVersion {
  readonly label: (typeof LABELS)[number];
  readonly versionId: string;
  readonly value: string;
}

/** The labelled versions of a secret that have a value. */
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
      const { SecretString } = await secrets.getSecretValue({ SecretId: secretId, VersionId: versionId });
      found.push({ label, versionId, value: SecretString ?? '' });
    } catch (error) {
      // The version of a rotation is empty until createSecret has stored a value.
      if (!(error instanceof Error && error.name === 'ResourceNotFoundException')) throw error;
    }
  }
  return found;
}

/** Tries every version on the service. */
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

/** What can be said at the end of a rehearsal. */
export function prove(
  versions: readonly ShownVersion[],
  seen: Seen,
  output: Output,
  failure: RotationError | undefined,
): Proof {
  const of = (label: string) => versions.find((version) => version.label === label)?.isAccepted;
  const toCome = failure ? `${failure.message} ${failure.hint}` : '';
  return {
    newAccepted: failure === undefined && of('AWSCURRENT') === true,
    oldRefused: failure === undefined && of('AWSPREVIOUS') === false,
    nothingPrinted: !seen.isIn(output.printed + toCome),
    values: seen.count,
  };
}

/** The secret values of a rehearsal, for which its output is searched. */
export class Seen {
  readonly #values = new Set<string>();
  readonly #redactor = new Redactor();
  readonly #declared: Rehearsal['rotator'];

  constructor(declared: Rehearsal['rotator']) {
    this.#declared = declared;
  }

  get count(): number {
    return this.#values.size;
  }

  add(secretString: string): void {
    if (this.#values.has(secretString)) return;
    this.#values.add(secretString);
    const { shows, rotates } = this.#declared;
    const fields = Object.entries<unknown>(JSON.parse(secretString));
    // Words of a field that stays ("rotation") stand in our own words too, and prove nothing.
    const telling = fields.filter(([field]) => rotates.includes(field));
    this.#redactor.hideFields(Object.fromEntries(telling), shows, rotates);
  }

  isIn(text: string): boolean {
    return this.#redactor.text(text) !== text;
  }
}
