import type { GetSecretValueResponse } from '@aws-sdk/client-secrets-manager';
import { applyEdits, modify, visit } from 'jsonc-parser';
import { RotationError } from '../errors.js';
import { type Json, parseJson } from '../json.js';
import { stringsIn } from '../redact/hidden-values.js';

export type Label = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

/** AWS API reference, PutSecretValue: SecretString has at most 65,536 bytes. */
const MAX_BYTES = 65_536;
/** Readers of JSON recurse; no secret needs this. */
const MAX_DEPTH = 100;

/** A SecretString: its text, which is edited, and the JSON object in it, which is read. */
export interface SecretString {
  /** Says in errors which value is meant: the label of the version, or the id of another secret. */
  readonly owner: string;
  readonly versionId: string | undefined;
  readonly text: string;
  readonly json: Json;
  /** Whether the text is no JSON object, but all of one field. */
  readonly isPlain: boolean;
}

/**
 * Reads the answer of GetSecretValue.
 *
 * @param plainField the field that the whole text is, if it is not a JSON object; absent if it must be one
 * @throws RotationError `ERR_SECRET_MALFORMED` or `ERR_DUPLICATE_KEYS`, which name the problem, never the value
 */
export function readSecretString(
  { SecretBinary, SecretString, VersionId }: GetSecretValueResponse,
  owner: string,
  plainField?: string,
): SecretString {
  if (SecretBinary !== undefined) throw malformed(owner, 'is a SecretBinary');
  if (SecretString === undefined || SecretString === '') throw malformed(owner, 'is empty');
  const value = parseJson(SecretString);
  const stored = { owner, versionId: VersionId, text: SecretString };
  if (plainField !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value))) {
    return { ...stored, json: { [plainField]: SecretString }, isPlain: true };
  }
  const json = objectOf(value, owner);
  assertReadable(SecretString, owner);
  return { ...stored, json, isPlain: false };
}

/**
 * The strings in a text that is JSON, or was meant to be: those too that `JSON.parse` drops, or does not come to. Not the
 * names of members, which stand in our own messages.
 */
export function* literalsIn(text: string): Generator<string> {
  // A string without an end is one too, or each of 64 KiB of quotes would be taken for the beginning of all the rest.
  for (const [, literal, , colon] of text.matchAll(/"((?:[^"\\]|\\.)*)("|\\?$)(\s*:)?/gs)) {
    if (colon === undefined) yield* stringsIn(parseJson(`"${literal}"`));
  }
}

/**
 * Sets fields of a JSON text. All the rest survives to the byte: spacing, the order of keys, numbers that
 * JavaScript cannot hold. A plain text is replaced by the one field that changes.
 *
 * @throws RotationError `ERR_SECRET_MALFORMED` if the result is longer than Secrets Manager takes
 */
export function editSecretString({ text, isPlain }: SecretString, changes: Json): string {
  const edited = isPlain
    ? plainText(changes)
    : Object.entries(changes).reduce(
        (rest, [field, value]) => applyEdits(rest, modify(rest, [field], value, {})),
        text,
      );
  const bytes = Buffer.byteLength(edited);
  if (bytes > MAX_BYTES) {
    throw malformed('AWSPENDING', `would have ${bytes} bytes, and Secrets Manager takes ${MAX_BYTES}`);
  }
  return edited;
}

function plainText(changes: Json): string {
  const [[field, value] = []] = Object.entries(changes);
  if (typeof value === 'string') return value;
  throw new RotationError('ERR_ROTATOR_FAILED', `createSecret made a "${field}" that is not a string`);
}

function objectOf(json: unknown, owner: string): Json {
  if (json === undefined) throw malformed(owner, 'is not JSON');
  if (Array.isArray(json)) throw malformed(owner, 'is a JSON array');
  if (typeof json !== 'object' || json === null) throw malformed(owner, 'is JSON, but not an object');
  return Object.fromEntries(Object.entries(json));
}

/**
 * Of two equal keys one reader takes the first and another the last, so nobody knows which value is in use. The depth is
 * that of the text: what `JSON.parse` has dropped, for a second key, is read here all the same.
 */
function assertReadable(text: string, owner: string): void {
  const open: Set<string>[] = [];
  const begin = (): void => {
    if (open.push(new Set()) > MAX_DEPTH) throw malformed(owner, `is nested more than ${MAX_DEPTH} deep`);
  };
  const end = (): void => void open.pop();
  visit(text, {
    onObjectBegin: begin,
    onObjectEnd: end,
    onArrayBegin: begin,
    onArrayEnd: end,
    onObjectProperty: (key) => {
      const keys = open.at(-1);
      if (keys?.has(key)) {
        throw new RotationError('ERR_DUPLICATE_KEYS', `${owner} has a key twice in one object`, {
          hint: 'store the secret again (PutSecretValue) with each key once, and with the value that works',
        });
      }
      keys?.add(key);
    },
  });
}

function malformed(owner: string, problem: string): RotationError {
  return new RotationError('ERR_SECRET_MALFORMED', `${owner} ${problem}`, {
    // Without an example: the text that could not be read is redacted whole, and may have the same names in it.
    hint: "a rotator reads a SecretString with one JSON object, whose fields are in the rotator's README",
  });
}
