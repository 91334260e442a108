/**
 * What of a text may stay although a value has it, too. A password may be `password`, and a field that is kept
 * `administrator`: masked, such words would make our messages unreadable, and each mark in a sentence that everybody
 * knows would tell a part of the value.
 *
 * What the engine says, and a rotator with `ownWords`, is the same whatever the values are: constant sentences, with
 * names that are shown. They quote no value, so one that is met in them is there by chance, and to show it tells nothing.
 * In case that a sentence quotes a value by mistake, only what may be there by chance stays: what reads as words, as no
 * password does that was made, and no key; of a credential all of it, no part, which may be of one that was cut; and no name
 * that is a credential, too. What a service has said, such as the name of a role, is marked where it is quoted, and no
 * credential stays in it. All other texts (of drivers and services, and of rotators without that declaration) may quote
 * a value, and are masked whatever it reads as.
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
