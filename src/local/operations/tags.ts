import type { Tag } from '@aws-sdk/client-secrets-manager';
import * as refusals from '../api/refusals.js';

/** AWS's quota. */
const MOST_TAGS = 50;

/**
 * Adds tags to others. A tag with an existing key replaces that tag.
 *
 * @throws LimitExceededException
 */
export function mergedTags(tags: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  const merged = new Map([...tags, ...added].map((tag) => [tag.Key, tag]));
  if (merged.size > MOST_TAGS) throw refusals.tooMany('tags', MOST_TAGS);
  return [...merged.values()];
}
