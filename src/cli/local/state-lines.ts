import type { Version } from '../../local/store/labels.js';
import type { StoredSecret } from '../../local/store/stored-secret.js';

/** The lines of a state file: a header, and one line of JSON for each change of a secret. */

/** The first line: nothing else is taken for a state. */
export const HEADER = `${JSON.stringify({ quarterturn: 'state', version: 1 })}\n`;
/** A version as it is written: its value only once, as text or as bytes in base64. */
interface WrittenVersion extends Omit<Version, 'labels' | 'secretString' | 'secretBinary'> {
  readonly labels: readonly string[];
  readonly string?: string;
  readonly binary?: string;
}

/** How each version of a secret was written last, and whether with its value. */
export type Written = Map<string, { readonly text: string; readonly isFilled: boolean }>;

/** A line: a secret as it is after a change, with those of its versions that have changed; or a secret that is gone. */
type Line =
  | { readonly secret: Omit<StoredSecret, 'versions'>; readonly versions: readonly WrittenVersion[] }
  | { readonly forgotten: string };

/** Characters of values in one line: a secret may have more of them than a string can hold. */
const MOST_IN_LINE = 16_777_216;

/** The lines for a secret as it is, with all its versions; a reader puts them together. */
export function* linesOf(secret: StoredSecret, written: Written): Generator<string> {
  let versions = new Map<string, Version>();
  let size = 0;
  for (const [id, version] of secret.versions) {
    versions.set(id, version);
    size += (version.secretString?.length ?? 0) + 2 * (version.secretBinary?.byteLength ?? 0);
    if (size < MOST_IN_LINE) continue;
    yield lineOf({ ...secret, versions }, written);
    versions = new Map();
    size = 0;
  }
  yield lineOf({ ...secret, versions }, written);
}

/**
 * The line for a secret after a change.
 *
 * @param written how each version was written last; those of this line are noted
 */
export function lineOf({ versions, ...secret }: StoredSecret, written: Written): string {
  const changed: WrittenVersion[] = [];
  for (const { secretString, secretBinary, labels, ...version } of versions.values()) {
    const described = { ...version, labels: [...labels] };
    const isFilled = secretString !== undefined || secretBinary !== undefined;
    const text = JSON.stringify(described);
    const before = written.get(version.id);
    if (before?.text === text && before.isFilled === isFilled) continue;
    const isValueWritten = before?.isFilled === true;
    changed.push({
      ...described,
      ...(!isValueWritten && secretString !== undefined && { string: secretString }),
      ...(!isValueWritten && secretBinary && { binary: Buffer.from(secretBinary).toString('base64') }),
    });
    written.set(version.id, { text, isFilled });
  }
  // What a function threw may quote a value, and an attempt that is broken off starts over.
  const { inFlight } = secret;
  const kept = { ...secret, ...(inFlight && { inFlight: { ...inFlight, steps: [] } }) };
  return `${JSON.stringify({ secret: kept, versions: changed } satisfies Line)}\n`;
}

/** The line for a secret that is gone. */
export function lineOfForgotten({ arn }: StoredSecret): string {
  return `${JSON.stringify({ forgotten: arn } satisfies Line)}\n`;
}

/**
 * Reads the lines of a file, each with its line break; `rest` is what follows the last one, and was never answered. The
 * text as a whole may be longer than a string can be.
 */
export function readLines(
  lines: Iterable<string>,
  path: string,
): { secrets: readonly StoredSecret[]; rest: string | undefined } {
  const secrets = new Map<string, StoredSecret>();
  let number = 0;
  let rest: string | undefined;
  for (const line of lines) {
    number += 1;
    if (number === 1) {
      if (line === HEADER) continue;
      throw new Error(`${path} is not a state of quarterturn local: nothing was changed in it`);
    }
    if (take(line, secrets)) continue;
    if (line.endsWith('\n')) {
      throw new Error(
        `line ${number} of ${path} is damaged; nothing was changed. The lines before it are whole: to go on with ` +
          'these, keep a copy of the file, and delete from that line on',
      );
    }
    rest = line;
  }
  const now = new Date();
  const kept = [...secrets.values()].filter(({ deletedDate }) => !deletedDate || deletedDate > now);
  return { secrets: kept, rest };
}

/** Takes up what a line says; false if it is none. */
function take(text: string, secrets: Map<string, StoredSecret>): boolean {
  try {
    // biome-ignore lint/plugin: the command's own lines, whose types are known; its error goes nowhere.
    const line: Line = JSON.parse(text, revived);
    if ('forgotten' in line) {
      secrets.delete(line.forgotten);
      return true;
    }
    const versions = new Map(secrets.get(line.secret.arn)?.versions);
    for (const version of line.versions)
      versions.set(version.id, restored(version, versions.get(version.id)));
    secrets.set(line.secret.arn, { ...line.secret, versions });
    return true;
  } catch {
    // No cause: it would quote the line.
    return false;
  }
}

function restored(
  { string, binary, labels, ...version }: WrittenVersion,
  before: Version | undefined,
): Version {
  return {
    ...version,
    labels: new Set(labels),
    secretString: string ?? before?.secretString,
    secretBinary:
      binary === undefined ? before?.secretBinary : Uint8Array.from(Buffer.from(binary, 'base64')),
  };
}

/** Dates are the only members whose names end so. */
function revived(key: string, value: unknown): unknown {
  const isDate = /Date$|^opens$|^closes$/.test(key) && typeof value === 'string';
  return isDate ? new Date(value) : value;
}
