import type { LambdaContext } from '../deadline.js';
import { isRotationError } from '../errors.js';

/**
 * The process in which a rotation function runs, as a Lambda has one: `function-host.js <URL of the module>`. What the
 * function does to its process, it does to this one alone.
 */

/** What the host is asked to do. */
export interface Invocation {
  readonly event: unknown;
  /** Without its functions, which do not go between processes. */
  readonly context: object;
  readonly remainingMs: number;
}

/** What the host says: `ready` once, then one answer an invocation. */
export type Answer =
  | { readonly kind: 'ready' | 'done' }
  | { readonly kind: 'broken' | 'failed'; readonly name: string; readonly message: string };

type Handler = (event: unknown, context: LambdaContext) => unknown;

function tell(answer: Answer): void {
  process.send?.(answer);
}

function told(kind: 'broken' | 'failed', error: unknown): Answer {
  if (isRotationError(error)) {
    const hint = error.hint === undefined ? '' : `; hint: ${error.hint}`;
    return { kind, name: error.code, message: `${error.message}${hint}` };
  }
  return error instanceof Error
    ? { kind, name: error.name, message: error.message }
    : { kind, name: 'Error', message: 'something was thrown that is no Error' };
}

async function load(url: string): Promise<Handler> {
  const module: { handler?: unknown; default?: { handler?: unknown } } = await import(url);
  const handler = module.handler ?? module.default?.handler;
  if (typeof handler !== 'function') throw new TypeError('the module does not export a function "handler"');
  return handler as Handler;
}

// Ctrl-C reaches the whole process group; a step that is under way ends in order, and then the parent hangs up.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit());

try {
  const handler = await load(process.argv[2] ?? '');
  process.on('message', async ({ event, context, remainingMs }: Invocation) => {
    const endsAt = performance.now() + remainingMs;
    const getRemainingTimeInMillis = () => Math.max(0, Math.floor(endsAt - performance.now()));
    try {
      await handler(event, { ...context, getRemainingTimeInMillis });
      tell({ kind: 'done' });
    } catch (error) {
      tell(told('failed', error));
    }
  });
  tell({ kind: 'ready' });
} catch (error) {
  tell(told('broken', error));
}
