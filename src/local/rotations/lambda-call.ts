import { randomBytes } from 'node:crypto';
import type { RotationEvent } from '../../engine/event.js';
import type { LocalContext } from '../settings.js';

/** A Lambda handler: it returns a promise, or ends through the callback or the context. */
export type LambdaHandler = (event: RotationEvent, context: LocalContext, callback: Callback) => unknown;
type Callback = (error?: unknown, result?: unknown) => void;

/** The serializable part of the context. */
export type ContextData = Omit<LocalContext, 'callbackWaitsForEmptyEventLoop' | 'done' | 'fail' | 'succeed'>;

/** Calls back once the process has nothing left to do. */
export type WhenIdle = (idle: () => void) => void;

/** Lambda's defaults. */
export const DEFAULTS = { functionVersion: '$LATEST', memoryLimitInMB: '128' };

/** Returns a new log stream's name. Each container of a function has one. */
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
 * @param whenIdle absent if others share the process: then a handler without a promise ends when it returns, unless it
 *   takes the callback
 * @throws the handler's error
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
