import { isError, ROTATION_ERROR_CODES, RotationError, type RotationErrorCode } from '../errors.js';
import { isOfOthers } from './said-by.js';

/** Redacts a text. */
type Scrub = (text: string, isOurs: boolean) => string;

const MAX_CAUSES = 4;

/** Returns a function that copies errors: the copies contain only strings, all scrubbed. */
export function errorCopier(scrub: Scrub): (thrown: unknown) => Error {
  return (thrown) => {
    try {
      return copy(thrown, 0, true);
    } catch {
      return new Error('an unreadable value was thrown');
    }
  };

  function copy(thrown: unknown, depth: number, isOursAbove: boolean): Error {
    if (!isError(thrown)) {
      const isText = typeof thrown === 'string';
      return new Error(isText ? scrub(thrown, false) : 'a value that is not an Error was thrown');
    }
    const { name, message, stack, code, hint, cause } = partsOf(thrown);
    const isRotationError = name === 'RotationError' && code !== undefined;
    const isOurs = isOursAbove && isRotationError && !isOfOthers(thrown);
    // V8's SyntaxErrors quote what they could not parse, such as an answer with a key.
    const quotesItsInput = name === 'SyntaxError';
    const text = quotesItsInput ? 'a text could not be parsed' : scrub(message, isOurs);
    const isTold = cause !== undefined && depth < MAX_CAUSES;
    const options = isTold ? { cause: copy(cause, depth + 1, isOurs) } : undefined;
    const scrubbed = isRotationError
      ? new RotationError(codeOf(code), text, { ...options, hint: hint && scrub(hint, isOurs) })
      : Object.assign(new Error(text, options), {
          name: scrub(name, false),
          ...(code !== undefined && { code: scrub(code, false) }),
        });
    if (stack !== undefined && !quotesItsInput) scrubbed.stack = scrub(stack, isOurs);
    return scrubbed;
  }

  function codeOf(code: string): RotationErrorCode {
    const ours = ROTATION_ERROR_CODES.find((known) => known === code);
    return ours ?? (isCode(code) && scrub(code, false) === code ? code : 'ERR_ROTATOR_FAILED');
  }
}

/** Returns the parts of an error to copy. It reads each once: a getter may return something else the next time. */
function partsOf(error: object) {
  const [name = '', message = ''] = [
    textOf(Reflect.get(error, 'name')),
    textOf(Reflect.get(error, 'message')),
  ];
  const [cause, errors] = [memberOf(error, 'cause'), memberOf(error, 'errors')];
  return {
    name,
    message,
    stack: textOf(memberOf(error, 'stack')),
    code: textOf(memberOf(error, 'code')),
    hint: textOf(memberOf(error, 'hint')),
    // Node's connect() tries several addresses. The first failure represents all.
    cause: cause === undefined && Array.isArray(errors) ? memberOf(errors, '0') : cause,
  };
}

/** Returns `undefined` if a getter throws, so that the other parts survive. */
function memberOf(object: object, member: string): unknown {
  try {
    return Reflect.get(object, member);
  } catch {
    return undefined;
  }
}

/** Returns `undefined` for anything but a string: an object may print any text. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Returns whether a code may be one of another release, from another loaded copy of the package. */
function isCode(code: string): code is RotationErrorCode {
  return /^ERR(?:_[A-Z]{2,12}){1,6}$/.test(code);
}
