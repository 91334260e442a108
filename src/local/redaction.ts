import { visit } from 'jsonc-parser';
import { Redactor } from '../redact.js';

/** What AWS's kinds of database secret hold beside the password: messages may name it. */
const SHOWN = [
  'engine',
  'host',
  'port',
  'dbname',
  'username',
  'dbInstanceIdentifier',
  'dbClusterIdentifier',
  'masterarn',
];

/** Members of requests and answers that hold values. */
interface Values {
  readonly SecretString?: string;
  readonly SecretBinary?: Uint8Array;
  readonly RandomPassword?: string;
  readonly SecretValues?: readonly Values[];
}

/** The values that clients have got or given: what a rotation function can throw or print. */
export class SeenValues {
  readonly #redactor = new Redactor();
  readonly #seen = new Set<string>();
  /** Most are never needed: they are taken apart when somebody asks. */
  #unread: string[] = [];

  note(...messages: readonly Values[]): void {
    for (const { SecretString, SecretBinary, RandomPassword, SecretValues = [] } of messages) {
      this.#note(SecretString);
      this.#note(RandomPassword);
      if (SecretBinary) {
        const bytes = Buffer.from(SecretBinary);
        for (const encoding of ['base64', 'utf8', 'latin1'] as const) this.#note(bytes.toString(encoding));
      }
      this.note(...SecretValues);
    }
  }

  /** Takes them out of texts and errors. */
  get redactor(): Redactor {
    for (const value of this.#unread.splice(0)) hide(this.#redactor, value);
    return this.#redactor;
  }

  #note(value: string | undefined): void {
    if (value === undefined || this.#seen.has(value)) return;
    this.#seen.add(value);
    this.#unread.push(value);
  }
}

function hide(redactor: Redactor, secretString: string): void {
  const json = parse(secretString);
  if (typeof json === 'string') redactor.hide(json);
  if (typeof json === 'object' && hideStrings(redactor, secretString)) return;
  redactor.hide(secretString);
}

/** Hides the strings in a JSON text; false if it is too deep to be read. */
function hideStrings(redactor: Redactor, json: string): boolean {
  let property = '';
  try {
    // Not the parsed object: of a key that is there twice it has one value.
    visit(json, {
      onObjectProperty: (name) => {
        property = name;
      },
      onLiteralValue: (value) => redactor.hideFields({ [property]: value }, SHOWN),
    });
    return true;
  } catch {
    return false;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
