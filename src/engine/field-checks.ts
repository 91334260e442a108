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
 * Checks that only the plain text rotates: it has no room for another field.
 *
 * @throws TypeError
 */
export function assertPlainField({ name, rotates, mayRotate = [], text }: Declared): void {
  const [first, ...others] = [...rotates, ...mayRotate];
  if (text === undefined || (first === text && others.length === 0)) return;
  throw new TypeError(
    `the rotator ${name} must rotate "${text}" alone, because "${text}" is the whole text of a secret`,
  );
}

/**
 * Checks that AWSPENDING does not direct the rotator, and its rights, to another user or host.
 *
 * @throws {@link RotationError} `ERR_PENDING_MISMATCH`
 */
export function assertSameTarget(pending: Json, current: Json, declared: Declared): void {
  const field = differingField(pending, current, declared);
  if (field === undefined) return;
  throw new RotationError('ERR_PENDING_MISMATCH', `AWSPENDING and AWSCURRENT differ in "${field}"`, {
    hint:
      `only ${changingFields(declared).join(', ')} may differ: find out who wrote AWSPENDING. Only if the service refuses ` +
      'its value, remove the label and rotate again',
  });
}

/** Returns a field that does not rotate and differs between two values; `undefined` if no field does. */
export function differingField(one: Json, other: Json, declared: Declared): string | undefined {
  const changing = changingFields(declared);
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...fields].find(
    (field) => !changing.includes(field) && !isDeepStrictEqual(one[field], other[field]),
  );
}

function changingFields({ rotates, mayRotate = [] }: Declared): readonly string[] {
  return [...rotates, ...mayRotate];
}

/**
 * Checks that no field that stays contains the old credential: it would be wrong after the rotation.
 *
 * @param changing the fields that do not stay
 * @throws {@link RotationError} `ERR_STALE_FIELD`
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
      throw new RotationError('ERR_STALE_FIELD', `"${field}" contains the value to rotate`, {
        hint:
          `remove "${field}" from the secret and let readers build it from the other fields. If the value is a common word ` +
          'and matches by chance, first set another value by hand, at the service and in the secret',
      });
    }
  }
}

/**
 * Returns the rotated fields of what createSecret made, without any others.
 *
 * @throws {@link RotationError} `ERR_ROTATOR_FAILED` if one is missing, or if none has changed
 */
export function rotatedFields(
  { name, rotates, mayRotate = [] }: Declared,
  made: object | undefined,
  current: object,
): Json {
  // Without a prototype: a field may have the name of a method that every object has.
  const fresh: Json = Object.assign(Object.create(null), made);
  const old: Json = { ...current };
  const missing = rotates.find((field) => fresh[field] === undefined);
  if (missing !== undefined) {
    throw new RotationError('ERR_ROTATOR_FAILED', `createSecret of ${name} returned no "${missing}"`);
  }
  // It would pass every later step, and nothing would have been rotated.
  if (rotates.every((field) => isDeepStrictEqual(fresh[field], old[field]))) {
    throw new RotationError('ERR_ROTATOR_FAILED', `createSecret of ${name} returned the current value`);
  }
  const changed = mayRotate.filter((field) => fresh[field] !== undefined);
  return Object.fromEntries([...rotates, ...changed].map((field) => [field, fresh[field]]));
}
