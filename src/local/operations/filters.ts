import type { Filter } from '@aws-sdk/client-secrets-manager';
import * as refusals from '../api/refusals.js';
import type { StoredSecret } from '../store/stored-secret.js';

/**
 * Checks what the model leaves open.
 *
 * @throws InvalidParameterException
 */
export function assertFilters(filters: readonly Filter[]): void {
  for (const { Key: key, Values: values } of filters) {
    if (key === undefined) throw refusals.filterWithoutKey();
    if (values === undefined) throw refusals.filterWithoutValues(key);
  }
}

/** Whether a secret is in a list: all filters must match, each by one of its values. */
export function matches(secret: StoredSecret, filters: readonly Filter[]): boolean {
  return filters.every(({ Key: key, Values: values = [] }) =>
    values.some((value) =>
      value.startsWith('!') ? !matchesValue(secret, key, value.slice(1)) : matchesValue(secret, key, value),
    ),
  );
}

function matchesValue(
  { name, description = '', tags = [] }: StoredSecret,
  key: Filter['Key'],
  value: string,
): boolean {
  const tagKeys = tags.map(({ Key = '' }) => Key);
  const tagValues = tags.map(({ Value = '' }) => Value);
  switch (key) {
    case 'name':
      return name.startsWith(value);
    case 'tag-key':
      return tagKeys.some((tagKey) => tagKey.startsWith(value));
    case 'tag-value':
      return tagValues.some((tagValue) => tagValue.startsWith(value));
    case 'description':
      return hasWords(wordsOf(description), value);
    case 'all':
      return hasWords([name, description, ...tagKeys, ...tagValues].flatMap(wordsOf), value);
    default:
      // No secret here is a replica, or another service's.
      return false;
  }
}

/** Whether every word of `value` begins one of `words`, whatever the case. */
function hasWords(words: readonly string[], value: string): boolean {
  const sought = wordsOf(value);
  // A value of signs alone has no words to find.
  if (sought.length === 0) return value === '';
  return sought.every((wanted) => words.some((word) => word.startsWith(wanted)));
}

/** Those that separate words, where a name has only one of them. */
const SIGNS = ['/', '-', '_', '+', '=', '.', '@'];

/**
 * As recorded: `prod/AppBeta` is prod, App, Beta, and `COMPANYthings` is COMPAN, Ythings. Assumed: that a name with several of the
 * signs is one word, and that other signs separate.
 */
function wordsOf(text: string): readonly string[] {
  return text.split(/[^\p{L}\p{N}/_+=.@-]+/u).flatMap((part) => {
    const [sign, ...others] = SIGNS.filter((each) => part.includes(each));
    if (others.length > 0) return [part.toLowerCase()];
    const pieces = sign === undefined ? [part] : part.split(sign);
    return pieces
      .flatMap((piece) => piece.split(/(\P{Ll}\p{Ll}+)/u))
      .filter(Boolean)
      .map((word) => word.toLowerCase());
  });
}
