import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { isError } from '../../errors.js';
import { jsonObject } from '../../json.js';
import { detached } from './detached.js';
import { isOperation, type Operation, REQUESTS } from './model.js';
import * as refusals from './refusals.js';

/**
 * The wire protocol of Secrets Manager, AWS JSON 1.1: `POST /`, the operation in the header `X-Amz-Target`, JSON bodies,
 * times in seconds since the epoch, bytes in base64.
 */

/** Larger than any valid request: a value has 64 KiB at most. */
const MOST_BYTES = 1_048_576;
/** Limit for reading a request that is refused for its size. */
const MOST_READ = 64 * MOST_BYTES;
const CONTENT_TYPE = 'application/x-amz-json-1.1';

/** The service behind the socket. */
export interface Answering {
  /** Executes an operation. Its error becomes the answer. */
  answer(operation: Operation, input: object): object;
  /** Called with the error's name if a request is refused before it reaches an operation. */
  refused(error: string): void;
  /** Requests wait for this promise before they are answered. */
  readonly ready?: Promise<void> | undefined;
}

interface WireRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers one request. Undefined means: close the connection without an answer. */
function respond(request: WireRequest, { answer, refused }: Answering): WireResponse | undefined {
  let isOperation = false;
  try {
    // Web pages must not read the secrets. Browsers send Origin with each POST, and SDKs do not.
    if (request.method !== 'POST' || request.headers.origin !== undefined)
      throw refusals.unknownOperation(undefined);
    const operation = operationOf(request.headers['x-amz-target']);
    const input = inputOf(operation, request.body);
    isOperation = true;
    return response(200, answer(operation, input));
  } catch (error) {
    if (!isOperation) refused(isError(error) ? error.name : 'Error');
    return isError(error) && 'code' in error && error.code === 'ECONNRESET'
      ? undefined
      : errorResponse(error);
  }
}

function errorResponse(error: unknown): WireResponse {
  // Only AWS's errors have metadata. Any other error is a bug here and may quote a value.
  const known = isError(error) && '$metadata' in error ? error : refusals.internal();
  const { httpStatusCode } = known.$metadata as { readonly httpStatusCode?: number };
  return response(httpStatusCode ?? 500, { __type: known.name, Message: known.message });
}

function response(status: number, output: object): WireResponse {
  const headers = { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': randomUUID() };
  return { status, headers, body: JSON.stringify(output, encoded) };
}

/** Replacer for JSON.stringify, which calls it after a date's toJSON. */
function encoded(this: unknown, key: string, value: unknown): unknown {
  const original: unknown = Reflect.get(Object(this), key);
  if (original instanceof Date) return original.getTime() / 1000;
  if (original instanceof Uint8Array) return Buffer.from(original).toString('base64');
  return value;
}

function operationOf(target: string | readonly string[] | undefined): Operation {
  const name = /^secretsmanager\.(\w{1,64})$/.exec(String(target))?.[1];
  if (name === undefined || !isOperation(name)) throw refusals.unknownOperation(name);
  return name;
}

function inputOf(operation: Operation, body: Uint8Array): object {
  const input = detached(parse(body));
  for (const [name, shape] of Object.entries(REQUESTS[operation])) {
    const value: unknown = Reflect.get(input, name);
    if (shape.type === 'blob' && value !== undefined && value !== null) {
      Reflect.set(input, name, decoded(name, value));
    }
  }
  return input;
}

function parse(body: Uint8Array): object {
  const text = decodedText(body);
  const input = text === '' ? {} : jsonObject(text ?? '');
  if (!input) throw refusals.notJson();
  return input;
}

function decodedText(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined; // Not UTF-8.
  }
}

function decoded(name: string, value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
    throw refusals.wrongType(name, 'a Blob');
  return Uint8Array.from(Buffer.from(value, 'base64'));
}

/** A local Secrets Manager that listens on a socket, made by {@link LocalSecretsManager.listen}. */
export interface Listener {
  /** URL for `AWS_ENDPOINT_URL_SECRETS_MANAGER` or for a client's option `endpoint`. */
  readonly url: string;
  /** Answers the requests in progress, then closes the socket. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, so that only this machine can connect. */
export async function listen(answering: Answering, port: number): Promise<Listener> {
  const server = createServer({
    // About as long as SDKs wait, so that a silent client does not block close().
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: 60_000,
    requireHostHeader: false,
  });
  const onRequest = (request: IncomingMessage, reply: ServerResponse) =>
    void serve(request, reply, answering);
  server.on('request', onRequest);
  server.on('checkExpectation', onRequest);
  const hangUp = (socket: Duplex) => {
    const { body } = errorResponse(refusals.notJson());
    const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: ${CONTENT_TYPE}\r\ncontent-length: ${body.length}\r\n`;
    socket.end(`${head}connection: close\r\n\r\n${body}`);
  };
  server.on('connect', (_, socket) => hangUp(socket));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Invalid HTTP gets an answer. A slow or vanished client does not.
    if (error.code?.startsWith('HPE_') && socket.writable) hangUp(socket);
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${actual}`, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), 1000);
  await closed;
  clearTimeout(force);
}

async function serve(request: IncomingMessage, reply: ServerResponse, answering: Answering): Promise<void> {
  // A client that hangs up gets no answer.
  reply.on('error', () => {});
  try {
    const body = await bodyOf(request);
    await answering.ready;
    const { method = '', headers } = request;
    if (body) return send(reply, respond({ method, headers, body }, answering), false);
    answering.refused('RequestEntityTooLargeException');
    send(reply, errorResponse(refusals.tooLarge()), true);
  } catch {
    request.destroy();
  }
}

/**
 * Returns the body, or undefined if it is too large. It reads a body that is too large to the end: a client that is still
 * sending when the connection closes would not see the answer.
 */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length']) > MOST_READ) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MOST_READ) return undefined;
    if (size <= MOST_BYTES) chunks.push(chunk);
  }
  return size > MOST_BYTES ? undefined : Buffer.concat(chunks);
}

function send(reply: ServerResponse, answer: WireResponse | undefined, isLast: boolean): void {
  if (!answer) return void reply.destroy();
  const { status, headers, body } = answer;
  reply.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    ...(isLast && { connection: 'close' }),
  });
  reply.end(body);
}
