import { isRotationError, withoutMarks } from '../errors.js';
import { jsonLine, printable, say, sayHint } from './terminal/screen.js';
import { UsageError } from './usage-error.js';

/**
 * Prints what ended a command: one line and a hint, with `--json` also an object on stdout. Never a stack or a cause.
 *
 * @returns the exit code
 */
export function reportFailure(error: unknown, asJson = false): number {
  const message = printable(error instanceof Error ? withoutMarks(error.message).plain : 'failed');
  const hint = (isRotationError(error) && error.hint && withoutMarks(error.hint).plain) || undefined;
  say(message);
  if (hint !== undefined) sayHint(hint);
  if (asJson) jsonLine({ type: 'error', code: codeOf(error), message, hint });
  return error instanceof UsageError ? 2 : 1;
}

function codeOf(error: unknown): string {
  if (isRotationError(error)) return error.code;
  return error instanceof UsageError ? 'ERR_USAGE' : 'ERR_FAILED';
}
