import { RotationError, type RotationErrorCode } from '../errors.js';
import { type ConnectionHints, connectionFailure, errorParts } from './failures.js';

/** What was being done, and where: all that an error says of a request. */
export interface Place {
  readonly doing: string;
  /** Without the path and the query: either may hold a credential. */
  readonly origin: string;
}

/** How far a request has come. */
export type Phase = 'looking up' | 'connecting' | 'waiting' | 'reading';

const UNREACHABLE =
  'in a VPC the function needs a way out: a NAT gateway or an endpoint of the service, and security groups that let it ' +
  'through; a proxy is not used';
const NOT_READY = 'the next attempt may find it ready; look into the service’s log at this time';
export const WRONG_SERVICE =
  'look at what the URL leads to: a sign-in page, a proxy or another service may stand there';

/** What only a service says that has understood a request. */
const REFUSED_AS_IT_IS = [400, 409, 412, 422];
const REFUSES =
  'the service refuses the request as it is: its documentation, or its log at this time, says what it does not allow';

const FAILED = 'ERR_SERVICE_FAILED';

const HINTS: ConnectionHints = {
  name: 'correct the URL’s host, or the VPC’s DNS',
  refused: 'correct the URL’s host and port; is it running?',
  closed: NOT_READY,
  way: UNREACHABLE,
  otherName: 'name the service in the URL as its certificate does',
  tls: 'it may speak nothing newer than TLS 1.1, or no TLS at this port',
};

const TIMEOUTS: Readonly<Record<Phase, readonly [problem: string, hint: string]>> = {
  'looking up': ['cannot be looked up by name', 'the VPC’s DNS is slow, or does not answer'],
  connecting: ['cannot be connected to', UNREACHABLE],
  waiting: ['does not answer', NOT_READY],
  reading: ['began an answer and did not end it', NOT_READY],
};

/**
 * Says what kept an answer from coming. Without the cause: Node's errors hold what came in (`rawPacket`), and may hold
 * the path of the URL.
 */
export function toFailure(error: unknown, place: Place): RotationError {
  const { code } = errorParts(error);
  // HPE_… is of Node's parser of HTTP.
  const [rotationCode, problem, hint] =
    connectionFailure(code, HINTS) ??
    (code.startsWith('HPE_')
      ? ([FAILED, 'sent what is not HTTP, or too long a header', WRONG_SERVICE] as const)
      : ([FAILED, 'failed', NOT_READY] as const));
  return failure(place, `${problem}${code && ` (${code})`}`, hint, rotationCode);
}

export function timeout(phase: Phase, place: Place, ms: number): RotationError {
  const [problem, hint] = TIMEOUTS[phase];
  return failure(place, `${problem}, after ${Math.round(ms)} ms`, hint, 'ERR_SERVICE_TIMEOUT');
}

/** A status that nobody expects. */
export function unexpected(status: number, place: Place, retryAfterMs: number | undefined): RotationError {
  const answered = `answered ${status}`;
  if (status === 401 || status === 403) {
    const hint = 'the credential that the request is made with is refused there, or lacks a right';
    return failure(place, answered, hint, 'ERR_RIGHTS_MISSING');
  }
  const later =
    retryAfterMs === undefined ? '' : `; it asks for a pause of ${Math.ceil(retryAfterMs / 1000)} s`;
  const hint =
    status >= 500 || status === 429 ? NOT_READY : REFUSED_AS_IT_IS.includes(status) ? REFUSES : WRONG_SERVICE;
  return failure(place, answered, `${hint}${later}`);
}

export function failure(
  { doing, origin }: Place,
  problem: string,
  hint: string,
  code: RotationErrorCode = FAILED,
): RotationError {
  return new RotationError(code, `could not ${doing}: ${origin} ${problem}`, { hint });
}
