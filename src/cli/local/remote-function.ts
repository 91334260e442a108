import http from 'node:http';
import https from 'node:https';
import { parseJson } from '../../json.js';
import type { LocalFunction } from '../../local/settings.js';
import { codeOf } from '../durable.js';

/** The path for invocations of Lambda's runtime interface emulator. */
const EMULATOR_PATH = '/2015-03-31/functions/function/invocations';
/** No rotation function answers with more. */
const MOST_BYTES = 1_048_576;

/** An error that a function threw in another process. */
export class FunctionError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** Returns a rotation function in any language, behind the URL of a Lambda runtime interface. */
export function remoteFunction(url: URL): LocalFunction {
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
      throw new FunctionError(textOr(errorType, 'Error'), textOr(errorMessage, 'without a message'));
    }
    // The emulator reports a timeout so, with status 200.
    if (/^Task timed out after [\d.]+ seconds$/.test(text.trim())) throw new Error(text.trim());
    if (isFailure) throw new Error('the function failed without a message');
    if (status !== 200) throw new Error(`${target.origin} answered ${status}`);
    if (!answer) throw new Error(`${target.origin} did not answer with JSON`);
  };
}

interface Posted {
  readonly status: number | undefined;
  /** Whether a header says that the function failed. */
  readonly isFailure: boolean;
  readonly text: string;
}

/** Not `fetch`: it gives up after five minutes, and a function may take fifteen. */
function post(target: URL, body: string, timeoutMs: number): Promise<Posted> {
  const { request } = target.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const call = request(target, { method: 'POST', headers: { 'content-type': 'application/json' }, signal });
    call.on('error', (error) => {
      const isLate = signal.aborted ? 'timed out' : `no connection (${codeOf(error) ?? error.name})`;
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
          reject(signal.aborted ? new Error(`${target.origin}: timed out`) : error);
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
    if (size > MOST_BYTES) throw new Error('the function’s answer is larger than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Parses the answer of a runtime. If the function failed, it is an error, even with status 200. */
function parse(text: string): { errorType?: unknown; errorMessage?: unknown } | undefined {
  const answer = text.trim() === '' ? null : parseJson(text);
  if (answer === undefined) return undefined;
  return typeof answer === 'object' && answer !== null ? answer : {};
}

function textOr(value: unknown, other: string): string {
  return typeof value === 'string' ? value : other;
}
