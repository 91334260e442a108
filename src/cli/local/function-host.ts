import { Worker } from 'node:worker_threads';
import type { LambdaContext } from '../../engine/deadline.js';
import type { RotationEvent } from '../../engine/event.js';
import { rotationHandler } from '../../engine/handler.js';
import { isRotationError } from '../../errors.js';
import { assertManifest, type Exports } from '../manifest-checks.js';

/**
 * The process in which a rotation function runs, as a Lambda has one: `function-host.js <URL of the module>`. What the
 * function does to its process, it does to this one alone.
 */

/** What the host is asked to do. */
export interface Invocation {
  readonly id: string;
  readonly event: RotationEvent;
  /** Without its functions, which do not go between processes. */
  readonly context: object;
  readonly remainingMs: number;
}

/** What the host says: of the module (`id` is empty), and of each invocation. */
export interface Answer {
  readonly host: 'quarterturn';
  readonly id: string;
  readonly error?: { readonly name: string; readonly message: string };
}

type Callback = (error?: unknown) => void;
type Handler = (event: RotationEvent, context: LambdaContext, callback: Callback) => unknown;

function tell(id: string, error?: Answer['error']): void {
  process.send?.({ host: 'quarterturn', id, ...(error && { error }) } satisfies Answer);
}

function described(error: unknown): NonNullable<Answer['error']> {
  if (isRotationError(error)) {
    const hint = error.hint === undefined ? '' : `; hint: ${error.hint}`;
    return { name: error.code, message: `${error.message}${hint}` };
  }
  if (typeof error === 'string') return { name: 'Error', message: error };
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: 'something was thrown that is no Error' };
}

async function load(url: string): Promise<Handler> {
  const module: Exports = await import(url);
  const handler = module.handler ?? module.default?.handler;
  if (typeof handler === 'function') return handler as Handler;
  const lambda = module.lambda ?? module.default?.lambda;
  if (lambda === undefined) {
    throw new TypeError('the module does not export a function "handler", nor "lambda"');
  }
  assertManifest(lambda);
  return rotationHandler(lambda.rotator(process.env));
}

/** Waits for a promise, or for the callback of a handler that takes one. */
async function invoke(handler: Handler, { event, context, remainingMs }: Invocation): Promise<void> {
  const endsAt = performance.now() + remainingMs;
  const getRemainingTimeInMillis = () => Math.max(0, Math.floor(endsAt - performance.now()));
  await new Promise<void>((resolve, reject) => {
    const callback: Callback = (error) => (error ? reject(error) : resolve());
    const result = handler(event, { ...context, getRemainingTimeInMillis }, callback);
    if (isThenable(result) || handler.length < 3) Promise.resolve(result).then(() => resolve(), reject);
  });
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

// Ctrl-C reaches the whole process group; a step that is under way ends in order, and then the parent hangs up.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
// A function that never yields does not hear of that.
const watch = `const { ppid } = process;
setInterval(() => process.ppid === ppid || process.kill(process.pid, 'SIGKILL'), 500);`;
new Worker(watch, { eval: true }).unref();

try {
  const handler = await load(process.argv[2] ?? '');
  process.on('message', async (invocation: Invocation) => {
    await invoke(handler, invocation).then(
      () => tell(invocation.id),
      (error: unknown) => tell(invocation.id, described(error)),
    );
  });
  tell('');
} catch (error) {
  tell('', described(error));
}
