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

/** Reads the lines of a file; `rest` is what follows the last line break, and was never answered. */
export function readLines(
  text: string,
  path: string,
): { secrets: readonly StoredSecret[]; rest: string | undefined } {
  if (text !== '' && !text.startsWith(HEADER)) {
    throw new Error(`${path} is not a state of quarterturn local: nothing was changed in it`);
  }
  const lines = text.split('\n').slice(1);
  const rest = lines.pop() ?? '';
  const secrets = new Map<string, StoredSecret>();
  for (const [index, line] of lines.entries()) {
    if (!take(line, secrets)) {
      throw new Error(
        `line ${index + 2} of ${path} is damaged; nothing was changed. The lines before it are whole: to go on with ` +
          'these, keep a copy of the file, and delete from that line on',
      );
    }
  }
  const isTorn = rest !== '' && !take(rest, secrets);
  const now = new Date();
  const kept = [...secrets.values()].filter(({ deletedDate }) => !deletedDate || deletedDate > now);
  return { secrets: kept, rest: isTorn ? rest : undefined };
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
