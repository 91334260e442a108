import type { Json } from '../json.js';

/** A number with fewer digits, such as a port or a year, counts as a secret only in a field that rotates. */
const LONG = 8;

/**
 * Fields that AWS's own rotation functions keep beside the credential. Messages may show them for every secret, also an
 * administrator's, for which nobody declares `shows`.
 */
const SHOWN_BY_AWS =
  /^(?:engine|host|port|dbname|username|db(?:Instance|Cluster)Identifier|masterarn|user_arn)$/;

/** Characters of names, places and ARNs. */
const NAME = /^[\w.:/@+=,-]{1,2048}$/;

/**
 * Collects the values that must not leave the function. The code that redacts texts is separate, because most steps have no
 * text and do not load it.
 */
export class HiddenValues {
  readonly secrets = new Set<string>();
  /** Values of fields that do not rotate. */
  readonly kept = new Set<string>();
  /** Values that may be credentials: those of other secrets and of malformed versions. */
  readonly unknown = new Set<string>();
  /** Unknown values that contain blanks: a comment, or a whole version. They may contain words of our messages by chance. */
  readonly prose = new Set<string>();
  readonly shown: Set<string>;

  /** @param shown what messages may name: the ARN of the secret, the token, the rotator */
  constructor(shown: readonly string[] = []) {
    this.shown = new Set(shown);
  }

  hide(value: string): void {
    this.secrets.add(value);
  }

  /**
   * Hides every string of a secret's fields, except those in `shows`. It hides a number of a field that rotates (a PIN) like a
   * string, any other number only if it is long (not a port). A part of a field that does not rotate stays visible where it is
   * a shown text as a whole, such as a host in a URL.
   *
   * @param rotates fields that are credentials; absent if unknown
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

/** Returns whether a field holds what its name says, and not, for example, a URL with a password. */
function isName(content: unknown, field: string): boolean {
  if (typeof content === 'object') return false;
  const text = String(content);
  if (field === 'port') return /^\d{1,5}$/.test(text);
  const colon = text.indexOf(':');
  return NAME.test(text) && (colon < 0 || !text.includes('@', colon));
}

/** Yields every string in a value, at any depth, and every number with enough digits to be a secret. */
export function* stringsIn(value: unknown, digits = LONG): Generator<string> {
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') yield next;
    if (typeof next === 'number' && String(next).length >= digits) yield String(next);
    if (typeof next === 'object' && next !== null)
      open.push(...Object.values(next).map((inner) => inner ?? ''));
  }
}
