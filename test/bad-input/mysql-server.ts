import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** How the server misbehaves in one session. */
export interface Misbehaviour {
  /** Which of its packets is spoilt, counted from 0: the greeting, what comes of the login, answers to statements. */
  readonly at: number;
  readonly spoil: (packet: Buffer) => Buffer;
  /** What comes after the spoilt packet. */
  readonly next: 'go on' | 'end' | 'silence';
  /** What it answers to the login before it lets the user in: each is sent when the client has said something to the last. */
  readonly asks?: readonly Buffer[];
  /** Whether its greeting offers TLS, which it does not speak. */
  readonly offersTls?: boolean;
  /** Goes on with the connection once the client has said something. */
  readonly takeOver?: (socket: Socket, rest: Buffer) => void;
}

export const WELL_BEHAVED: Misbehaviour = { at: -1, spoil: (sent) => sent, next: 'go on' };

const SSL = 0x800;
/** LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_ATTRS, SESSION_TRACK. */
const CAPABILITIES = 0x0098_a209;
const CONNECTION_ID = 77;
const SALT = '12345678abcdefghijkl';

/** Makes a packet of MySQL's protocol. */
export function packet(sequence: number, ...parts: readonly (string | Buffer | readonly number[])[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}

/** The same, with another sequence number. */
function numbered(sequence: number, made: Buffer): Buffer {
  const copy = Buffer.from(made);
  copy[3] = sequence;
  return copy;
}

/** Asks for a plugin, with what it begins with. */
export function switchTo(plugin: string, data: string | Buffer = `${SALT}\0`): Buffer {
  return packet(0, [0xfe], `${plugin}\0`, data);
}

export function moreData(data: readonly number[] | Buffer): Buffer {
  return packet(0, [1], data);
}

export function failure(errno: number, text: string): Buffer {
  return packet(0, [0xff, errno & 0xff, errno >> 8], `#HY000${text}`);
}

/** A server that speaks as MySQL does, as far as login() can tell, until it misbehaves. */
export class MysqlServer {
  misbehaviour: Misbehaviour = WELL_BEHAVED;
  /** All that it was sent. */
  received = Buffer.alloc(0);
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.#serve(socket));

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    const { at, spoil, next, asks = [], offersTls = false, takeOver } = this.misbehaviour;
    this.received = Buffer.alloc(0);
    let sent = 0;
    const send = (packets: readonly Buffer[]): void => {
      for (const reply of packets) {
        const isSpoilt = sent++ === at;
        if (!socket.writable || (sent > at + 1 && at >= 0 && next === 'silence')) return;
        socket.write(isSpoilt ? spoil(reply) : reply);
        if (isSpoilt && next === 'end') socket.end();
      }
    };
    const steps = [...asks];
    send([greeting(offersTls)]);
    if (takeOver) {
      // The request for TLS; what TLS begins with may have come with it.
      socket.once('data', (data) => takeOver(socket, data.subarray(4 + data.readUIntLE(0, 3))));
      return;
    }
    socket.on('data', (data) => {
      this.received = Buffer.concat([this.received, data]);
      const sequence = (data[3] ?? 0) + 1;
      const isLogin = sent <= asks.length + 1;
      const step = steps.shift();
      if (step) send([numbered(sequence, step)]);
      else if (isLogin) send([numbered(sequence, OK)]);
      else send(answerTo(data.toString('utf8', 5)));
    });
  }
}

const OK = packet(1, [0, 0, 0, 2, 0, 0, 0]);

function greeting(offersTls: boolean): Buffer {
  const flags = CAPABILITIES | (offersTls ? SSL : 0);
  const id = Buffer.alloc(4);
  id.writeUInt32LE(CONNECTION_ID);
  const low = [flags & 0xff, (flags >> 8) & 0xff];
  const high = [(flags >> 16) & 0xff, (flags >> 24) & 0xff];
  const salt = [SALT.slice(0, 8), SALT.slice(8)] as const;
  const middle = [...low, 45, 2, 0, ...high, SALT.length + 1, ...Array<number>(10).fill(0)];
  return packet(0, [10], '8.4.0\0', id, salt[0], [0], middle, `${salt[1]}\0`, 'mysql_native_password\0');
}

function answerTo(statement: string): readonly Buffer[] {
  if (!statement.includes('SELECT')) return [OK];
  return table({ account: 'app@%', version: '8.4.0', id: String(CONNECTION_ID) });
}

/** One row. */
function table(row: Readonly<Record<string, string>>): readonly Buffer[] {
  const eof = (sequence: number) => packet(sequence, [0xfe, 0, 0, 2, 0]);
  const columns = Object.keys(row).map((name, index) => column(index + 2, name));
  const after = columns.length + 2;
  const values = Object.values(row).map(text);
  return [packet(1, [columns.length]), ...columns, eof(after), packet(after + 1, ...values), eof(after + 2)];
}

function column(sequence: number, name: string): Buffer {
  const names = ['def', '', '', '', name, ''].map(text);
  // utf8mb4, a VAR_STRING of 100 bytes.
  return packet(sequence, ...names, [12, 45, 0, 100, 0, 0, 0, 253, 0, 0, 0, 0, 0]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}
