import type { Members, Shape } from './model.js';
import * as refusals from './refusals.js';

/**
 * Checks a request against the model, as AWS does before everything else.
 *
 * @throws ValidationException that lists every violation
 * @throws SerializationException if a value has the wrong type
 */
export function assertConstraints(members: Members, request: object): void {
  const violations = violationsOf({ type: 'structure', members }, request, '');
  if (violations.length > 0) throw refusals.violates(violations);
}

/** The texts follow AWS's validation errors. Rely only on the code and the field's name. */
function violationsOf(shape: Shape, value: unknown, path: string): readonly string[] {
  const failed = (constraint: string): string =>
    `Value ${shown(shape, value)}at '${path}' failed to satisfy constraint: Member must ${constraint}`;
  switch (shape.type) {
    case 'string': {
      if (typeof value !== 'string') throw refusals.wrongType(path, 'a String');
      const size = shape.inBytes ? Buffer.byteLength(value) : value.length;
      return [
        ...outOfRange(size, shape, 'length ').map(failed),
        ...(shape.pattern && !shape.pattern.test(value)
          ? [failed(`satisfy regular expression pattern: ${shape.pattern.source}`)]
          : []),
        ...(shape.oneOf && !shape.oneOf.includes(value)
          ? [failed(`satisfy enum value set: [${shape.oneOf.join(', ')}]`)]
          : []),
      ];
    }
    case 'blob':
      if (!(value instanceof Uint8Array)) throw refusals.wrongType(path, 'a Blob');
      return outOfRange(value.byteLength, shape, 'length ').map(failed);
    case 'integer':
      if (!Number.isSafeInteger(value)) throw refusals.wrongType(path, 'an Integer');
      return outOfRange(Number(value), shape, 'value ').map(failed);
    case 'boolean':
      if (typeof value !== 'boolean') throw refusals.wrongType(path, 'a Boolean');
      return [];
    case 'list':
      if (!Array.isArray(value)) throw refusals.wrongType(path, 'a List');
      return [
        ...outOfRange(value.length, shape, 'length ').map(failed),
        ...value.flatMap((item, index) => violationsOf(shape.of, item, `${path}.${index + 1}.member`)),
      ];
    case 'structure':
      return membersOf(shape.members, value, path);
  }
}

function membersOf(members: Members, value: unknown, path: string): readonly string[] {
  if (!isStructure(value)) throw refusals.wrongType(path, 'a Structure');
  return Object.entries(members).flatMap(([name, member]) => {
    const field = name.charAt(0).toLowerCase() + name.slice(1);
    const memberPath = path === '' ? field : `${path}.${field}`;
    const given: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
    if (given !== undefined && given !== null) return violationsOf(member, given, memberPath);
    return member.isRequired
      ? [`Value null at '${memberPath}' failed to satisfy constraint: Member must not be null`]
      : [];
  });
}

/** Whether it is a JSON object: not a list, bytes or a date. */
function isStructure(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function outOfRange(
  size: number,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: { min?: number; max?: number },
  what: 'length ' | 'value ',
): readonly string[] {
  if (size < min) return [`have ${what}greater than or equal to ${min}`];
  if (size > max) return [`have ${what}less than or equal to ${max}`];
  return [];
}

function shown(shape: Shape, value: unknown): string {
  if (shape.type === 'blob' || (shape.type === 'string' && shape.isSensitive)) return '';
  return shape.type === 'list' || shape.type === 'structure' ? '' : `'${value}' `;
}
