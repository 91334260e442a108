import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LocalContext, LocalFunction } from '../local/rotation.js';
import type { Answer, Invocation } from './function-host.js';

const HOST = fileURLToPath(new URL('function-host.js', import.meta.url));
/** Where Lambda's runtime interface emulator takes invocations. */
const EMULATOR_PATH = '/2015-03-31/functions/function/invocations';

/** A rotation function of `quarterturn local`. */
export interface StartedFunction {
  readonly invoke: LocalFunction;
  stop(): void;
}

/** What a function threw, in another process. */
class FunctionError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

interface Surroundings {
  /** What is set in the environment of the function. */
  readonly env: Readonly<Record<string, string>>;
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
    const response = await fetch(target, {
      method: 'POST',
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(context.getRemainingTimeInMillis()),
    });
    const text = await response.text();
    const { errorType, errorMessage } = failureIn(text);
    if (errorType !== undefined || errorMessage !== undefined) {
      throw new FunctionError(String(errorType ?? 'Error'), String(errorMessage ?? ''));
    }
    if (!response.ok || response.headers.has('x-amz-function-error')) {
      throw new Error(`${target.origin} answered ${response.status}`);
    }
  };
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

/** The processes of one function, each with one invocation at a time, as Lambda has them. */
class Processes {
  readonly #url: URL;
  readonly #surroundings: Surroundings;
  readonly #all = new Set<ChildProcess>();
  readonly #idle: ChildProcess[] = [];

  constructor(url: URL, surroundings: Surroundings) {
    this.#url = url;
    this.#surroundings = surroundings;
  }

  /** Starts a process, so that a module that cannot be loaded is noticed now. */
  async start(): Promise<void> {
    this.#idle.push(await this.#fork());
  }

  async invoke(event: unknown, { getRemainingTimeInMillis, ...context }: LocalContext): Promise<void> {
    const child = this.#idle.pop() ?? (await this.#fork());
    const remainingMs = getRemainingTimeInMillis();
    const timer = setTimeout(() => child.kill('SIGKILL'), remainingMs);
    try {
      const answer = nextAnswer(child);
      child.send({ event, context, remainingMs } satisfies Invocation);
      const outcome = await answer;
      this.#idle.push(child);
      if (outcome.kind === 'failed') throw new FunctionError(outcome.name, outcome.message);
    } finally {
      clearTimeout(timer);
    }
  }

  stop(): void {
    for (const child of this.#all) child.kill('SIGKILL');
  }

  async #fork(): Promise<ChildProcess> {
    const { env, print } = this.#surroundings;
    const child = fork(HOST, [this.#url.href], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#all.add(child);
    // What cannot be sent to it: its exit says so.
    child.on('error', () => {});
    child.once('exit', () => {
      this.#all.delete(child);
      const at = this.#idle.indexOf(child);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', print);
    }
    const answer = await nextAnswer(child);
    if (answer.kind !== 'broken') return child;
    child.kill('SIGKILL');
    throw new FunctionError(answer.name, answer.message);
  }
}

async function nextAnswer(child: ChildProcess): Promise<Answer> {
  const ended = new AbortController();
  try {
    const options = { signal: ended.signal };
    const answer = once(child, 'message', options).then(([message]): Answer => message);
    const exit = once(child, 'exit', options).then(([code, signal]): never => {
      throw new Error(`its process ended (${signal ?? `exit code ${code}`})`);
    });
    return await Promise.race([answer, exit]);
  } finally {
    ended.abort();
  }
}
