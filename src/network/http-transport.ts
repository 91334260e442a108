import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { isIP } from 'node:net';
import { failure, type Phase, type Place, timeout, toFailure, WRONG_SERVICE } from './http-failures.js';

/** A request with valid parts. */
export interface CheckedRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly maxBytes: number;
  readonly ca?: string | readonly string[];
}

/** An unchecked answer. */
export interface RawResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/**
 * Sends a request on a new connection and reads the whole answer.
 *
 * @throws {@link RotationError}
 */
export async function sendOnce(request: CheckedRequest, place: Place): Promise<RawResponse> {
  const startedAt = performance.now();
  let phase: Phase = isIP(request.url.hostname.replace(/^\[|\]$/g, '')) ? 'connecting' : 'looking up';
  let isLate = false;
  const sent = opened(request);
  const stop = (): void => {
    isLate = true;
    sent.destroy();
  };
  const timer = setTimeout(stop, request.limitMs);
  request.signal.addEventListener('abort', stop, { once: true });
  try {
    const answer = await answerTo(sent, request.body, (next) => {
      phase = next;
    });
    phase = 'reading';
    const body = await bodyOf(answer, request.maxBytes);
    if (body) return { status: answer.statusCode ?? 0, headers: headersOf(answer), body };
  } catch (error) {
    throw isLate ? timeout(phase, place, performance.now() - startedAt) : toFailure(error, place);
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', stop);
    sent.destroy();
  }
  throw failure(
    place,
    `sent more than ${request.maxBytes} bytes`,
    `${WRONG_SERVICE}. If the service is right and its answer is that long, raise maxBytes`,
  );
}

function opened({ url, method, headers, body, ca }: CheckedRequest): ClientRequest {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const options = {
    method,
    headers: { ...headers, ...length, 'accept-encoding': 'identity' },
    // No connection pool: Lambda may freeze the function for hours before the next request.
    agent: false,
  } as const;
  if (url.protocol === 'http:') return plainRequest(url, options);
  return tlsRequest(url, {
    ...options,
    // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED could turn it off.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca: [ca].flat() }),
  });
}

function answerTo(
  sent: ClientRequest,
  body: string | undefined,
  onPhase: (phase: Phase) => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('socket', (socket) => {
      socket.once('lookup', () => onPhase('connecting')).once('connect', () => onPhase('waiting'));
    });
    sent.once('response', resolve);
    // Not once(): a connection may fail twice.
    sent.on('error', reject);
    sent.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    sent.end(body);
  });
}

/** Returns the whole body; `undefined` if it is too long. */
async function bodyOf(answer: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf({ headers }: IncomingMessage): ReadonlyMap<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));
}
