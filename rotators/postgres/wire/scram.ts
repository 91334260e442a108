import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import type { Client, Connection } from 'pg';
import { MAX_ITERATIONS } from '../session.js';
import { endPointOf } from './end-point.js';
import { saslprep } from './saslprep.js';

/** State of a login by SCRAM. */
export interface ScramProgress {
  /** Whether the proof was sent, bound to the server's certificate. */
  isBound: boolean;
}

/** Methods of `pg` to replace: its own SCRAM prepares passwords that SASLprep prohibits, and always binds. */
interface Internals {
  readonly connection: Connection & {
    readonly stream: unknown;
    sendSASLInitialResponseMessage(mechanism: string, response: string): void;
    sendSCRAMClientFinalMessage(response: string): void;
  };
  _handleAuthSASL(message: { readonly mechanisms: readonly string[] }): Promise<void>;
  _handleAuthSASLContinue(message: { readonly data: string }): Promise<void>;
  _handleAuthSASLFinal(message: { readonly data: string }): void;
}

/**
 * Makes a pg client log in by SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL expects it. Over TLS it binds the proof to the
 * server's certificate, if the server offers that.
 *
 * @param binds whether to bind the proof at all
 */
export function speakScram(
  client: Client,
  password: () => string | Promise<string>,
  binds: boolean,
): ScramProgress {
  const internals = client as Client & Internals;
  const { connection } = internals;
  const progress: ScramProgress = { isBound: false };
  let exchange: Exchange | undefined;
  let secret = '';
  const orFail =
    <Message>(work: (message: Message) => void | Promise<void>) =>
    async (message: Message): Promise<void> => {
      try {
        await work(message);
      } catch (error) {
        connection.emit('error', error);
      }
    };
  internals._handleAuthSASL = orFail(async ({ mechanisms }) => {
    secret = await password();
    exchange = exchangeOf(mechanisms, binds ? connection.stream : undefined);
    connection.sendSASLInitialResponseMessage(exchange.mechanism, `${exchange.header}${exchange.first}`);
  });
  internals._handleAuthSASLContinue = orFail(async ({ data }) => {
    if (!exchange) throw new Error('SASL: the server’s answer came unasked');
    const { response, serverSignature } = await proofFor(exchange, data, secret);
    exchange = { ...exchange, serverSignature };
    progress.isBound = exchange.mechanism === BOUND;
    connection.sendSCRAMClientFinalMessage(response);
  });
  internals._handleAuthSASLFinal = orFail(({ data }) => {
    const signature = attributesOf(data).get('v');
    if (signature === undefined || signature !== exchange?.serverSignature) {
      throw new Error('SASL: the server did not prove that it knows the password');
    }
  });
  return progress;
}

const UNBOUND = 'SCRAM-SHA-256';
const BOUND = 'SCRAM-SHA-256-PLUS';

/** An exchange of SCRAM messages. */
interface Exchange {
  readonly mechanism: string;
  /** Header that states whether the exchange is bound (`p`), could have been (`y`), or has no binding (`n`). */
  readonly header: string;
  /** Channel binding data; empty without binding. */
  readonly binding: Buffer;
  readonly nonce: string;
  /** The first message, without its header. */
  readonly first: string;
  readonly serverSignature?: string;
}

function exchangeOf(offered: readonly string[], stream: unknown): Exchange {
  const certificate = stream instanceof TLSSocket ? stream.getPeerX509Certificate()?.raw : undefined;
  const endPoint = certificate && endPointOf(certificate);
  const isBound = endPoint !== undefined && offered.includes(BOUND);
  const mechanism = isBound ? BOUND : UNBOUND;
  if (!offered.includes(mechanism)) throw new Error('SASL: Quarterturn supports only SCRAM-SHA-256');
  const nonce = randomBytes(18).toString('base64');
  return {
    mechanism,
    header: isBound ? 'p=tls-server-end-point,,' : endPoint ? 'y,,' : 'n,,',
    binding: isBound ? endPoint : Buffer.alloc(0),
    nonce,
    // The server uses the name from the start-up message.
    first: `n=*,r=${nonce}`,
  };
}

/** Answers the server's challenge. */
async function proofFor(
  { header, binding, nonce: own, first }: Exchange,
  challenge: string,
  password: string,
): Promise<{ readonly response: string; readonly serverSignature: string }> {
  const attributes = attributesOf(challenge);
  const [nonce = '', salt = '', iterations = ''] = ['r', 's', 'i'].map((name) => attributes.get(name));
  const count = /^[1-9]\d{0,8}$/.test(iterations) ? Number(iterations) : 0;
  if (!nonce.startsWith(own) || nonce === own || salt === '' || count === 0) {
    throw new Error('SASL: the server’s challenge is invalid');
  }
  if (count > MAX_ITERATIONS) throw new Error(`SASL: the server asks for too many iterations: ${count}`);
  const salted = await promisify(pbkdf2)(
    saslprep(password),
    Buffer.from(salt, 'base64'),
    count,
    32,
    'sha256',
  );
  const clientKey = hmac(salted, 'Client Key');
  const bound = Buffer.concat([Buffer.from(header), binding]).toString('base64');
  const final = `c=${bound},r=${nonce}`;
  const all = `${first},${challenge},${final}`;
  const signature = hmac(createHash('sha256').update(clientKey).digest(), all);
  const proof = clientKey.map((byte, n) => byte ^ (signature[n] ?? 0));
  return {
    response: `${final},p=${Buffer.from(proof).toString('base64')}`,
    serverSignature: hmac(hmac(salted, 'Server Key'), all).toString('base64'),
  };
}

function attributesOf(message: string): ReadonlyMap<string, string> {
  return new Map(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
