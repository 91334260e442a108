import type { Version } from '../../local/store/labels.js';
import type { StoredSecret } from '../../local/store/stored-secret.js';

/** The first line of a state file. One line of JSON for each change of a secret follows. */
export const HEADER = `${JSON.stringify({ quarterturn: 'state', version: 1 })}\n`;

/** A version as written: its value only once, as text or as bytes in base64. */
interface WrittenVersion extends Omit<Version, 'labels' | 'secretString' | 'secretBinary'> {
  readonly labels: readonly string[];
  readonly string?: string;
  readonly binary?: string;
}

/** The last written form of each version of a secret, and whether its value was written. */
export type Written = Map<string, { readonly text: string; readonly isFilled: boolean }>;

/** A line: a secret after a change, with the changed versions; or a secret that is gone. */
type Line =
  | { readonly secret: Omit<StoredSecret, 'versions'>; readonly versions: readonly WrittenVersion[] }
  | { readonly forgotten: string };

/** The most characters of values in one line: all versions together may exceed the longest string. */
const MOST_IN_LINE = 16_777_216;

/** Yields the lines for a secret with all its versions; {@link readLines} joins them. */
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
 * Returns the line for a secret after a change.
 *
 * @param written the last written form of each version, which this updates
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
  // Without the steps: a function's error may quote a value, and an interrupted attempt starts over.
  const { inFlight } = secret;
  const kept = { ...secret, ...(inFlight && { inFlight: { ...inFlight, steps: [] } }) };
  return `${JSON.stringify({ secret: kept, versions: changed } satisfies Line)}\n`;
}

/** Returns the line for a secret that is gone. */
export function lineOfForgotten({ arn }: StoredSecret): string {
  return `${JSON.stringify({ forgotten: arn } satisfies Line)}\n`;
}

/**
 * Reads the lines of a file, each with its line break. `rest` is an unfinished last line, whose change was never answered. The
 * whole text may be longer than the longest string.
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
      throw new Error(`${path} is not a state of quarterturn local: nothing was changed`);
    }
    if (take(line, secrets)) continue;
    if (line.endsWith('\n')) {
      throw new Error(
        `line ${number} of ${path} is damaged: nothing was changed. The earlier lines are intact. To continue with them, copy ` +
          'the file first, then delete that line and all after it',
      );
    }
    rest = line;
  }
  const now = new Date();
  const kept = [...secrets.values()].filter(({ deletedDate }) => !deletedDate || deletedDate > now);
  return { secrets: kept, rest };
}

/** Applies a line to the secrets; false if it is damaged. */
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

/** Turns dates back into Date: only their names end so. */
function revived(key: string, value: unknown): unknown {
  const isDate = /Date$|^opens$|^closes$/.test(key) && typeof value === 'string';
  return isDate ? new Date(value) : value;
}
