import { isError, ROTATION_ERROR_CODES, RotationError, type RotationErrorCode } from '../errors.js';
import { isOfOthers } from './said-by.js';

/** Takes the values out of a text. */
type Scrub = (text: string, isOurs: boolean) => string;

const MAX_CAUSES = 4;

/** Makes copies of errors that hold nothing but strings, each of them scrubbed. */
export function errorCopier(scrub: Scrub): (thrown: unknown) => Error {
  return (thrown) => {
    try {
      return copy(thrown, 0, true);
    } catch {
      return new Error('something was thrown that cannot be read');
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
    // V8's SyntaxErrors hold what could not be parsed: an answer with a key in it, for instance.
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

/** What is copied of an error, each read once: a getter may give something else the next time. */
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
    // Node's connect() tries several addresses; the first failure stands for all.
    cause: cause === undefined && Array.isArray(errors) ? memberOf(errors, '0') : cause,
  };
}

/** Nothing for a getter that throws: what else there is may still be told. */
function memberOf(object: object, member: string): unknown {
  try {
    return Reflect.get(object, member);
  } catch {
    return undefined;
  }
}

/** Nothing for what is no string: whatever prints it may find any text in it. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whether it may be a code of another release, of which another copy is loaded. */
function isCode(code: string): code is RotationErrorCode {
  return /^ERR(?:_[A-Z]{2,12}){1,6}$/.test(code);
}
