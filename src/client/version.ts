import { inspect, isDeepStrictEqual } from 'node:util';
import { type Json, jsonObject } from '../json.js';
import type { SecretAnswer } from './reader.js';

/**
 * One version of a secret.
 *
 * `console.log`, `inspect` and `JSON.stringify` show its id, label and date, and never `value`.
 */
export interface SecretVersion<T> {
  /** Version id. */
  readonly versionId: string;
  /** Staging label that it was read by; empty if it was read by id. */
  readonly stage: string;
  /** When the version was created. */
  readonly createdDate: Date | undefined;
  /** The secret's value: the JSON object, the result of `parse`, the text or the bytes. Do not log it. */
  readonly value: T;
}

/**
 * How the client reads a secret's value.
 *
 * @inline
 */
export type Form = 'json' | 'text' | 'bytes';

export class ReadVersion<T> implements SecretVersion<T> {
  readonly versionId: string;
  readonly stage: string;
  readonly createdDate: Date | undefined;
  readonly #value: T;
  readonly #json: Json | undefined;

  private constructor(
    versionId: string,
    stage: string,
    createdDate: Date | undefined,
    value: T,
    json?: Json,
  ) {
    this.versionId = versionId;
    this.stage = stage;
    this.createdDate = createdDate;
    this.#value = value;
    this.#json = json;
  }

  /** Because inspect() also calls a class's getters with `showHidden` and `getters`. */
  [inspect.custom](): object {
    return { versionId: this.versionId, stage: this.stage, createdDate: this.createdDate };
  }

  /** Bytes are a copy for the caller. */
  get value(): T {
    return this.#value instanceof Uint8Array ? (Uint8Array.from(this.#value) as T) : this.#value;
  }

  /**
   * Reads an answer.
   *
   * @returns if the value is invalid, the end of a sentence that says why, without quoting it
   */
  static read<T>(
    answer: SecretAnswer,
    stage: string,
    form: Form,
    parse: ((json: Json) => T) | undefined,
  ): ReadVersion<T> | string {
    const { VersionId, SecretString, SecretBinary, CreatedDate } = answer;
    if (!VersionId) return 'has no VersionId';
    if (form === 'bytes') {
      if (!SecretBinary) return `has no SecretBinary: remove as: 'bytes'`;
      return new ReadVersion(VersionId, stage, CreatedDate, Uint8Array.from(SecretBinary) as T);
    }
    if (SecretString === undefined) return `has no SecretString: set as: 'bytes'`;
    if (form === 'text') return new ReadVersion(VersionId, stage, CreatedDate, SecretString as T);
    const json = jsonObject(SecretString);
    if (!json) return `is not a JSON object: fix the secret, or set as: 'text'`;
    try {
      // A second copy: if the caller changes it, comparisons of versions still hold.
      const own = jsonObject(SecretString) ?? {};
      const value = parse ? parse(own) : (Object.freeze(own) as T);
      return new ReadVersion(VersionId, stage, CreatedDate, value, json);
    } catch {
      // The error of `parse` may quote the value.
      return 'was rejected by `parse`';
    }
  }

  /** Whether the secret has one of these fields. */
  hasField(fields: readonly string[]): boolean {
    const json = this.#json;
    return json !== undefined && fields.some((field) => Object.hasOwn(json, field));
  }

  /**
   * Whether this version may be tried after the other was refused: it differs in the rotated fields only, each with a value
   * of the same kind. So a writer of AWSPENDING cannot choose the host or user of an application.
   */
  differsOnlyIn(fields: readonly string[], other: ReadVersion<T>): boolean {
    const [mine, theirs] = [this.#json, other.#json];
    if (!mine || !theirs || this.versionId === other.versionId) return false;
    const differing = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].filter(
      (key) =>
        Object.hasOwn(mine, key) !== Object.hasOwn(theirs, key) || !isDeepStrictEqual(mine[key], theirs[key]),
    );
    return (
      differing.length > 0 &&
      differing.every((key) => fields.includes(key) && kindOf(mine[key]) === kindOf(theirs[key]))
    );
  }
}

/** An empty string or a number never replaces a password. */
function kindOf(value: unknown): string {
  if (value === '' || value === null) return 'nothing';
  return Array.isArray(value) ? 'array' : typeof value;
}
