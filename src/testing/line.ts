import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A failure at a message that a client sends to a service.
 *
 * - `lost`: the service does not get the message, and all connections break.
 * - `unanswered`: the service gets the message, and all connections break when it begins to answer.
 * - `dead`: as `unanswered`, and nothing gets through afterwards, as if the client had died.
 * - `stalled`: the service gets the message, and no answer comes any more.
 * - `failing`: the service gets neither this message nor later ones. HTTP requests get status 503; in other protocols the
 *   connections break.
 */
export type Failure = 'lost' | 'unanswered' | 'dead' | 'stalled' | 'failing';

/** The way to a service. A test can disturb it. */
export interface Line {
  /** How many messages clients have sent. */
  readonly sent: number;
  /** Lets nothing through until `mend`: connections are closed at once. */
  cut(): void;
  /** Makes the nth message from now on fail. */
  failAt(n: number, how: Failure): void;
  /**
   * Holds back the nth message from now on, and all that follows it on its connection, while other connections get through: as
   * if the message were still under way. `mend` lets it go, too.
   */
  holdAt(n: number): Held;
  /** Lets everything through again. Returns whether the failure that was ordered has happened. */
  mend(): boolean;
}

/** A message that is held back. */
export interface Held {
  /** Whether the message has come. */
  readonly isHeld: boolean;
  /** Lets the message through, and what followed it. */
  letGo(): void;
}

/** A way over TCP, which listens on ports of this machine. */
export interface TcpLine extends Line {
  /** Host on which the line listens: put it into the secret in place of the service's own. */
  readonly host: string;
  /** Port on which the line listens for the service: put it into the secret in place of the service's own. */
  readonly port: number;
  /**
   * Connects to a second service too, for a rotator that needs two. The messages to both are counted together.
   *
   * @returns the port on which the line listens for that service
   */
  alsoTo(port: number, host?: string): Promise<number>;
  /** Stops listening, and breaks all connections. */
  close(): Promise<void>;
}

/**
 * Opens a line to a service: listens on a free port of 127.0.0.1, and passes everything on to the service.
 *
 * @param port the service's
 */
export async function lineTo(port: number, host = '127.0.0.1'): Promise<TcpLine> {
  const line = new Tcp();
  return Object.assign(line, { port: await line.alsoTo(port, host) });
}

/** The line as the contract sees it, if it is one over TCP. */
export function tcpOf(line: Line): Tcp | undefined {
  return line instanceof Tcp ? line : undefined;
}

/** What can go wrong on a line, and when, for lines over sockets and lines in memory. */
export abstract class Disturbed implements Line {
  sent = 0;
  /** The number of the message that will fail. */
  #fails = Number.POSITIVE_INFINITY;
  #how: Failure = 'lost';
  #hasFailed = false;
  #isCut = false;
  #isStalled = false;
  #isFailing = false;
  /** The number of the message that will be held back. */
  #holds = Number.POSITIVE_INFINITY;
  /** The connection whose messages are held back, and the functions that let them through. */
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
   * @param turnAway answers it as a service does that is out of order
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
    // The message that will fail may have no answer: then the next answer counts as its answer.
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
  /** The connections of clients that may be logged in. */
  readonly #sessions = new Set<Socket>();
  readonly #servers: Server[] = [];
  #first: readonly [port: number, host: string] | undefined;

  /** How many connections are open. Those that may speak HTTP do not count: a connection that is kept alive is no session. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Opens another port to the first service. */
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
      // Nothing of the service gets through, not even that it closes the connection.
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
    // Breaking connections is the purpose of a line.
    return socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
  }
}

const HTTP_1 = /^[A-Z]+ \S+ HTTP\/1\.[01]\r\n/;

/** Whether the message is an HTTP request, or the greeting of a TLS client, which may speak HTTP later. */
function maySpeakHttp(message: Buffer): boolean {
  return message[0] === 0x16 || HTTP_1.test(message.toString('latin1')) || message.includes('PRI * HTTP/2');
}

/** Answers a message as a service does that is out of order. */
function turnAway(client: Socket, message: Buffer): void {
  if (HTTP_1.test(message.toString('latin1'))) {
    client.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  } else if (!client.writableEnded) {
    client.destroy();
  }
}
