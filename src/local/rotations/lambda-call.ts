import { randomBytes } from 'node:crypto';
import type { RotationEvent } from '../../engine/event.js';
import type { LocalContext } from '../settings.js';

/** A handler in any of the ways that Lambda takes: it returns a promise, or is ended by the callback or the context. */
export type LambdaHandler = (event: RotationEvent, context: LocalContext, callback: Callback) => unknown;
type Callback = (error?: unknown, result?: unknown) => void;

/** The context without what only the process of the function can make. */
export type ContextData = Omit<LocalContext, 'callbackWaitsForEmptyEventLoop' | 'done' | 'fail' | 'succeed'>;

/** Calls back once nothing is left to do in the process. */
export type WhenIdle = (idle: () => void) => void;

/** As Lambda has them by default. */
export const DEFAULTS = { functionVersion: '$LATEST', memoryLimitInMB: '128' };

/** The name of a log stream, of which each container of a function has one. */
export function newLogStream(): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  return `${day}/[$LATEST]${randomBytes(16).toString('hex')}`;
}

export function logGroupOf(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}

/**
 * Calls a handler as Lambda does, and waits for its end.
 *
 * @param whenIdle absent where others share the process: a handler that returns no promise has ended then when it
 * returns, unless it takes the callback
 * @throws whatever the handler throws, or gives as its error
 */
export function callHandler(
  handler: LambdaHandler,
  event: RotationEvent,
  data: ContextData,
  whenIdle?: WhenIdle,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown) => (error === undefined || error === null ? resolve() : reject(error));
    const context: LocalContext = {
      ...data,
      callbackWaitsForEmptyEventLoop: true,
      done,
      fail: reject,
      succeed: () => resolve(),
    };
    const callback: Callback = (error) => {
      const isError = error !== undefined && error !== null;
      if (!isError && whenIdle && context.callbackWaitsForEmptyEventLoop) whenIdle(resolve);
      else done(error);
    };
    const result = handler(event, context, callback);
    if (isThenable(result)) Promise.resolve(result).then(() => resolve(), reject);
    else if (whenIdle) whenIdle(resolve);
    else if (handler.length < 3) resolve();
  });
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
