import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { RotationEvent } from '../../engine/event.js';
import { rotationHandler } from '../../engine/handler.js';
import { isRotationError } from '../../errors.js';
import { type ContextData, callHandler, type LambdaHandler } from '../../local/rotations/lambda-call.js';
import { assertManifest, type Exports, whyNotLoaded } from '../manifest-checks.js';

/** The process of a rotation function, as in Lambda: `function-host.js <URL of the module>`. The function can only harm this process. */

/** A message to the host: one invocation. */
export interface Invocation {
  readonly id: string;
  readonly event: RotationEvent;
  /** Without its functions: they do not pass between processes. */
  readonly context: Omit<ContextData, 'getRemainingTimeInMillis'>;
  readonly remainingMs: number;
}

/** A message from the host: about its module (`id` is empty), or about an invocation. */
export interface Answer {
  readonly host: 'quarterturn';
  readonly id: string;
  readonly error?: { readonly name: string; readonly message: string };
}

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
    : { name: 'Error', message: 'it threw something that is not an Error' };
}

async function load(url: string): Promise<LambdaHandler> {
  const module: Exports = await import(url).catch((error: unknown) => {
    const why = whyNotLoaded(error, url);
    throw error instanceof Error && why !== error.message ? new TypeError(why) : withPlace(error, url);
  });
  const handler = module.handler ?? module.default?.handler;
  if (typeof handler === 'function') return handler as LambdaHandler;
  const lambda = module.lambda ?? module.default?.lambda;
  if (lambda === undefined) {
    throw new TypeError('the module exports neither a function "handler" nor "lambda"');
  }
  assertManifest(lambda);
  return rotationHandler(lambda.rotator(process.env));
}

/** Adds file and line to the message of a module's error. */
function withPlace(error: unknown, url: string): unknown {
  if (!(error instanceof Error)) return error;
  const stack = error instanceof SyntaxError ? printedBy(url) : (error.stack ?? '');
  const [, file, line] =
    /^(?:.*\()?(?:\s+at )?(?:file:\/\/)?(\/[^\s()]+?):(\d+)(?::\d+)?\)?$/m.exec(stack) ?? [];
  if (file !== undefined) error.message += ` (line ${line} of ${file})`;
  return error;
}

/** Returns what Node.js prints for a syntax error: only there it names the line. Nothing of the module runs. */
function printedBy(url: string): string {
  const args = ['--input-type=module', '--eval', `import ${JSON.stringify(url)}`];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 5000 }).stderr;
}

/** Waits for a promise, or for the callback of a handler that takes one. */
async function invoke(handler: LambdaHandler, { event, context, remainingMs }: Invocation): Promise<void> {
  const endsAt = performance.now() + remainingMs;
  const getRemainingTimeInMillis = () => Math.max(0, Math.floor(endsAt - performance.now()));
  const { AWS_LAMBDA_LOG_STREAM_NAME: logStreamName = '' } = process.env;
  process.env._X_AMZN_TRACE_ID = traceId();
  // The channel keeps the process alive: without it, beforeExit shows that nothing else does.
  const { channel } = process;
  const listeners: (() => void)[] = [];
  try {
    await callHandler(handler, event, { ...context, logStreamName, getRemainingTimeInMillis }, (idle) => {
      channel?.unref();
      listeners.push(idle);
      process.once('beforeExit', idle);
    });
  } finally {
    channel?.ref();
    for (const listener of listeners) process.off('beforeExit', listener);
  }
}

function traceId(): string {
  const time = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${time}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}

// Ctrl-C reaches the whole process group: the current step ends in order, then the parent disconnects.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
// A function that never yields does not notice that.
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
