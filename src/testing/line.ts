import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What goes wrong at a message that a client sends to a service.
 *
 * - `lost`: the service does not get it, and all connections break.
 * - `unanswered`: the service gets it, and all connections break when it begins to answer.
 * - `dead`: as `unanswered`, and nothing gets through after it, as if the client had died.
 * - `stalled`: the service gets it; no answer comes any more.
 * - `failing`: the service gets neither it nor any after it, and answers that it is out of order, if they speak HTTP: by
 *   status 503. In other protocols all connections break.
 */
export type Failure = 'lost' | 'unanswered' | 'dead' | 'stalled' | 'failing';

/** The way to a service, which a test can disturb. */
export interface Line {
  /** How many messages clients have sent. */
  readonly sent: number;
  /** Nothing gets through: connections are closed at once, until `mend`. */
  cut(): void;
  /** Makes the n-th message from now fail. */
  failAt(n: number, how: Failure): void;
  /**
   * Holds the n-th message from now back, with all that follows it on its connection, while others get through: as if it
   * were still under way. `mend` lets go of it, too.
   */
  holdAt(n: number): Held;
  /** Lets all through again; says whether the failure that was ordered has come about. */
  mend(): boolean;
}

/** A message that is held back. */
export interface Held {
  /** Whether it has come. */
  readonly isHeld: boolean;
  /** Lets it through, and what has followed it. */
  letGo(): void;
}

/** A way over TCP, on ports of its own. */
export interface TcpLine extends Line {
  readonly host: string;
  readonly port: number;
  /**
   * Lays the line to another service besides, for a rotator that needs two. Their messages are counted together.
   *
   * @returns the port on which the line listens for that service
   */
  alsoTo(port: number, host?: string): Promise<number>;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, and passes all on to a service on this machine. */
export async function lineTo(port: number, host = '127.0.0.1'): Promise<TcpLine> {
  const line = new Tcp();
  return Object.assign(line, { port: await line.alsoTo(port, host) });
}

/** What the suite knows of a line over TCP; `undefined` for any other line. */
export function tcpOf(line: Line): Tcp | undefined {
  return line instanceof Tcp ? line : undefined;
}

/** What can go wrong on a line, and when: the same over sockets and in memory. */
export abstract class Disturbed implements Line {
  sent = 0;
  /** The number of the message that is to fail. */
  #fails = Number.POSITIVE_INFINITY;
  #how: Failure = 'lost';
  #hasFailed = false;
  #isCut = false;
  #isStalled = false;
  #isFailing = false;
  /** The number of the message that is to be held back. */
  #holds = Number.POSITIVE_INFINITY;
  /** The connection whose messages are held back, and what lets them through. */
  #held: { readonly connection: object; readonly letThrough: (() => void)[] } | undefined;

  /** Breaks all connections. */
  protected abstract breakAll(): void;

  protected get isCut(): boolean {
    return this.#isCut;
  }

  protected get isStalled(): boolean {
    return this.#isStalled;
  }

  cut(): void {
    this.#isCut = true;
    this.breakAll();
  }

  failAt(n: number, how: Failure): void {
    [this.#fails, this.#how, this.#hasFailed] = [this.sent + n, how, false];
  }

  holdAt(n: number): Held {
    this.#letGo();
    this.#holds = this.sent + n;
    const isHeld = (): boolean => this.#held !== undefined;
    return {
      get isHeld() {
        return isHeld();
      },
      letGo: () => this.#letGo(),
    };
  }

  mend(): boolean {
    this.#letGo();
    // What was not answered has lost its place.
    if (this.#isStalled) this.breakAll();
    [this.#isCut, this.#isStalled, this.#isFailing] = [false, false, false];
    this.#fails = Number.POSITIVE_INFINITY;
    return this.#hasFailed;
  }

  /**
   * Takes a message that has just come in.
   *
   * @param pass gives it to the service: now, or when it is let go
   * @param turnAway does with it what a service does that is out of order
   */
  protected take(connection: object, pass: () => void, turnAway: () => void): void {
    if (!this.#isHeardOf()) {
      if (this.#isFailing) turnAway();
      return;
    }
    if (this.sent === this.#holds) this.#held = { connection, letThrough: [] };
    if (this.#held?.connection === connection) this.#held.letThrough.push(pass);
    else pass();
  }

  /** Whether the client gets the answer that has just come in. */
  protected isAnswered(): boolean {
    // The message that is to fail may be one that has no answer: then the next answer is its own.
    if (this.sent >= this.#fails && !this.#hasFailed) this.#fail();
    return !this.#isStalled;
  }

  /** Whether the service gets the message that has just come in. */
  #isHeardOf(): boolean {
    this.sent += 1;
    if (this.sent === this.#fails && (this.#how === 'lost' || this.#how === 'failing')) {
      this.#fail();
      return false;
    }
    return !this.#isCut && !this.#isFailing;
  }

  #letGo(): void {
    const passes = this.#held?.letThrough ?? [];
    this.#holds = Number.POSITIVE_INFINITY;
    this.#held = undefined;
    for (const pass of passes) pass();
  }

  #fail(): void {
    this.#hasFailed = true;
    this.#isCut = this.#how === 'dead';
    this.#isStalled = this.#how === 'stalled';
    this.#isFailing = this.#how === 'failing';
    if (!this.#isStalled && !this.#isFailing) this.breakAll();
  }
}

class Tcp extends Disturbed implements Omit<TcpLine, 'port'> {
  readonly host = '127.0.0.1';
  /** Where it listens, in the order of `alsoTo`. */
  readonly ports: number[] = [];
  readonly #sockets = new Set<Socket>();
  /** The connections of clients over which a session may be logged in. */
  readonly #sessions = new Set<Socket>();
  readonly #servers: Server[] = [];
  #first: readonly [port: number, host: string] | undefined;

  /** How many connections are open, but for those that may speak HTTP: what they keep alive is no session. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Another way to the service that it leads to first. */
  async another(): Promise<number> {
    return this.#first ? this.alsoTo(...this.#first) : 0;
  }

  async alsoTo(port: number, host = '127.0.0.1'): Promise<number> {
    this.#first ??= [port, host];
    const server = createServer((client) => this.#join(client, port, host)).listen(0, this.host);
    this.#servers.push(server);
    await once(server, 'listening');
    const { port: own } = server.address() as AddressInfo;
    this.ports.push(own);
    return own;
  }

  async close(): Promise<void> {
    this.breakAll();
    await Promise.all(this.#servers.map((server) => once(server.close(), 'close')));
  }

  protected breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket, port: number, host: string): void {
    this.#keep(client);
    if (this.isCut) return void client.destroy();
    this.#sessions.add(client);
    client.once('close', () => this.#sessions.delete(client));
    client.once('data', (message) => {
      if (maySpeakHttp(message)) this.#sessions.delete(client);
    });
    const service = this.#keep(connect(port, host));
    client.once('close', () => service.destroy());
    service.once('close', () => {
      // A service that closes what it has answered is not heard of either.
      if (!this.isStalled) client.destroy();
    });
    client.on('data', (message) => {
      const pass = (): void => {
        if (!service.writableEnded && !service.destroyed) service.write(message);
      };
      this.take(client, pass, () => turnAway(client, message));
    });
    service.on('data', (answer) => {
      if (this.isAnswered()) client.write(answer);
    });
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    // A connection that breaks is what this is for.
    return socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
  }
}

const HTTP_1 = /^[A-Z]+ \S+ HTTP\/1\.[01]\r\n/;

/** Whether it is a request, or the greeting of a TLS client, which need not say what it will speak. */
function maySpeakHttp(message: Buffer): boolean {
  return message[0] === 0x16 || HTTP_1.test(message.toString('latin1')) || message.includes('PRI * HTTP/2');
}

/** What a service that is out of order does with a message. */
function turnAway(client: Socket, message: Buffer): void {
  if (HTTP_1.test(message.toString('latin1'))) {
    client.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  } else if (!client.writableEnded) {
    client.destroy();
  }
}
