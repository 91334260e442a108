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

/** Server, user and password of a login. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly ca?: string | readonly string[] | undefined;
}

const LIMIT_MS = 10_000;

const UNREACHABLE =
  'the function must reach port 465: add a NAT gateway, or an interface endpoint of SES’s SMTP (option `connectTo`)';

/**
 * Logs in by SMTP, over TLS from the first byte. Sends no mail.
 *
 * @throws RotationError if the server did not say whether the password is right
 */
export async function logIn(
  { host, port, username, password, ca }: Login,
  { leftMs }: StepContext,
): Promise<Verdict> {
  const limitMs = Math.max(1, Math.floor(Math.min(LIMIT_MS, leftMs)));
  const transport = createTransport({
    ...{ host, port, secure: true, authMethod: 'PLAIN', auth: { user: username, pass: password } },
    ...{ connectionTimeout: limitMs, greetingTimeout: limitMs, socketTimeout: limitMs },
    // Most versions of Nodemailer replace the code of a failed connection by ESOCKET.
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
    // Only 535 is a refusal: 454 is the server's own failure.
    if (answered === 535) return 'rejected';
    throw toFailure(code, answered, `${host}:${port}`);
  } finally {
    transport.close();
  }
}

/** Opens a TLS connection and checks the server's certificate. Nothing has been sent on it. */
async function connected(
  { host, port, ca }: Pick<Login, 'host' | 'port' | 'ca'>,
  limitMs: number,
): Promise<TLSSocket> {
  const authorities = ca === undefined ? {} : { ca: [ca].flat() };
  const socket = connect({ host, port, rejectUnauthorized: true, minVersion: 'TLSv1.2', ...authorities });
  const late = () => socket.destroy(Object.assign(new Error('it does not answer'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(late, limitMs);
  // The next owner adds its own listener. Until then an error must not end the process.
  socket.on('error', () => {});
  await once(socket, 'secureConnect').finally(() => clearTimeout(timer));
  return socket;
}

const HINTS = {
  name: 'correct "host" in the secret, or the VPC’s DNS',
  refused: UNREACHABLE,
  closed: UNREACHABLE,
  way: UNREACHABLE,
  otherName: 'name the host in the option `connectTo` as its certificate does. A proxy may be in the way',
  tls: 'use a port that speaks TLS from the first byte. A proxy may be in the way',
};

/** Omits the cause: a server's answer may quote the password. */
function toFailure(code: string, answered: number, place: string): RotationError {
  const known: ServiceFailure | undefined =
    answered > 0
      ? ['ERR_SERVICE_FAILED', `answered ${answered}`, 'wait for the next attempt']
      : connectionFailure(code, HINTS);
  const [rotationCode, problem, hint] = known ?? [
    'ERR_SERVICE_UNREACHABLE',
    'did not complete the login',
    UNREACHABLE,
  ];
  const reason = code === '' ? '' : ` (${code})`;
  return new RotationError(rotationCode, `could not log in by SMTP: ${place} ${problem}${reason}`, { hint });
}

/** Returns an error's code, and the status of the server's answer; 0 without an answer. */
function partsOf(error: unknown): { readonly code: string; readonly answered: number } {
  const { code } = errorParts(error);
  // Nodemailer replaces Node's code by ESOCKET.
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
