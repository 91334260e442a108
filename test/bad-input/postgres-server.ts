import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { listening } from '../support/listening.js';

/** How the server misbehaves in one session. */
export interface Misbehaviour {
  /** How it asks for the password. */
  readonly asks: 'md5' | 'scram';
  /** What it answers to the first message of SCRAM, given the client's nonce. */
  readonly scramFirst?: (nonce: string) => string;
  /** Which of its messages is spoilt, counted from 0. */
  readonly at: number;
  readonly spoil: (message: Buffer) => Buffer;
  /** What comes after the spoilt message. */
  readonly next: 'go on' | 'end' | 'silence';
}

/** Makes a message of PostgreSQL's protocol. */
export function message(type: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** A number of two or four bytes. */
export function int(value: number, bytes: 2 | 4 = 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

/** A server that speaks as PostgreSQL does, as far as `postgres()` can tell, until it misbehaves. */
export class PostgresServer {
  misbehaviour: Misbehaviour = { asks: 'md5', at: -1, spoil: (sent) => sent, next: 'go on' };
  /** What it says of its setting scram_iterations. */
  iterations = '4096';
  /** The statements that it was sent. */
  readonly statements: string[] = [];
  port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.#serve(socket));

  async start(): Promise<void> {
    this.port = await listening(this.#server);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    const { at, spoil, next } = this.misbehaviour;
    let sent = 0;
    socket.on('data', (data) => {
      for (const reply of this.#repliesTo(data)) {
        const isSpoilt = sent++ === at;
        if (!socket.writable || (sent > at + 1 && at >= 0 && next === 'silence')) return;
        socket.write(isSpoilt ? spoil(reply) : reply);
        if (isSpoilt && next === 'end') socket.end();
      }
    });
  }

  /** What a good server answers. It takes every password. */
  #repliesTo(data: Buffer): readonly Buffer[] {
    const { asks, scramFirst = (nonce) => `r=${nonce}more,s=c2FsdHNhbHQ=,i=4096` } = this.misbehaviour;
    const type = String.fromCharCode(data[0] ?? 0);
    if (type === 'X') return [];
    if (type === 'Q') return this.#answerTo(data.toString('utf8', 5, data.length - 1));
    if (type !== 'p') {
      const mechanisms = [message('R', int(10), 'SCRAM-SHA-256\0\0')];
      return asks === 'scram' ? mechanisms : [message('R', int(5), 'salt')];
    }
    const [, nonce] = /n,,n=\*,r=(.*)$/s.exec(data.toString()) ?? [];
    if (nonce !== undefined) return [message('R', int(11), scramFirst(nonce))];
    if (asks === 'scram') return [message('R', int(12), 'v=c2lnbmF0dXJl')];
    return [
      message('R', int(0)),
      message('S', 'server_version\0', '18.4\0'),
      message('K', int(1), int(2)),
      message('Z', 'I'),
    ];
  }

  #answerTo(sql: string): readonly Buffer[] {
    this.statements.push(sql);
    const settings = {
      server_version_num: '180004',
      password_encryption: 'scram-sha-256',
      scram_iterations: this.iterations,
    };
    const rows = Object.entries(settings).map(([name, setting]) => row(name, setting, 'f', 't', '1'));
    if (sql.includes('pg_settings'))
      return [described('name', 'setting', 'standby', 'is_own', 'pid'), ...rows, ...done('SELECT 3')];
    if (sql === 'SHOW pool_version')
      return [message('E', 'SERROR\0C42704\0Mno such setting\0\0'), message('Z', 'I')];
    if (sql.startsWith('SELECT session_user'))
      return [described('is_own', 'pid'), row('t', '1'), ...done('SELECT 1')];
    return done(sql.split(' ')[0] ?? '');
  }
}

const TEXT = 25;
const BOOL = 16;

function described(...names: readonly string[]): Buffer {
  const fields = names.map((name) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int(0),
      int(0, 2),
      int(name === 'standby' || name === 'is_own' ? BOOL : TEXT),
      int(-1, 2),
      int(-1),
      int(0, 2),
    ]),
  );
  return message('T', int(names.length, 2), ...fields);
}

function row(...values: readonly string[]): Buffer {
  return message(
    'D',
    int(values.length, 2),
    ...values.flatMap((value) => [int(Buffer.byteLength(value)), value]),
  );
}

function done(tag: string): readonly Buffer[] {
  return [message('C', `${tag}\0`), message('Z', 'I')];
}
