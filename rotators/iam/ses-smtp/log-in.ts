import { RotationError, type RotationErrorCode, type StepContext, type Verdict } from '../../../src/index.js';

/** Where and as whom to log in. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly ca?: string | readonly string[] | undefined;
}

const LIMIT_MS = 10_000;

const UNREACHABLE =
  'the function needs a way to port 465: a NAT gateway, or an interface endpoint of SES’s SMTP (option `connectTo`)';

/**
 * Logs in by SMTP, over TLS from the first byte, sends no mail and leaves.
 *
 * @throws RotationError if the server could not be asked
 */
export async function logIn(
  { host, port, username, password, ca }: Login,
  { leftMs }: StepContext,
): Promise<Verdict> {
  const { createTransport } = await import('nodemailer');
  const limitMs = Math.max(1, Math.floor(Math.min(LIMIT_MS, leftMs)));
  const transport = createTransport({
    ...{ host, port, secure: true, authMethod: 'PLAIN', auth: { user: username, pass: password } },
    ...{ connectionTimeout: limitMs, greetingTimeout: limitMs, socketTimeout: limitMs, dnsTimeout: limitMs },
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca: [ca].flat() }) },
  });
  try {
    await transport.verify();
    return 'accepted';
  } catch (error) {
    const { code, responseCode } = partsOf(error);
    // 535 alone: 454 is a failure of the server's.
    if (responseCode === 535) return 'rejected';
    throw toFailure(code, responseCode, `${host}:${port}`);
  } finally {
    transport.close();
  }
}

type Failure = readonly [code: RotationErrorCode, problem: string, hint: string];

const FAILURES: Readonly<Record<string, Failure>> = {
  EDNS: ['ERR_SERVICE_NOT_FOUND', 'cannot be found by name', 'correct "host", or the VPC’s DNS'],
  ETIMEDOUT: ['ERR_SERVICE_TIMEOUT', 'does not answer', UNREACHABLE],
  ETLS: [
    'ERR_TLS_FAILED',
    'has no certificate that can be trusted, or no TLS',
    'a proxy may stand there; its authority can be named with the option `ca`',
  ],
};

/** Without the cause: what a server writes may quote what it was sent. */
function toFailure(code: string, responseCode: number, place: string): RotationError {
  const [rotationCode, problem, hint] =
    responseCode > 0
      ? (['ERR_SERVICE_FAILED', `answered ${responseCode}`, 'the next attempt may find it ready'] as const)
      : (FAILURES[code] ?? (['ERR_SERVICE_UNREACHABLE', 'cannot be talked to', UNREACHABLE] as const));
  const reason = code === '' ? '' : ` (${code})`;
  return new RotationError(rotationCode, `could not log in by SMTP: ${place} ${problem}${reason}`, { hint });
}

function partsOf(error: unknown): { code: string; responseCode: number } {
  const found = { code: '', responseCode: 0 };
  if (typeof error !== 'object' || error === null) return found;
  if ('code' in error && typeof error.code === 'string') found.code = error.code;
  if ('responseCode' in error && typeof error.responseCode === 'number')
    found.responseCode = error.responseCode;
  return found;
}
