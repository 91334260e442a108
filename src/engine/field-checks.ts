import { isDeepStrictEqual } from 'node:util';
import { RotationError } from '../errors.js';
import type { Json } from '../json.js';
import { stringsIn } from '../redact/hidden-values.js';

/** What a rotator declares about the fields of its secret. */
interface Declared {
  readonly name: string;
  readonly rotates: readonly string[];
  readonly mayRotate?: readonly string[];
  readonly shows: readonly string[];
  readonly text?: string;
}

/**
 * A plain text holds one field: there is no room in it for another that changes.
 *
 * @throws TypeError
 */
export function assertPlainField({ name, rotates, mayRotate = [], text }: Declared): void {
  const [first, ...others] = [...rotates, ...mayRotate];
  if (text === undefined || (first === text && others.length === 0)) return;
  throw new TypeError(
    `the rotator ${name} must rotate "${text}" alone, if that is the whole text of a secret`,
  );
}

/**
 * AWSPENDING may not point the rotator, and its rights, at another user or host.
 *
 * @throws RotationError `ERR_PENDING_MISMATCH`
 */
export function assertSameTarget(pending: Json, current: Json, { rotates, mayRotate = [] }: Declared): void {
  const changing = [...rotates, ...mayRotate];
  const fields = new Set([...Object.keys(pending), ...Object.keys(current)]);
  for (const field of fields) {
    if (changing.includes(field) || isDeepStrictEqual(pending[field], current[field])) continue;
    throw new RotationError('ERR_PENDING_MISMATCH', `AWSPENDING and AWSCURRENT differ in "${field}"`, {
      hint:
        `only ${changing.join(', ')} may differ: find out who wrote AWSPENDING; remove its label and rotate again, but ` +
        'only if the service does not take its value',
    });
  }
}

/**
 * A copy of the old credential in a field that stays would be wrong as soon as the rotation is done.
 *
 * @param changing the fields that do not stay
 * @throws RotationError `ERR_STALE_FIELD`
 */
export async function assertNoStaleField(
  current: Json,
  { rotates, mayRotate = [], shows }: Declared,
  changing: readonly string[] = mayRotate,
): Promise<void> {
  const { carrierTest } = await import('../redact/search.js');
  const secrets = rotates
    .filter((field) => !shows.includes(field))
    .flatMap((field) => [...stringsIn(current[field])]);
  const carriesOne = carrierTest(secrets);
  for (const [field, value] of Object.entries(current)) {
    if ([...rotates, ...shows, ...changing].includes(field)) continue;
    for (const text of new Set(stringsIn(value))) {
      if (!carriesOne(text)) continue;
      throw new RotationError('ERR_STALE_FIELD', `"${field}" contains the value that is to be rotated`, {
        hint:
          `remove "${field}" from the secret, and let its readers build it from the other fields; if it is there by chance, ` +
          'since the value is a common word, set another value by hand first, at the service and in the secret',
      });
    }
  }
}

/**
 * The rotated fields of what createSecret made, and nothing else of it.
 *
 * @throws RotationError `ERR_ROTATOR_FAILED` if one is missing, or if none has changed
 */
export function rotatedFields(
  { name, rotates, mayRotate = [] }: Declared,
  made: object | undefined,
  current: object,
): Json {
  const fresh: Json = { ...made };
  const old: Json = { ...current };
  const missing = rotates.find((field) => fresh[field] === undefined);
  if (missing !== undefined) {
    throw new RotationError('ERR_ROTATOR_FAILED', `createSecret of ${name} made no "${missing}"`);
  }
  // Stored, it would pass every later step, and nothing would have been rotated.
  if (rotates.every((field) => isDeepStrictEqual(fresh[field], old[field]))) {
    throw new RotationError('ERR_ROTATOR_FAILED', `createSecret of ${name} returned the current value`);
  }
  const changed = mayRotate.filter((field) => fresh[field] !== undefined);
  return Object.fromEntries([...rotates, ...changed].map((field) => [field, fresh[field]]));
}
