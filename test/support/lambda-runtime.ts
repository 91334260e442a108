import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { LambdaContext } from '../../src/index.js';
import { built } from './built.js';
import { listening } from './listening.js';

const BUNDLES = built('lambda');
const BOOTSTRAP = join(__dirname, 'lambda-bootstrap.mjs');

/** What the Runtime API learns of a failure, and so Lambda's callers. */
export class FunctionFailure extends Error {
  readonly body: string;

  constructor(body: string) {
    const { errorType, errorMessage } = JSON.parse(body);
    super(errorMessage);
    this.name = errorType;
    this.body = body;
  }
}

interface Invocation {
  readonly id: string;
  readonly event: object;
  readonly deadline: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A bundle that is deployed: copied away from all packages, run by a process that has an environment such as Lambda's,
 * and given its events through the Runtime API.
 */
export class LambdaRuntime {
  readonly output = { stdout: '', stderr: '' };
  readonly #folder: string;
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));
  readonly #waiting: Invocation[] = [];
  readonly #running = new Map<string, Invocation>();
  #asking: ServerResponse | undefined;
  #child: ChildProcess | undefined;
  #broken: Error | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(bundle: string, env: Readonly<Record<string, string>>): Promise<LambdaRuntime> {
    const runtime = new LambdaRuntime(await mkdtemp(join(tmpdir(), 'quarterturn-lambda-')));
    await cp(resolve(BUNDLES, bundle), runtime.#folder, { recursive: true });
    runtime.#spawn(await listening(runtime.#server), env);
    return runtime;
  }

  invoke(event: object, { getRemainingTimeInMillis }: LambdaContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + getRemainingTimeInMillis();
      this.#waiting.push({ id: randomUUID(), event, deadline, resolve, reject });
      this.#goOn();
    });
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGKILL');
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#folder, { recursive: true });
  }

  #spawn(port: number, env: Readonly<Record<string, string>>): void {
    const child = spawn(process.execPath, [BOOTSTRAP], {
      cwd: this.#folder,
      env: {
        _HANDLER: 'index.handler',
        LAMBDA_TASK_ROOT: this.#folder,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        AWS_LAMBDA_FUNCTION_NAME: 'rotate',
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
        NODE_OPTIONS: '--disallow-code-generation-from-strings',
        // The SDK tells of the versions of Node.js that it is going to leave behind.
        NODE_NO_WARNINGS: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk) => {
        this.output[name] += chunk;
      });
    }
    child.on('exit', (code) => this.#break(new Error(`exit code ${code}: ${this.output.stderr}`)));
    this.#child = child;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const [, id = '', kind] = /^\/2018-06-01\/runtime\/(?:invocation\/)?([\w-]+)(?:\/(\w+))?$/.exec(
      request.url ?? '',
    ) ?? ['', ''];
    if (id === 'next') {
      this.#asking = response;
      this.#goOn();
      return;
    }
    const invocation = this.#running.get(id);
    if (id === 'init') this.#break(new FunctionFailure(body));
    else if (kind === 'error') invocation?.reject(new FunctionFailure(body));
    else invocation?.resolve(JSON.parse(body));
    this.#running.delete(id);
    response.writeHead(202).end();
  }

  /** Gives the next event to the function, if it is there and the function asks. */
  #goOn(): void {
    if (this.#broken) for (const { reject } of this.#waiting.splice(0)) reject(this.#broken);
    if (!this.#asking) return;
    const invocation = this.#waiting.shift();
    if (!invocation) return;
    this.#running.set(invocation.id, invocation);
    const headers = {
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(invocation.deadline),
    };
    this.#asking.writeHead(200, headers).end(JSON.stringify(invocation.event));
    this.#asking = undefined;
  }

  #break(error: Error): void {
    this.#broken ??= error;
    for (const { reject } of this.#running.values()) reject(this.#broken);
    this.#goOn();
  }
}
