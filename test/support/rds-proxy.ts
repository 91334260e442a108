import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type Connection } from 'pg';
import { listening } from './listening.js';
import type { Pooler } from './poolers.js';

interface Login {
  readonly username: string;
  readonly password: string;
}

export interface RdsProxyOptions {
  readonly server: { readonly host: string; readonly port: number };
  /** AWSCURRENT of the one secret that it knows. */
  readonly secret: () => Promise<Login>;
}

/**
 * An RDS Proxy for PostgreSQL: clients log in with what its secret says, and so does it at the server. Every session is
 * pinned. What it has read of the secret it keeps until a login fails with it.
 *
 * Documented are SCRAM-SHA-256 toward clients (`ClientPasswordAuthType` in the RDS API), the messages (User Guide,
 * "Troubleshooting for RDS Proxy"), and that it reads AWSCURRENT alone (aws/aws-secretsmanager-jdbc#222). Not documented
 * are its SQLSTATEs, which are PostgreSQL's here, and when it reads a secret again.
 */
export async function startRdsProxy({ server, secret }: RdsProxyOptions): Promise<Pooler> {
  let known: Login | undefined;
  let sessions = 0;
  const sockets = new Set<Socket>();
  const log: string[] = [];

  /** Tries the credentials that it knows, and those that it reads then. */
  async function withCredentials<T>(tryOut: (login: Login) => T | Promise<T>): Promise<T | undefined> {
    for (const isFresh of [false, true]) {
      if (isFresh || !known) known = await secret();
      const outcome = await tryOut(known);
      if (outcome) return outcome;
    }
    return undefined;
  }

  async function serve(client: Socket): Promise<void> {
    const { user = '', database = user } = await readStartup(client);
    if (!(await withCredentials(({ username }) => username === user))) {
      return refuse(client, '28000', noCredentials(user));
    }
    const proof = await askForProof(client);
    const signature = await withCredentials(({ password }) => proof(password));
    if (!signature) return refuse(client, '28P01', wrongPassword(user));
    const upstream = await withCredentials((login) => logIn({ ...server, database }, login));
    if (!upstream) return refuse(client, '28P01', `password authentication failed for user "${user}"`);
    client.write(
      Buffer.concat([
        message('R', int32(12), signature),
        message('R', int32(0)),
        ...upstream.parameters.map(([name, value]) => message('S', `${name}\0${value}\0`)),
        // Its own process; no server has a process id as high.
        message('K', int32(2 ** 30 + ++sessions), randomBytes(4)),
        message('Z', 'I'),
      ]),
    );
    client.on('close', () => upstream.stream.destroy());
    upstream.stream.on('close', () => client.destroy());
    client.pipe(upstream.stream).pipe(client);
  }

  const listener = createServer((client) => {
    sockets.add(client);
    client.on('close', () => sockets.delete(client));
    client.on('error', () => {});
    serve(client).catch((error: Error) => {
      log.push(error.message);
      client.destroy();
    });
  });
  const port = await listening(listener);
  return {
    host: '127.0.0.1',
    port,
    log: () => log.join('\n'),
    async stop() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

const noCredentials = (user: string) =>
  `This RDS proxy has no credentials for the role ${user}. Check the credentials for this role and try again.`;
const wrongPassword = (user: string) => `The password that was provided for the role ${user} is wrong.`;

/** As a client of the server; undefined if it refuses the password. */
async function logIn(place: object, { username: user, password }: Login) {
  const client = new Client({ ...place, user, password, ssl: false });
  const { connection } = client as Client & { readonly connection: Connection & { readonly stream: Duplex } };
  const parameters: [string, string][] = [];
  connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    parameters.push([parameterName, parameterValue]);
  });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    await client.end();
    if ((error as { code?: string }).code === '28P01') return undefined;
    throw error;
  }
  const { stream } = connection;
  stream.removeAllListeners('data');
  return { stream, parameters };
}

/** SCRAM-SHA-256 (RFC 5802): what it returns tells the server's signature if the client has proved to know a password. */
async function askForProof(client: Socket): Promise<(password: string) => string | undefined> {
  client.write(message('R', int32(10), 'SCRAM-SHA-256\0\0'));
  const [, first = ''] = /n,,(.*)$/s.exec(String(await readMessage(client))) ?? [];
  const salt = randomBytes(16);
  const nonce = `${/r=(.*)/.exec(first)?.[1]}${randomBytes(12).toString('base64')}`;
  const challenge = `r=${nonce},s=${salt.toString('base64')},i=4096`;
  client.write(message('R', int32(11), challenge));
  const [, bare, proof = ''] = /^(.*),p=(.*)$/s.exec(String(await readMessage(client))) ?? [];
  return (password) => {
    const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256');
    const signed = `${first},${challenge},${bare}`;
    const key = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha256').update(key).digest(), signed);
    const expected = key.map((byte, at) => byte ^ signature[at]!);
    const isProved = timingSafeEqual(expected, Buffer.from(proof, 'base64'));
    return isProved ? `v=${hmac(hmac(salted, 'Server Key'), signed).toString('base64')}` : undefined;
  };
}

const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();

const SSL_REQUEST = 80_877_103;

async function readStartup(client: Socket): Promise<{ user?: string; database?: string }> {
  const body = await readBody(client);
  if (body.readInt32BE() === SSL_REQUEST) {
    client.write('N');
    return readStartup(client);
  }
  const parts = body.toString('utf8', 4).split('\0');
  return Object.fromEntries(
    Array.from({ length: parts.length >> 1 }, (_, n) => parts.slice(2 * n, 2 * n + 2)),
  );
}

async function readMessage(client: Socket): Promise<Buffer> {
  await read(client, 1);
  return readBody(client);
}

async function readBody(client: Socket): Promise<Buffer> {
  return read(client, (await read(client, 4)).readInt32BE() - 4);
}

async function read(client: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = client.read(length);
    if (bytes?.length === length) return bytes;
    if (client.readableEnded) throw new Error('the client has left');
    await once(client, 'readable');
  }
}

function refuse(client: Socket, sqlState: string, text: string): void {
  client.end(message('E', `SFATAL\0VFATAL\0C${sqlState}\0M${text}\0\0`));
}

function message(type: string, ...parts: (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
