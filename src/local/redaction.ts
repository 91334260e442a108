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
      if (secretBinary !== undefined) redactor.hide(Buffer.from(secretBinary).toString('base64'));
    }
  }
  return redactor;
}

function hide(redactor: Redactor, secretString: string): void {
  const json = parse(secretString);
  if (typeof json === 'object' && json !== null) redactor.hideFields({ ...json }, SHOWN);
  else redactor.hide(secretString);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
