import { inspect, isDeepStrictEqual } from 'node:util';
import { type Json, jsonObject } from '../json.js';
import type { SecretAnswer } from './reader.js';

/**
 * One version of a secret. `console.log`, `inspect` and `JSON.stringify` show its id, label and date: `value` is a getter of
 * the class, and no property of the object.
 */
export interface SecretVersion<T> {
  readonly versionId: string;
  /** The label that it was found by; empty if it was read by its id. */
  readonly stage: string;
  readonly createdDate: Date | undefined;
  readonly value: T;
}

/** How a secret's text or bytes become a value. */
export type Form = 'json' | 'text' | 'bytes';

/** A version as it was read. */
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

  /** With `showHidden` and `getters` Node asks the getters of a class, too. */
  [inspect.custom](): object {
    return { versionId: this.versionId, stage: this.stage, createdDate: this.createdDate };
  }

  /** Bytes are the caller's own copy. */
  get value(): T {
    return this.#value instanceof Uint8Array ? (Uint8Array.from(this.#value) as T) : this.#value;
  }

  /**
   * Reads an answer.
   *
   * @returns what is wrong with it, as the end of a sentence, if it is not such a value; the value is not quoted
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
      // What is compared with another version is not what is handed out: whoever changes that changes no comparison.
      const own = jsonObject(SecretString) ?? {};
      const value = parse ? parse(own) : (Object.freeze(own) as T);
      return new ReadVersion(VersionId, stage, CreatedDate, value, json);
    } catch {
      // What `parse` threw is not passed on: it may quote the value.
      return 'was rejected by `parse`';
    }
  }

  /** Whether the secret has one of these fields. */
  hasField(fields: readonly string[]): boolean {
    const json = this.#json;
    return json !== undefined && fields.some((field) => Object.hasOwn(json, field));
  }

  /**
   * Whether this may be tried where another version was refused: it differs in one of the fields that rotate, each of which has
   * a value of the same kind, and in nothing else. So whoever can write AWSPENDING cannot send an application to a host, or log it in as a user, of their own.
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

/** Nobody can log in with an empty text where there was a password, or with a number. */
function kindOf(value: unknown): string {
  if (value === '' || value === null) return 'nothing';
  return Array.isArray(value) ? 'array' : typeof value;
}
