import type { Json } from '../json.js';

/** A number of fewer digits is no secret of its own, unless it rotates: a port, a year. */
const LONG = 8;

/**
 * What AWS's own rotation functions keep in a secret beside the credential. It may be shown whoever reads the secret: an
 * administrator's says nothing else of itself.
 */
const SHOWN_BY_AWS =
  /^(?:engine|host|port|dbname|username|db(?:Instance|Cluster)Identifier|masterarn|user_arn)$/;

/** The signs of names, places and ARNs. */
const NAME = /^[\w.:/@+=,-]{1,2048}$/;

/**
 * Collects the values that must not leave the function. What takes them out of texts is loaded when there is a text: most
 * steps have none.
 */
export class HiddenValues {
  readonly secrets = new Set<string>();
  /** What is kept in a secret, and no credential for all we know. */
  readonly kept = new Set<string>();
  /** Of which nobody says here whether it is a credential: other secrets, and versions that cannot be read. */
  readonly unknown = new Set<string>();
  /** What of that has blanks in it: a comment, or all of a version. Our own words may be in it by chance. */
  readonly prose = new Set<string>();
  readonly shown: Set<string>;

  /** @param shown what messages name anyway: the ARN of the secret, the token, the rotator */
  constructor(shown: readonly string[] = []) {
    this.shown = new Set(shown);
  }

  hide(value: string): void {
    this.secrets.add(value);
  }

  /**
   * Hides every string of a secret's fields, except those that it shows. Of the fields that do not rotate, a part may
   * be seen where a shown text stands as a whole (the host, of which a URL has a copy). A number is hidden as a string
   * is if its field rotates, else only if it is long: a PIN is, and a port is not.
   *
   * @param rotates absent if nobody says which fields are credentials
   */
  hideFields(values: Json, shows: readonly string[], rotates?: readonly string[]): void {
    for (const [field, content] of Object.entries(values)) {
      const isRotated = rotates?.includes(field) === true;
      const isShownByAws = !isRotated && SHOWN_BY_AWS.test(field) && isName(content, field);
      const isShown = isShownByAws || shows.includes(field);
      const target = isShown ? this.shown : isRotated ? this.secrets : rotates && this.kept;
      for (const value of stringsIn(content, isShown || isRotated ? 1 : LONG)) {
        (target ?? this.#unknown(value)).add(value);
      }
    }
  }

  #unknown(value: string): Set<string> {
    return /["\s]/.test(value) ? this.prose : this.unknown;
  }
}

/** Whether a field holds what its name says: no URL with a password in it, say. */
function isName(content: unknown, field: string): boolean {
  if (typeof content === 'object') return false;
  const text = String(content);
  if (field === 'port') return /^\d{1,5}$/.test(text);
  const colon = text.indexOf(':');
  return NAME.test(text) && (colon < 0 || !text.includes('@', colon));
}

/** Every string in a value, at any depth, and every number that has enough digits to be a secret of its own. */
export function* stringsIn(value: unknown, digits = LONG): Generator<string> {
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') yield next;
    if (typeof next === 'number' && String(next).length >= digits) yield String(next);
    if (typeof next === 'object' && next !== null)
      open.push(...Object.values(next).map((inner) => inner ?? ''));
  }
}
