/**
 * Who wrote an error, which decides what the redactor may leave in it. A password may be `password`, and a kept field
 * `administrator`. If the redactor masked such words, our messages would be unreadable, and each mask in a sentence that
 * everybody knows would give away a part of the value.
 *
 * - `us`: the engine, and a rotator with `ownWords`. Their sentences are constant, with names that may be shown. They quote
 *   no value, so a value in them is there by chance and tells nothing. In case a sentence quotes a value by mistake, the
 *   redactor leaves only what reads as ordinary words, which no generated password or key does. Of a credential it leaves
 *   only the whole, because a part may belong to one that was cut, and never a name that is also a credential. A quotation
 *   of a service, which `quoted()` marks, keeps no credential.
 * - `others`: drivers, services, and rotators without `ownWords`. They may quote a value: the redactor masks every one.
 */
const authors = new WeakMap<object, 'us' | 'others'>();

/** Notes who wrote an error, unless that is known already. */
export function attribute(error: unknown, author: 'us' | 'others'): void {
  if (typeof error === 'object' && error !== null && !authors.has(error)) authors.set(error, author);
}

/** Returns the engine's work for a rotator, and attributes its errors to the engine. */
export function saidByUs<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    attribute(error, 'us');
    throw error;
  });
}

/** Does the work of a rotator or a client, and attributes its errors to it. */
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
