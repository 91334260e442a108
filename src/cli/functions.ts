import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
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
/** Characters of a piece of what a function prints without a line break. */
const MOST_LINE = 16_384;
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
    const { status, isFailure, text } = await post(
      target,
      JSON.stringify(event),
      context.getRemainingTimeInMillis(),
    );
    const answer = parse(text);
    const { errorType, errorMessage } = answer ?? {};
    if (errorType !== undefined || errorMessage !== undefined) {
      throw new FunctionError(textOr(errorType, 'Error'), textOr(errorMessage, 'it said nothing more'));
    }
    // The emulator tells a timeout so, with status 200.
    if (/^Task timed out after [\d.]+ seconds$/.test(text.trim())) throw new Error(text.trim());
    if (isFailure) throw new Error('the function failed, and said nothing');
    if (status !== 200) throw new Error(`${target.origin} answered ${status}`);
    if (!answer) throw new Error(`${target.origin} answered what is no JSON`);
  };
}

interface Posted {
  readonly status: number | undefined;
  /** Whether a header says that the function failed. */
  readonly isFailure: boolean;
  readonly text: string;
}

/** Not `fetch`, which gives up after five minutes; a function may take fifteen. */
function post(target: URL, body: string, timeoutMs: number): Promise<Posted> {
  const { request } = target.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const call = request(target, { method: 'POST', headers: { 'content-type': 'application/json' }, signal });
    call.on('error', (error) => {
      const isLate = signal.aborted
        ? 'its time was up'
        : `cannot be reached (${codeOf(error) ?? error.name})`;
      reject(new Error(`${target.origin}: ${isLate}`));
    });
    call.on('response', (response) => {
      textOf(response).then(
        (text) =>
          resolve({
            status: response.statusCode,
            isFailure: response.headers['x-amz-function-error'] !== undefined,
            text,
          }),
        (error: unknown) => {
          call.destroy();
          reject(signal.aborted ? new Error(`${target.origin}: its time was up`) : error);
        },
      );
    });
    call.end(body);
  });
}

async function textOf(response: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new Error('the function’s answer has more than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** What a runtime answers: of a function that has failed, its error, with status 200 all the same. */
function parse(text: string): { errorType?: unknown; errorMessage?: unknown } | undefined {
  try {
    const answer: unknown = text.trim() === '' ? null : JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : {};
  } catch {
    return undefined;
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
    if (getRemainingTimeInMillis() === 0) {
      // The step has failed already: it must not begin now.
      this.#waiting.shift()?.();
      throw new Error(`its time was up while ${MOST_PROCESSES} others were running`);
    }
    this.#busy += 1;
    try {
      const child = this.#takeIdle() ?? (await this.#fork());
      const remainingMs = getRemainingTimeInMillis();
      if (remainingMs === 0) {
        this.#putBack(child);
        throw new Error('its time was up while its process was starting');
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

  /** One process waits for the next invocation. */
  #putBack(child: ChildProcess): void {
    if (this.#idle) child.kill('SIGKILL');
    else this.#idle = child;
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
    for (const stream of [child.stdout, child.stderr]) if (stream) eachLine(stream, print);
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

/** Calls `print` with each line; one that does not end is cut into pieces. */
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
