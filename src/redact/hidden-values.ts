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
  /** What stands in other secrets: nobody says here which fields of theirs are credentials. */
  readonly ofOthers = new Set<string>();
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
   * @param rotates absent for another secret
   */
  hideFields(values: Json, shows: readonly string[], rotates?: readonly string[]): void {
    for (const [field, content] of Object.entries(values)) {
      const isRotated = rotates?.includes(field) === true;
      const isShownByAws = !isRotated && SHOWN_BY_AWS.test(field) && isName(content, field);
      const isShown = isShownByAws || shows.includes(field);
      const ofKind = rotates ? this.kept : this.ofOthers;
      const target = isShown ? this.shown : isRotated ? this.secrets : ofKind;
      for (const value of stringsIn(content, isShown || isRotated ? 1 : LONG)) target.add(value);
    }
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

/**
 * What of a text may stay although a value has it, too. A password may be `password`, and a field that is kept
 * `administrator`: masked, such words would make our messages unreadable, and each mark in a sentence that everybody
 * knows would tell a part of the value.
 *
 * What the engine says, and a rotator with `ownWords`, is the same whatever the values are: constant sentences, with
 * names that are shown. They quote no value, so one that is met in them is there by chance, and to show it tells nothing.
 * In case that a sentence quotes a value by mistake, only what may be there by chance stays: what reads as words, as no
 * password does that was made, and no key; of a secret all of it, no part; and no name that is a credential, too. All other
 * texts (of drivers and services, and of rotators without that declaration) may quote a value, and are masked whatever it
 * reads as.
 */
const authors = new WeakMap<object, 'us' | 'others'>();

/** Notes who has said what an error says, unless that is known already. */
export function attribute(error: unknown, author: 'us' | 'others'): void {
  if (typeof error === 'object' && error !== null && !authors.has(error)) authors.set(error, author);
}

/** Passes on what the engine does, which says itself what went wrong, for a rotator that may let it through. */
export function saidByUs<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    attribute(error, 'us');
    throw error;
  });
}

/** Does what may say anything if it goes wrong: the work of a rotator, or of a client. */
export async function saidByOthers<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    attribute(error, 'others');
    throw error;
  }
}

export function isOfOthers(error: object): boolean {
  return authors.get(error) === 'others';
}
