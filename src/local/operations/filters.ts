import type { Filter } from '@aws-sdk/client-secrets-manager';
import * as refusals from '../api/refusals.js';
import type { StoredSecret } from '../store/stored-secret.js';

/**
 * Checks the filters for what the model does not require.
 *
 * @throws InvalidParameterException
 */
export function assertFilters(filters: readonly Filter[]): void {
  for (const { Key: key, Values: values } of filters) {
    if (key === undefined) throw refusals.filterWithoutKey();
    if (values === undefined) throw refusals.filterWithoutValues(key);
  }
}

/** Whether a secret matches all filters, each by at least one of its values. */
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
      // Replicas and secrets of other services do not exist here.
      return false;
  }
}

/** Whether every word of `value` is the beginning of one of `words`, ignoring case. */
function hasWords(words: readonly string[], value: string): boolean {
  const sought = wordsOf(value);
  // A value of separators only has no words.
  if (sought.length === 0) return value === '';
  return sought.every((wanted) => words.some((word) => word.startsWith(wanted)));
}

/** Separators of words, if the name has only one of them. */
const SIGNS = ['/', '-', '_', '+', '=', '.', '@'];

/**
 * Recorded: `prod/AppBeta` is `prod`, `App`, `Beta`, and `COMPANYthings` is `COMPAN`, `Ythings`. Assumed: a name with several of the
 * separators is one word, and every other sign separates.
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
