import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { ClientConfig } from 'pg';
import { RotationError } from '../../src/index.js';
import { codeOf, toFailure } from './failures.js';
import type { PostgresSecret } from './secret.js';

/** A session with the server, in which the server has asked for the password and has taken it. */
export interface Session {
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  escapeIdentifier(name: string): string;
  escapeLiteral(text: string): string;
  end(): Promise<void>;
}

export interface LoginOptions {
  /** Certificate authorities, PEM. */
  readonly ca: string | readonly string[] | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Where Lambda's Node.js runtimes keep the certificate authorities of RDS; Node loads them only if told to. */
const RDS_BUNDLE = '/var/runtime/ca-cert.pem';

/**
 * Logs in as an application would. Only invalid_password (28P01) is a refusal: all else tells nothing about the
 * password, and is thrown.
 *
 * @throws RotationError `ERR_CREDENTIAL_UNPROVEN` if the server lets the user in without asking for the password
 */
export async function login(secret: PostgresSecret, options: LoginOptions): Promise<Session | 'rejected'> {
  options.signal.throwIfAborted();
  const { Client } = await import('pg');
  const { host, port, username, password, dbname, ssl } = secret;
  let isAsked = false;
  const socket = new Socket();
  const abort = () => socket.destroy(Object.assign(new Error('timeout expired'), { code: 'ETIMEDOUT' }));
  const config: ClientConfig & { readonly scramMaxIterations: number } = {
    host,
    port,
    user: username,
    database: dbname,
    // pg calls the function only when the server asks, in whatever form.
    password: () => {
      isAsked = true;
      return password;
    },
    // Never absent: then pg would take PGSSLMODE, or send everything in the clear.
    ssl: ssl && { secureContext: trusted(options.ca), rejectUnauthorized: true },
    enableChannelBinding: ssl,
    // A server of ours may ask for more than pg's 100,000 iterations.
    scramMaxIterations: 10_000_000,
    stream: () => socket,
    connectionTimeoutMillis: options.timeoutMs,
    query_timeout: options.timeoutMs,
    application_name: 'quarterturn',
  };
  const client = new Client(config);
  // A connection that breaks between two queries has nobody else to tell; the next query fails.
  client.on('error', () => {});
  options.signal.addEventListener('abort', abort, { once: true });
  const end = async (): Promise<void> => {
    options.signal.removeEventListener('abort', abort);
    // A server that does not say goodbye is not waited for.
    const timer = setTimeout(() => socket.destroy(), 1000);
    await client.end().finally(() => clearTimeout(timer));
  };
  try {
    await client.connect();
  } catch (error) {
    await end();
    if (codeOf(error) === '28P01') return 'rejected';
    throw toFailure(error, 'log in', secret);
  }
  if (!isAsked) {
    await end();
    throw unproven(secret);
  }
  return {
    query: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    escapeIdentifier: (name) => client.escapeIdentifier(name),
    escapeLiteral: (text) => client.escapeLiteral(text),
    end,
  };
}

const contexts = new Map<string, SecureContext>();

/** Made once a container: parsing the certificates takes longer than a login. */
function trusted(ca: string | readonly string[] | undefined): SecureContext {
  const authorities = ca === undefined ? [...rootCertificates, ...rdsAuthorities()] : [ca].flat();
  const key = ca === undefined ? 'default' : authorities.join();
  const context = contexts.get(key) ?? createSecureContext({ ca: authorities, minVersion: 'TLSv1.2' });
  contexts.set(key, context);
  return context;
}

function rdsAuthorities(): readonly string[] {
  try {
    return [readFileSync(RDS_BUNDLE, 'utf8')];
  } catch {
    return []; // Not in Lambda.
  }
}

function unproven({ host, port, username }: PostgresSecret): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_UNPROVEN',
    `${host}:${port} let "${username}" in without asking for the password`,
    {
      hint:
        'pg_hba.conf says trust, peer, ident or cert for this user and address: any password would seem to work; ' +
        'make it scram-sha-256',
    },
  );
}
