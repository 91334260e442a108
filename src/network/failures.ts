import { isError, type RotationErrorCode } from '../errors.js';

/** What went wrong between the function and a service: a code, what a message says of the service, and what to do. */
export type ServiceFailure = readonly [code: RotationErrorCode, problem: string, hint: string];

/** What to do about a connection that failed, in the words of what leads to the service: its URL, a field of the secret. */
export interface ConnectionHints {
  /** The name of the host leads nowhere. */
  readonly name: string;
  /** Nobody listens at the port. */
  readonly refused: string;
  /** The connection broke, or the service has closed it. */
  readonly closed: string;
  /** No way leads to the service, or nothing came back. */
  readonly way: string;
  /** The certificate is for another name. */
  readonly otherName: string;
  /** Both sides found no version of TLS, or no cipher, that they share. */
  readonly tls: string;
}

/**
 * Returns what the code of a socket's error means, with the hint that fits; `undefined` if it is no such code.
 *
 * @param code as {@link errorParts} reads it
 */
export function connectionFailure(code: string, hints: ConnectionHints): ServiceFailure | undefined {
  const failures: readonly (readonly [code: RegExp, ServiceFailure])[] = [
    [/^ENOTFOUND$/, ['ERR_SERVICE_NOT_FOUND', 'cannot be found by name', hints.name]],
    [
      /^EAI_AGAIN$/,
      ['ERR_SERVICE_NOT_FOUND', 'cannot be looked up by name', 'the VPC’s DNS does not answer'],
    ],
    [/^ECONNREFUSED$/, ['ERR_SERVICE_REFUSED', 'refuses connections', hints.refused]],
    [/^(ECONNRESET|EPIPE)$/, ['ERR_SERVICE_UNREACHABLE', 'closed the connection', hints.closed]],
    [/^E(HOST|NET)UNREACH$/, ['ERR_SERVICE_UNREACHABLE', 'cannot be reached', hints.way]],
    // Not "cannot be connected to": a connection that is open ends so, too.
    [/^ETIMEDOUT$/, ['ERR_SERVICE_TIMEOUT', 'does not answer', hints.way]],
    // Those of TLS, some thirty, Node names after OpenSSL's.
    [
      /^ERR_TLS_CERT_ALTNAME|^HOSTNAME_MISMATCH$/,
      ['ERR_TLS_WRONG_NAME', 'has a certificate for another name', hints.otherName],
    ],
    [
      /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/,
      [
        'ERR_TLS_NOT_TRUSTED',
        'has a certificate that has expired, or is not valid yet',
        'replace the certificate there, and look at the clocks. Leave verification on: whoever stands between would get the ' +
          'credential',
      ],
    ],
    [
      /CERT|SELF_SIGNED|UNABLE_TO_|CRL/,
      [
        'ERR_TLS_NOT_TRUSTED',
        'has no certificate that can be trusted',
        'name the authority that has signed the certificate, with the option `ca` or NODE_EXTRA_CA_CERTS. Leave verification on: whoever ' +
          'stands between would get the credential',
      ],
    ],
    [/^ERR_(TLS|SSL)_|^EPROTO$/, ['ERR_TLS_FAILED', 'does not agree on how to encrypt', hints.tls]],
  ];
  return failures.find(([pattern]) => pattern.test(code))?.[1];
}

/** What an error says of itself, empty where it says nothing. */
export interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly code: string;
}

/**
 * Returns the name, the message and the code of whatever was thrown, each empty if it has none. The code can be shown: it
 * is digits and capital letters. The message is as it was, and may quote what the service answered.
 */
export function errorParts(error: unknown): ErrorParts {
  const { name = '', message = '', code, errors }: MaybeError = isError(error) ? error : {};
  // Node tries every address of a name; the first failure stands for all.
  if (Array.isArray(errors)) return errorParts(errors[0]);
  // Some are what a server says, and of a server that is none, anything may stand there.
  return { name, message, code: typeof code === 'string' && /^[0-9A-Z_]{1,60}$/.test(code) ? code : '' };
}

type MaybeError = Partial<Error> & { readonly code?: unknown; readonly errors?: unknown };

/** Whether AWS's SDK gave up a call that was not answered. AWS may have done what it was asked. */
export function isUnanswered(error: unknown): boolean {
  const { name, code } = errorParts(error);
  // A code is Node's, if it is not that of an answer.
  return isError(error) && !('$fault' in error) && (code !== '' || /^(Timeout|Abort)Error$/.test(name));
}

/**
 * Returns why AWS's SDK did not send a call, and what to do; `undefined` if it did. What it throws then says little: an
 * endpoint without a scheme is an invalid URL, or another service that answers, or no answer.
 *
 * @param message of the error that the SDK has thrown
 */
export function whyNotSent(message: string): readonly [problem: string, hint: string] | undefined {
  const variable = Object.keys(process.env).find(
    (name) => /^(?:SECRETS_MANAGER_ENDPOINT|AWS_ENDPOINT_URL)/.test(name) && !isEndpoint(process.env[name]),
  );
  if (variable !== undefined) {
    return [`was not sent: ${variable} is not a URL`, `${variable} must begin with https://, or be unset`];
  }
  if (message !== 'Region is missing') return undefined;
  return ['was not sent: no Region is set', 'outside Lambda set AWS_REGION'];
}

/** Empty is as good as unset. */
function isEndpoint(value = ''): boolean {
  return value === '' || (/^https?:\/\/[^/?#]/i.test(value) && URL.canParse(value));
}

/** The names of AWS's refusals that put a call off. */
export const THROTTLED = /Throttl|TooManyRequests|LimitExceeded/;
