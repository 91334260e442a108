import { isError, type RotationErrorCode } from '../errors.js';

/** Failure between the function and a service: code, problem (what the message says of the service) and hint. */
export type ServiceFailure = readonly [code: RotationErrorCode, problem: string, hint: string];

/** Hints for a failed connection, in terms of what addresses the service: its URL, or fields of the secret. */
export interface ConnectionHints {
  /** The host name does not exist. */
  readonly name: string;
  /** Nothing listens on the port. */
  readonly refused: string;
  /** The connection broke, or the service closed it. */
  readonly closed: string;
  /** There is no route to the service, or no answer came. */
  readonly way: string;
  /** The certificate is for another name. */
  readonly otherName: string;
  /** The two sides share no TLS version or no cipher. */
  readonly tls: string;
}

/**
 * Returns the failure that the code of a socket error means, with the right hint; `undefined` for any other code.
 *
 * @param code code that {@link errorParts} returns
 */
export function connectionFailure(code: string, hints: ConnectionHints): ServiceFailure | undefined {
  const failures: readonly (readonly [code: RegExp, ServiceFailure])[] = [
    [/^ENOTFOUND$/, ['ERR_SERVICE_NOT_FOUND', 'has no DNS entry', hints.name]],
    [
      /^EAI_AGAIN$/,
      ['ERR_SERVICE_NOT_FOUND', 'got no answer from DNS', 'check the VPC’s DNS: it does not answer'],
    ],
    [/^ECONNREFUSED$/, ['ERR_SERVICE_REFUSED', 'refuses connections', hints.refused]],
    [/^(ECONNRESET|EPIPE)$/, ['ERR_SERVICE_UNREACHABLE', 'closed the connection', hints.closed]],
    [/^E(HOST|NET)UNREACH$/, ['ERR_SERVICE_UNREACHABLE', 'is unreachable', hints.way]],
    // Not "accepts no connection": an open connection ends like this too.
    [/^ETIMEDOUT$/, ['ERR_SERVICE_TIMEOUT', 'does not answer', hints.way]],
    // Node names about thirty TLS errors after OpenSSL's.
    [
      /^ERR_TLS_CERT_ALTNAME|^HOSTNAME_MISMATCH$/,
      ['ERR_TLS_WRONG_NAME', 'has a certificate for another name', hints.otherName],
    ],
    [
      /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/,
      [
        'ERR_TLS_NOT_TRUSTED',
        'has a certificate that has expired or is not valid yet',
        'replace the certificate there, and check the clocks. Do not turn verification off: an attacker in between would ' +
          'get the credential',
      ],
    ],
    [
      /CERT|SELF_SIGNED|UNABLE_TO_|CRL/,
      [
        'ERR_TLS_NOT_TRUSTED',
        'has a certificate that is not trusted',
        'set the option `ca` or NODE_EXTRA_CA_CERTS to the authority that signed the certificate. Do not turn verification ' +
          'off: an attacker in between would get the credential',
      ],
    ],
    [/^ERR_(TLS|SSL)_|^EPROTO$/, ['ERR_TLS_FAILED', 'failed the TLS handshake', hints.tls]],
  ];
  return failures.find(([pattern]) => pattern.test(code))?.[1];
}

/** Name, message and code of an error: the result of {@link errorParts}. */
export interface ErrorParts {
  /** Name, or an empty string. */
  readonly name: string;
  /** Message, or an empty string. It may quote an answer of the service. */
  readonly message: string;
  /** Code of digits, capital letters and `_`, or an empty string. */
  readonly code: string;
}

/**
 * Returns the name, message and code of whatever was thrown. Your own message may contain the code, but not the
 * message, which may quote an answer of the service.
 */
export function errorParts(error: unknown): ErrorParts {
  const { name = '', message = '', code, errors }: MaybeError = isError(error) ? error : {};
  // Node tries every address of a name. The first failure represents all.
  if (Array.isArray(errors)) return errorParts(errors[0]);
  // Some drivers take the code from the server's answer, which may contain anything.
  return { name, message, code: typeof code === 'string' && /^[0-9A-Z_]{1,60}$/.test(code) ? code : '' };
}

type MaybeError = Partial<Error> & { readonly code?: unknown; readonly errors?: unknown };

/** Returns whether a call of AWS's SDK got no answer. AWS may have done what the call asked. */
export function isUnanswered(error: unknown): boolean {
  const { name, code } = errorParts(error);
  // An error that is not an answer has its code from Node.
  return isError(error) && !('$fault' in error) && (code !== '' || /^(Timeout|Abort)Error$/.test(name));
}

/**
 * Returns why AWS's SDK did not send a call, and what to do; `undefined` if it did. The SDK's own errors say little: an
 * endpoint without a scheme may be an invalid URL, another service that answers, or no answer.
 *
 * @param message message of the SDK's error
 */
export function whyNotSent(message: string): readonly [problem: string, hint: string] | undefined {
  const variable = Object.keys(process.env).find(
    (name) => /^(?:SECRETS_MANAGER_ENDPOINT|AWS_ENDPOINT_URL)/.test(name) && !isEndpoint(process.env[name]),
  );
  if (variable !== undefined) {
    return [
      `was not sent: ${variable} is not a URL`,
      `set ${variable} to a URL that begins with https://, or unset it`,
    ];
  }
  if (message !== 'Region is missing') return undefined;
  return ['was not sent: no Region is set', 'outside Lambda, set AWS_REGION'];
}

/** An empty variable counts as unset. */
function isEndpoint(value = ''): boolean {
  return value === '' || (/^https?:\/\/[^/?#]/i.test(value) && URL.canParse(value));
}

/** Names of AWS's errors that mean: try again later. */
export const THROTTLED = /Throttl|TooManyRequests|LimitExceeded/;
