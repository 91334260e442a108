import { isError, RotationError, type RotationErrorCode } from '../errors.js';

/** What was being done, and where: all that an error says of a request. */
export interface Place {
  readonly doing: string;
  /** Without the path and the query: either may hold a credential. */
  readonly origin: string;
}

/** How far a request has come. */
export type Phase = 'connecting' | 'waiting' | 'reading';

type Failure = readonly [code: RotationErrorCode, problem: string, hint: string];

const UNREACHABLE =
  'in a VPC the function needs a way out: a NAT gateway or an endpoint of the service, and security groups that let it ' +
  'through; a proxy is not used';
const NOT_READY = 'the next attempt may find it ready; look into the service’s log at this time';
export const WRONG_SERVICE =
  'look at what the URL leads to: a sign-in page, a proxy or another service may stand there';

/** The codes of Node's sockets. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ENOTFOUND: ['ERR_SERVICE_NOT_FOUND', 'cannot be found by name', 'correct the URL’s host, or the VPC’s DNS'],
  EAI_AGAIN: ['ERR_SERVICE_NOT_FOUND', 'cannot be looked up by name', 'the VPC’s DNS does not answer'],
  ECONNREFUSED: [
    'ERR_SERVICE_REFUSED',
    'refuses connections',
    'correct the URL’s host and port; is it running?',
  ],
  ECONNRESET: ['ERR_SERVICE_UNREACHABLE', 'closed the connection', NOT_READY],
  EPIPE: ['ERR_SERVICE_UNREACHABLE', 'closed the connection', NOT_READY],
  EHOSTUNREACH: ['ERR_SERVICE_UNREACHABLE', 'cannot be reached', UNREACHABLE],
  ENETUNREACH: ['ERR_SERVICE_UNREACHABLE', 'cannot be reached', UNREACHABLE],
  ETIMEDOUT: ['ERR_SERVICE_TIMEOUT', 'cannot be connected to', UNREACHABLE],
};

/** Node names TLS failures after OpenSSL's, some thirty of them, and those of its HTTP parser HPE_…. */
const PATTERNS: readonly (readonly [RegExp, Failure])[] = [
  [
    /^ERR_TLS_CERT_ALTNAME|^HOSTNAME_MISMATCH$/,
    [
      'ERR_TLS_WRONG_NAME',
      'has a certificate for another name',
      'name the service in the URL as its certificate does',
    ],
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_|CRL/,
    [
      'ERR_TLS_NOT_TRUSTED',
      'has no certificate that can be trusted',
      'the certificate must be valid, from an authority that is known here: name another one with the option `ca`, or with ' +
        'NODE_EXTRA_CA_CERTS',
    ],
  ],
  [
    /^ERR_TLS_|^ERR_SSL_|^EPROTO$/,
    [
      'ERR_TLS_FAILED',
      'does not agree on how to encrypt',
      'it may speak nothing newer than TLS 1.1, or no TLS at this port',
    ],
  ],
  [/^HPE_/, ['ERR_SERVICE_FAILED', 'sent what is not HTTP, or too long a header', WRONG_SERVICE]],
];

const TIMEOUTS: Readonly<Record<Phase, readonly [problem: string, hint: string]>> = {
  connecting: ['cannot be connected to', UNREACHABLE],
  waiting: ['does not answer', NOT_READY],
  reading: ['began an answer and did not end it', NOT_READY],
};

/**
 * Says what kept an answer from coming. Without the cause: Node's errors hold what came in (`rawPacket`), and may hold
 * the path of the URL.
 */
export function toFailure(error: unknown, place: Place): RotationError {
  const code = codeOf(error);
  const byPattern = PATTERNS.find(([pattern]) => pattern.test(code))?.[1];
  const [rotationCode, problem, hint] = FAILURES[code] ??
    byPattern ?? ['ERR_SERVICE_FAILED', 'failed', NOT_READY];
  return failure(rotationCode, place, code === '' ? problem : `${problem} (${code})`, hint);
}

export function timeout(phase: Phase, place: Place, ms: number): RotationError {
  const [problem, hint] = TIMEOUTS[phase];
  return failure('ERR_SERVICE_TIMEOUT', place, `${problem}, after ${Math.round(ms)} ms`, hint);
}

/** A status that nobody expects. */
export function unexpected(status: number, place: Place, retryAfterMs: number | undefined): RotationError {
  const answered = `answered ${status}`;
  if (status === 401 || status === 403) {
    const hint = 'the credential that the request is made with is refused there, or lacks a right';
    return failure('ERR_RIGHTS_MISSING', place, answered, hint);
  }
  const later =
    retryAfterMs === undefined ? '' : `; it asks for a pause of ${Math.ceil(retryAfterMs / 1000)} s`;
  return failure(
    'ERR_SERVICE_FAILED',
    place,
    answered,
    `${status >= 500 || status === 429 ? NOT_READY : WRONG_SERVICE}${later}`,
  );
}

export function failure(
  code: RotationErrorCode,
  { doing, origin }: Place,
  problem: string,
  hint: string,
): RotationError {
  return new RotationError(code, `could not ${doing}: ${origin} ${problem}`, { hint });
}

function codeOf(error: unknown): string {
  if (!isError(error)) return '';
  // Node tries every address of a name; the first failure stands for all.
  if (Array.isArray(error.errors)) return codeOf(error.errors[0]);
  return typeof error.code === 'string' ? error.code : '';
}
