import { visit } from 'jsonc-parser';
import { Redactor } from '../redact.js';
import type { StoredSecret } from './secret.js';

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

/** Takes every value of secrets out of what their rotation functions throw and print. */
export function redactorOf(secrets: Iterable<StoredSecret>): Redactor {
  const redactor = new Redactor();
  for (const { versions } of secrets) {
    for (const { secretString, secretBinary } of versions.values()) {
      if (secretString !== undefined) hide(redactor, secretString);
      if (secretBinary === undefined) continue;
      const bytes = Buffer.from(secretBinary);
      for (const encoding of ['base64', 'utf8', 'latin1'] as const) redactor.hide(bytes.toString(encoding));
    }
  }
  return redactor;
}

function hide(redactor: Redactor, secretString: string): void {
  const json = parse(secretString);
  if (typeof json !== 'object') redactor.hide(secretString);
  if (typeof json === 'string') redactor.hide(json);
  if (typeof json !== 'object') return;
  let property = '';
  // Not the parsed object: of a key that is there twice it has one value.
  visit(secretString, {
    onObjectProperty: (name) => {
      property = name;
    },
    onLiteralValue: (value) => redactor.hideFields({ [property]: value }, SHOWN),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
