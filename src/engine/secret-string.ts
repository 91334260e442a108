import type { GetSecretValueResponse } from '@aws-sdk/client-secrets-manager';
import { applyEdits, modify, visit } from 'jsonc-parser';
import { RotationError } from '../errors.js';
import { type Json, parseJson } from '../json.js';
import { stringsIn } from '../redact/hidden-values.js';

export type Label = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

/** AWS API reference, PutSecretValue: SecretString has at most 65,536 bytes. */
const MAX_BYTES = 65_536;
/** Readers of JSON recurse. No secret needs as many levels. */
const MAX_DEPTH = 100;

/** A SecretString: its text, which the engine edits, and its JSON object, which the rotator reads. */
export interface SecretString {
  /** Name of the value in errors: the label of the version, or the id of another secret. */
  readonly owner: string;
  readonly versionId: string | undefined;
  readonly text: string;
  readonly json: Json;
  /** Whether the whole text is one field, and not a JSON object. */
  readonly isPlain: boolean;
}

/**
 * Reads the answer of GetSecretValue.
 *
 * @param plainField field that holds the whole text if it is not a JSON object; absent if it must be one
 * @throws {@link RotationError} `ERR_SECRET_MALFORMED` or `ERR_DUPLICATE_KEYS`, which name the problem, never the value
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
 * Yields the strings in a text that is JSON, or should be: also those that `JSON.parse` drops or does not reach. Not the
 * names of members, because messages contain them.
 */
export function* literalsIn(text: string): Generator<string> {
  // Also a string without an end: else each of 64 KiB of quotes would begin a search of all the rest.
  for (const [, literal, , colon] of text.matchAll(/"((?:[^"\\]|\\.)*)("|\\?$)(\s*:)?/gs)) {
    if (colon === undefined) yield* stringsIn(parseJson(`"${literal}"`));
  }
}

/**
 * Sets fields of a JSON text, and keeps all else byte for byte: spacing, the order of keys, numbers too large for
 * JavaScript. Replaces a plain text with the one field that changes.
 *
 * @throws {@link RotationError} `ERR_SECRET_MALFORMED` if the result is longer than Secrets Manager allows
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
    throw malformed('AWSPENDING', `would have ${bytes} bytes; Secrets Manager allows ${MAX_BYTES}`);
  }
  return edited;
}

function plainText(changes: Json): string {
  const [[field, value] = []] = Object.entries(changes);
  if (typeof value === 'string') return value;
  throw new RotationError('ERR_ROTATOR_FAILED', `createSecret returned a "${field}" that is not a string`);
}

function objectOf(json: unknown, owner: string): Json {
  if (json === undefined) throw malformed(owner, 'is not JSON');
  if (Array.isArray(json)) throw malformed(owner, 'is a JSON array');
  if (typeof json !== 'object' || json === null) throw malformed(owner, 'is JSON, but not an object');
  return Object.fromEntries(Object.entries(json));
}

/**
 * Checks the depth, and for equal keys: one reader takes the first of them, another the last. It reads the text, because
 * `JSON.parse` drops the first of two equal keys with all in it.
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
          hint: 'store the secret again with PutSecretValue: each key once, with the value that works',
        });
      }
      keys?.add(key);
    },
  });
}

function malformed(owner: string, problem: string): RotationError {
  return new RotationError('ERR_SECRET_MALFORMED', `${owner} ${problem}`, {
    // No example: the malformed text is hidden as a whole, and may contain the same names.
    hint: "the rotator needs a SecretString with one JSON object; the rotator's README lists the fields",
  });
}
