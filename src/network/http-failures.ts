import { RotationError, type RotationErrorCode } from '../errors.js';
import { type ConnectionHints, connectionFailure, errorParts } from './failures.js';

/** What a request is for, and where it goes: all that an error says about it. */
export interface Place {
  readonly doing: string;
  /** Without the path and the query, which may contain a credential. */
  readonly origin: string;
}

/** How far a request has come. */
export type Phase = 'looking up' | 'connecting' | 'waiting' | 'reading';

const UNREACHABLE =
  'in a VPC, the function needs a NAT gateway or an endpoint of the service, and security groups that let it through; it ' +
  'ignores proxy settings';
const NOT_READY = 'read the service’s log at this time; the next attempt tries again';
export const WRONG_SERVICE =
  'check what answers at this URL: it may be a sign-in page, a proxy or another service';

/** Statuses with which a service rejects a request that it has understood. */
const REFUSED_AS_IT_IS = [400, 409, 412, 422];
const REFUSES =
  'the service rejects this request: read in its documentation, or in its log at this time, what it does not allow';

const FAILED = 'ERR_SERVICE_FAILED';

const HINTS: ConnectionHints = {
  name: 'correct the URL’s host, or the VPC’s DNS',
  refused: 'correct the URL’s host and port; is the service running?',
  closed: NOT_READY,
  way: UNREACHABLE,
  otherName: 'use a host name in the URL that the certificate contains',
  tls: 'check the service: it needs TLS 1.2 or later on this port',
};

const TIMEOUTS: Readonly<Record<Phase, readonly [problem: string, hint: string]>> = {
  'looking up': ['got no answer from DNS', 'check the VPC’s DNS: it is slow, or does not answer'],
  connecting: ['accepted no connection', UNREACHABLE],
  waiting: ['does not answer', NOT_READY],
  reading: ['did not finish its answer', NOT_READY],
};

/**
 * Returns the error for a request without an answer. It has no cause: Node's errors contain what came in (`rawPacket`), and
 * may contain the URL's path.
 */
export function toFailure(error: unknown, place: Place): RotationError {
  const { code } = errorParts(error);
  // HPE_… comes from Node's HTTP parser.
  const [rotationCode, problem, hint] =
    connectionFailure(code, HINTS) ??
    (code.startsWith('HPE_')
      ? ([FAILED, 'sent an invalid HTTP answer, or too long a header', WRONG_SERVICE] as const)
      : ([FAILED, 'failed', NOT_READY] as const));
  return failure(place, `${problem}${code && ` (${code})`}`, hint, rotationCode);
}

export function timeout(phase: Phase, place: Place, ms: number): RotationError {
  const [problem, hint] = TIMEOUTS[phase];
  return failure(place, `${problem}, after ${Math.round(ms)} ms`, hint, 'ERR_SERVICE_TIMEOUT');
}

/** Returns the error for an unexpected status. */
export function unexpected(status: number, place: Place, retryAfterMs: number | undefined): RotationError {
  const answered = `answered ${status}`;
  if (status === 401 || status === 403) {
    const hint = 'the service refuses the credential of this request, or the credential lacks a right';
    return failure(place, answered, hint, 'ERR_RIGHTS_MISSING');
  }
  const later =
    retryAfterMs === undefined ? '' : `; the service asks for a pause of ${Math.ceil(retryAfterMs / 1000)} s`;
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
