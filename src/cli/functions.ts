import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LocalContext, LocalFunction } from '../local/rotation.js';
import { codeOf } from './durable.js';
import type { Answer, Invocation } from './function-host.js';

const HOST = fileURLToPath(new URL('function-host.js', import.meta.url));
/** Where Lambda's runtime interface emulator takes invocations. */
const EMULATOR_PATH = '/2015-03-31/functions/function/invocations';
/** As long as Lambda waits for a module. */
const LOAD_MS = 10_000;
const MOST_PROCESSES = 10;
/** No rotation function has more to say. */
const MOST_BYTES = 1_048_576;

/** A rotation function of `quarterturn local`. */
export interface StartedFunction {
  readonly invoke: LocalFunction;
  stop(): void;
}

/** What a function threw, elsewhere. */
class FunctionError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes each line that the function prints. */
  readonly print: (line: string) => void;
}

/**
 * Makes a function of a module, or of the URL of a Lambda runtime interface.
 *
 * @throws Error if the module cannot be loaded
 */
export async function startFunction(url: URL, surroundings: Surroundings): Promise<StartedFunction> {
  if (url.protocol !== 'file:') return { invoke: remoteFunction(url), stop: () => {} };
  const processes = new Processes(url, surroundings);
  await processes.start();
  return { invoke: (event, context) => processes.invoke(event, context), stop: () => processes.stop() };
}

function remoteFunction(url: URL): LocalFunction {
  const target = url.pathname === '/' ? new URL(EMULATOR_PATH, url) : url;
  return async (event, context) => {
    const signal = AbortSignal.timeout(context.getRemainingTimeInMillis());
    const response = await fetch(target, { method: 'POST', body: JSON.stringify(event), signal }).catch(
      (error: Error) => {
        throw new Error(`${target.origin} cannot be reached (${codeOf(error.cause) ?? error.name})`);
      },
    );
    const { errorType, errorMessage } = failureIn(await textOf(response));
    if (errorType !== undefined || errorMessage !== undefined) {
      throw new FunctionError(textOr(errorType, 'Error'), textOr(errorMessage, 'it said nothing more'));
    }
    if (response.headers.has('x-amz-function-error'))
      throw new Error('the function failed, and said nothing');
    if (!response.ok) throw new Error(`${target.origin} answered ${response.status}`);
  };
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new Error('the function’s answer has more than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** What the runtime answers for a function that has failed; the status is 200 all the same. */
function failureIn(text: string): { errorType?: unknown; errorMessage?: unknown } {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : {};
  } catch {
    return {};
  }
}

function textOr(value: unknown, other: string): string {
  return typeof value === 'string' ? value : other;
}

/** The processes of one function, each with one invocation at a time, as Lambda has them. */
class Processes {
  readonly #url: URL;
  readonly #surroundings: Surroundings;
  readonly #all = new Set<ChildProcess>();
  #idle: ChildProcess | undefined;
  #busy = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(url: URL, surroundings: Surroundings) {
    this.#url = url;
    this.#surroundings = surroundings;
  }

  /** Starts a process, so that a module that cannot be loaded is noticed now. */
  async start(): Promise<void> {
    this.#idle = await this.#fork();
  }

  async invoke(event: unknown, { getRemainingTimeInMillis, ...context }: LocalContext): Promise<void> {
    while (this.#busy >= MOST_PROCESSES) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy += 1;
    try {
      const child = this.#takeIdle() ?? (await this.#fork());
      const remainingMs = getRemainingTimeInMillis();
      const invocation: Invocation = { id: randomUUID(), event, context, remainingMs };
      const error = await answerOf(child, invocation.id, remainingMs, () => child.send(invocation));
      if (this.#idle) child.kill('SIGKILL');
      else this.#idle = child;
      if (error) throw new FunctionError(error.name, error.message);
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  stop(): void {
    for (const child of this.#all) child.kill('SIGKILL');
  }

  #takeIdle(): ChildProcess | undefined {
    const child = this.#idle;
    this.#idle = undefined;
    return child;
  }

  async #fork(): Promise<ChildProcess> {
    const { env, print } = this.#surroundings;
    const child = fork(HOST, [this.#url.href], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#all.add(child);
    // What cannot be sent to it: its exit says so.
    child.on('error', () => {});
    child.once('exit', () => {
      this.#all.delete(child);
      if (this.#idle === child) this.#idle = undefined;
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', print);
    }
    const error = await answerOf(child, '', LOAD_MS, () => {});
    if (!error) return child;
    child.kill('SIGKILL');
    throw new FunctionError(error.name, error.message);
  }
}

/**
 * Waits for the host's word on the module (`id` is empty) or on an invocation. A host that says nothing in time is
 * ended, as Lambda does.
 */
function answerOf(
  child: ChildProcess,
  id: string,
  timeoutMs: number,
  ask: () => void,
): Promise<Answer['error']> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const end = () => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    // A function may send messages of its own.
    const onMessage = (message: unknown) => {
      const answer = message as Partial<Answer> | null;
      if (answer?.host !== 'quarterturn' || answer.id !== id) return;
      end();
      resolve(answer.error);
    };
    const onExit = (code: number | null, signal: string | null) => {
      end();
      reject(new Error(`its process ended (${signal ?? `exit code ${code}`})`));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    ask();
  });
}
