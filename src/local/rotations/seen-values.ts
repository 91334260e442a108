import { visit } from 'jsonc-parser';
import { parseJson } from '../../json.js';
import { Redactor } from '../../redact/redactor.js';

/** Members of requests, answers and versions that hold values. */
interface Values {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
  readonly RandomPassword?: string;
  readonly SecretValues?: readonly Values[];
}

/** Limit of values: each costs a search of the text. */
const MOST_VALUES = 1000;

/** The latest values that rotation functions read or wrote, and so can throw or print. */
export class SeenValues {
  readonly #seen = new Set<string>();
  #redactor: Redactor | undefined;

  note(...messages: readonly Values[]): void {
    for (const { SecretString, SecretBinary, RandomPassword, SecretValues = [] } of messages) {
      this.#note(SecretString);
      this.#note(RandomPassword);
      if (SecretBinary instanceof Uint8Array) {
        const bytes = Buffer.from(SecretBinary);
        for (const encoding of ENCODINGS) this.#note(bytes.toString(encoding));
      }
      this.note(...SecretValues);
    }
  }

  /** Removes the values from texts and errors. */
  get redactor(): Redactor {
    if (!this.#redactor) {
      this.#redactor = new Redactor();
      for (const value of this.#seen) hide(this.#redactor, value);
    }
    return this.#redactor;
  }

  #note(value: unknown): void {
    if (typeof value !== 'string' || this.#seen.has(value)) return;
    this.#seen.add(value);
    this.#redactor = undefined;
    const [oldest = ''] = this.#seen;
    if (this.#seen.size > MOST_VALUES) this.#seen.delete(oldest);
  }
}

const ENCODINGS = ['base64', 'utf8', 'latin1', 'hex'] as const;

function hide(redactor: Redactor, secretString: string): void {
  const json = parseJson(secretString);
  if (typeof json === 'string') redactor.hide(json);
  if (typeof json === 'object' && hideStrings(redactor, secretString)) return;
  redactor.hide(secretString);
}

/** Hides the strings in a JSON text. Returns false if the JSON is too deep. */
function hideStrings(redactor: Redactor, json: string): boolean {
  try {
    // Not the parsed object: it keeps one value of a duplicate key.
    visit(json, {
      onLiteralValue(value, _offset, _length, _line, _character, path) {
        const property = String(path().findLast((segment) => typeof segment === 'string') ?? '');
        redactor.hideFields({ [property]: value }, []);
        const lines = typeof value === 'string' && value.includes('\n') ? value.split(/\r?\n/) : [];
        redactor.hideFields({ [property]: lines }, []);
      },
    });
    return true;
  } catch {
    return false;
  }
}
