import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { RotationEvent } from '../../engine/event.js';
import { newLogStream } from '../../local/rotations/lambda-call.js';
import type { LocalContext, LocalFunction } from '../../local/settings.js';
import type { Answer, Invocation } from './function-host.js';
import { FunctionError, remoteFunction } from './remote-function.js';

const HOST = fileURLToPath(new URL('function-host.js', import.meta.url));
/** Longest time for loading a module, as in Lambda. */
const LOAD_MS = 10_000;
const MOST_PROCESSES = 10;
/** Longest printed line, in characters. A longer one is cut into pieces. */
const MOST_LINE = 16_384;

/** A rotation function of `quarterturn local`. */
export interface StartedFunction {
  readonly invoke: LocalFunction;
  stop(): void;
}

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called with each line that the function prints. */
  readonly print: (line: string) => void;
}

/**
 * Starts a function from a module, or from the URL of a Lambda runtime interface.
 *
 * @throws Error if the module does not load
 */
export async function startFunction(url: URL, surroundings: Surroundings): Promise<StartedFunction> {
  if (url.protocol !== 'file:') return { invoke: remoteFunction(url), stop: () => {} };
  const processes = new Processes(url, surroundings);
  await processes.start();
  return { invoke: (event, context) => processes.invoke(event, context), stop: () => processes.stop() };
}

/** The processes of one function, each with one invocation at a time, as in Lambda. */
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

  /** Starts a process, to notice now if the module does not load. */
  async start(): Promise<void> {
    this.#idle = await this.#fork();
  }

  async invoke(event: RotationEvent, { getRemainingTimeInMillis, ...context }: LocalContext): Promise<void> {
    while (this.#busy >= MOST_PROCESSES) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (getRemainingTimeInMillis() === 0) {
      // The step already counts as failed: it must not begin now.
      this.#waiting.shift()?.();
      throw new Error(`timed out while ${MOST_PROCESSES} other invocations were running`);
    }
    this.#busy += 1;
    try {
      const child = this.#takeIdle() ?? (await this.#fork());
      const remainingMs = getRemainingTimeInMillis();
      if (remainingMs === 0) {
        this.#putBack(child);
        throw new Error('timed out while its process was starting');
      }
      const invocation: Invocation = { id: randomUUID(), event, context, remainingMs };
      const error = await answerOf(child, invocation.id, remainingMs, () => child.send(invocation));
      this.#putBack(child);
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

  /** Keeps one process for the next invocation. */
  #putBack(child: ChildProcess): void {
    if (this.#idle) child.kill('SIGKILL');
    else this.#idle = child;
  }

  async #fork(): Promise<ChildProcess> {
    const { env, print } = this.#surroundings;
    const own = { ...env, AWS_LAMBDA_LOG_STREAM_NAME: newLogStream() };
    const child = fork(HOST, [this.#url.href], { env: own, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#all.add(child);
    // A message that could not be sent: its exit says so.
    child.on('error', () => {});
    child.once('exit', () => {
      this.#all.delete(child);
      if (this.#idle === child) this.#idle = undefined;
    });
    for (const stream of [child.stdout, child.stderr]) if (stream) eachLine(stream, print);
    const error = await answerOf(child, '', LOAD_MS, () => {});
    if (!error) return child;
    child.kill('SIGKILL');
    throw new FunctionError(error.name, error.message);
  }
}

/** Waits for the host's message about its module (`id` is empty) or an invocation. Kills a host that is late, as Lambda does. */
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
    // A function, too, may send messages.
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

/** Calls `print` with each line, and cuts a line without an end into pieces. */
function eachLine(stream: Readable, print: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) print(line);
    for (; rest.length >= MOST_LINE; rest = rest.slice(MOST_LINE)) print(rest.slice(0, MOST_LINE));
  });
  stream.on('end', () => {
    if (rest !== '') print(rest);
  });
}
