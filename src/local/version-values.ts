import { holderOf, isEmpty, type Version, type VersionMap } from './labels.js';
import * as refusals from './refusals.js';
import type { StoredSecret } from './secret.js';

/** The value in a request: one of the two, or none. */
export interface Value {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
}

/** Stores a value under an id, or fills the empty version that has it. */
export function addVersion(secret: StoredSecret, id: string, { SecretString, SecretBinary }: Value): Version {
  const version = secret.versions.get(id) ?? { id, createdDate: new Date(), labels: new Set<string>() };
  if (SecretString !== undefined) version.secretString = SecretString;
  if (SecretBinary !== undefined) version.secretBinary = Uint8Array.from(SecretBinary);
  secret.versions.set(id, version);
  secret.lastChangedDate = new Date();
  return version;
}

/** What GetSecretValue finds: by id, by label, or by both. */
export function findVersion(
  versions: VersionMap,
  id: string | undefined,
  stage: string | undefined,
): Version {
  const label = stage ?? 'AWSCURRENT';
  const version = id === undefined ? holderOf(versions, label) : versions.get(id);
  if (id !== undefined && !version) throw refusals.noValueFor(`VersionId: ${id}`);
  if (id !== undefined && stage !== undefined && !version?.labels.has(stage))
    throw refusals.labelNotOnVersion();
  if (!version || isEmpty(version)) {
    throw refusals.noValueFor(
      id !== undefined && stage === undefined ? `VersionId: ${id}` : `staging label: ${label}`,
    );
  }
  return version;
}

/** AWS API reference: SecretString and SecretBinary exclude each other, and have at most 65,536 bytes. */
export function assertOneValue(value: Value): void {
  if (value.SecretString !== undefined && value.SecretBinary !== undefined) throw refusals.twoValuesGiven();
  const bytes = value.SecretBinary?.byteLength ?? Buffer.byteLength(value.SecretString ?? '');
  if (bytes > 65_536)
    throw refusals.violates('secretString', 'Member must have length less than or equal to 65536');
}

/** AWS API reference: a ClientRequestToken, which is a VersionId, has 32 to 64 characters. */
export function assertId(field: string, id: string | undefined): void {
  if (id === undefined || (id.length >= 32 && id.length <= 64)) return;
  throw refusals.violates(field, 'Member must have length between 32 and 64');
}

export function hasValue({ SecretString, SecretBinary }: Value): boolean {
  return Boolean(SecretString) || SecretBinary !== undefined;
}

export function hasSameValue(
  { secretString, secretBinary }: Version,
  { SecretString, SecretBinary }: Value,
): boolean {
  if (secretBinary === undefined || SecretBinary === undefined) {
    return secretString === SecretString && secretBinary === SecretBinary;
  }
  return Buffer.from(secretBinary).equals(Buffer.from(SecretBinary));
}

export function copyOf(version: Version | undefined): Value {
  return { SecretString: version?.secretString, SecretBinary: version?.secretBinary };
}
