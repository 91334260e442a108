import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { createTransport } from 'nodemailer';
import {
  connectionFailure,
  errorParts,
  RotationError,
  type ServiceFailure,
  type StepContext,
  type Verdict,
} from '../../../src/index.js';

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
  const limitMs = Math.max(1, Math.floor(Math.min(LIMIT_MS, leftMs)));
  const transport = createTransport({
    ...{ host, port, secure: true, authMethod: 'PLAIN', auth: { user: username, pass: password } },
    ...{ connectionTimeout: limitMs, greetingTimeout: limitMs, socketTimeout: limitMs },
    // Most versions of nodemailer write ESOCKET over what their own connection fails with.
    getSocket: (_, opened) =>
      void connected({ host, port, ca }, limitMs).then(
        (connection) => opened(null, { connection, secured: true }),
        (error) => opened(error),
      ),
  });
  try {
    await transport.verify();
    return 'accepted';
  } catch (error) {
    const { code, answered } = partsOf(error);
    // 535 alone: 454 is a failure of the server's.
    if (answered === 535) return 'rejected';
    throw toFailure(code, answered, `${host}:${port}`);
  } finally {
    transport.close();
  }
}

/** A connection to a server whose certificate is trusted, over which nothing was said yet. */
async function connected(
  { host, port, ca }: Pick<Login, 'host' | 'port' | 'ca'>,
  limitMs: number,
): Promise<TLSSocket> {
  const authorities = ca === undefined ? {} : { ca: [ca].flat() };
  const socket = connect({ host, port, rejectUnauthorized: true, minVersion: 'TLSv1.2', ...authorities });
  const late = () => socket.destroy(Object.assign(new Error('it does not answer'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(late, limitMs);
  // Whoever takes it over has its own; between the two it must not end the process.
  socket.on('error', () => {});
  await once(socket, 'secureConnect').finally(() => clearTimeout(timer));
  return socket;
}

const HINTS = {
  name: 'correct "host", or the VPC’s DNS',
  refused: UNREACHABLE,
  closed: UNREACHABLE,
  way: UNREACHABLE,
  otherName: 'a proxy may stand there; the option `connectTo` must name the host as its certificate does',
  tls: 'a proxy may stand there, or the port may speak no TLS before it is asked to',
};

/** Without the cause: what a server writes may quote what it was sent. */
function toFailure(code: string, answered: number, place: string): RotationError {
  const known: ServiceFailure | undefined =
    answered > 0
      ? ['ERR_SERVICE_FAILED', `answered ${answered}`, 'the next attempt may find it ready']
      : connectionFailure(code, HINTS);
  const [rotationCode, problem, hint] = known ?? [
    'ERR_SERVICE_UNREACHABLE',
    'cannot be talked to',
    UNREACHABLE,
  ];
  const reason = code === '' ? '' : ` (${code})`;
  return new RotationError(rotationCode, `could not log in by SMTP: ${place} ${problem}${reason}`, { hint });
}

/** The code of an error, and the status that the server answered: 0 if it is for another reason. */
function partsOf(error: unknown): { readonly code: string; readonly answered: number } {
  const { code } = errorParts(error);
  // Nodemailer writes ESOCKET over Node's own code.
  const original = code === 'ESOCKET' ? propertyOf(error, 'originalCode') : undefined;
  const answered = propertyOf(error, 'responseCode');
  return {
    code: typeof original === 'string' ? original : code,
    answered: typeof answered === 'number' ? answered : 0,
  };
}

function propertyOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}
