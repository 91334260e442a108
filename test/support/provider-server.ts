import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { lineTo, type TcpLine } from '../../src/testing/index.js';
import { listening } from './listening.js';

/** A key that a provider has issued. */
export interface ServedKey {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly createdAt: Date;
  /** What else the provider keeps with it. */
  readonly traits: Readonly<Record<string, unknown>>;
  isLive: boolean;
  /** How often it is still refused although it is live. */
  refusals: number;
  /** How often it is still accepted although it was ended. */
  echoes: number;
  /** It works, and no list shows it. */
  isHidden: boolean;
}

export interface ProviderCall {
  readonly method: string;
  readonly url: URL;
  header(name: string): string | undefined;
  /** User and password of basic authentication. */
  readonly basic: string | undefined;
  /** A JSON object, or the fields of a form. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The answer to a call: a status alone, or with JSON. */
export type ProviderAnswer = readonly [status: number, json?: unknown, headers?: Record<string, string>];

/** How one provider speaks: what it answers to a call, given its keys. */
export type Dialect = (call: ProviderCall, keys: KeyStore) => ProviderAnswer;

/** The keys of a provider, whose clock ticks with each of them. */
export class KeyStore {
  readonly all: ServedKey[] = [];
  /** For how many checks a new key is refused. */
  refusals = 0;
  /** What the first checks of a new key say, one after the other: one server knows it, the next does not. */
  firstChecks: readonly boolean[] = [];
  /** For how many checks a key that was ended is accepted. */
  echoes = 0;
  readonly #checks = new Map<string, number>();
  #now = Date.now();
  #ids = 1000;

  issue(
    name: string,
    traits: Record<string, unknown> = {},
    key = randomBytes(16).toString('hex'),
  ): ServedKey {
    const id = String(++this.#ids);
    const { refusals, echoes } = this;
    this.#now += 1000;
    const issued = {
      id,
      key,
      name,
      createdAt: new Date(this.#now),
      traits,
      isLive: true,
      refusals,
      echoes,
      isHidden: false,
    };
    this.all.push(issued);
    return issued;
  }

  live(): readonly ServedKey[] {
    return this.all.filter(({ isLive, isHidden }) => isLive && !isHidden);
  }

  find(id: string | undefined): ServedKey | undefined {
    return this.live().find((key) => key.id === id);
  }

  /** The key that a caller shows, once it has been propagated, and until it is known to have ended. */
  shown(key: string | undefined): ServedKey | undefined {
    const shown = this.all.find((one) => one.key === key);
    if (!shown) return undefined;
    if (!shown.isLive) return shown.echoes-- > 0 ? shown : undefined;
    const checks = this.#checks.get(shown.id) ?? 0;
    this.#checks.set(shown.id, checks + 1);
    // The first key was made long ago.
    const isKnown = shown === this.all[0] || (this.firstChecks[checks] ?? true);
    return isKnown && shown.refusals-- <= 0 ? shown : undefined;
  }

  end(id: string | undefined): boolean {
    const key = this.find(id);
    if (key) key.isLive = false;
    return key !== undefined;
  }
}

/** A provider of keys, over HTTP: it keeps state, and can be throttled, be cut off, and lose answers. */
export class ProviderServer {
  keys = new KeyStore();
  readonly calls: ProviderCall[] = [];
  /** Answers instead of the provider. */
  impostor: RequestListener | undefined;
  /** Answers instead of the provider where it has an answer: a gateway. */
  before: ((call: ProviderCall) => ProviderAnswer | undefined) | undefined;
  isUnplugged = false;
  readonly #dialect: Dialect;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #line: TcpLine | undefined;
  #losses: string[] = [];
  #throttles: string[] = [];

  static async start(dialect: Dialect): Promise<ProviderServer> {
    const provider = new ProviderServer(dialect);
    provider.#line = await lineTo(await listening(provider.#server));
    return provider;
  }

  private constructor(dialect: Dialect) {
    this.#dialect = dialect;
    this.#server = createServer((asked, response) => {
      if (this.impostor) this.impostor(asked, response);
      else
        void this.#answer(asked).then((answer) => {
          if (!answer) asked.socket.destroy();
          else send(response, answer);
        });
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      if (this.isUnplugged) socket.destroy();
    });
  }

  /** The way over which it is reached. */
  get line(): TcpLine {
    if (!this.#line) throw new Error('start() lays the line');
    return this.#line;
  }

  get url(): string {
    return `http://127.0.0.1:${this.line.port}`;
  }

  reset(): void {
    this.keys = new KeyStore();
    this.calls.length = 0;
    this.impostor = undefined;
    this.before = undefined;
    this.isUnplugged = false;
    this.#losses = [];
    this.#throttles = [];
  }

  /** The answer to the next call of a method is lost: it has taken effect. */
  loseAnswer(method: string): void {
    this.#losses.push(method);
  }

  /** The next call of a method is refused with 429. */
  throttle(method: string): void {
    this.#throttles.push(method);
  }

  live(): readonly string[] {
    return this.keys.live().map(({ id }) => id);
  }

  async stop(): Promise<void> {
    await this.#line?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** `undefined`: the answer is lost. */
  async #answer(asked: IncomingMessage): Promise<ProviderAnswer | undefined> {
    const call = await read(asked, this.url);
    this.calls.push(call);
    if (taken(this.#throttles, call.method)) return [429, { error: 'slow down' }, { 'retry-after': '1' }];
    const answer = this.before?.(call) ?? this.#dialect(call, this.keys);
    return taken(this.#losses, call.method) ? undefined : answer;
  }
}

function send(response: ServerResponse, [status, json, headers]: ProviderAnswer): void {
  response.writeHead(status, headers).end(json === undefined ? undefined : JSON.stringify(json));
}

function taken(methods: string[], method: string): boolean {
  const at = methods.indexOf(method);
  if (at >= 0) methods.splice(at, 1);
  return at >= 0;
}

async function read(asked: IncomingMessage, base: string): Promise<ProviderCall> {
  let text = '';
  for await (const chunk of asked) text += chunk;
  const { method = '', url = '', headers } = asked;
  const isForm = headers['content-type'] === 'application/x-www-form-urlencoded';
  const body = isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text || '{}');
  const header = (name: string) => headers[name]?.toString();
  const [, basic] = /^Basic (.+)$/.exec(header('authorization') ?? '') ?? [];
  return {
    method,
    url: new URL(url, base),
    header,
    body,
    basic: basic === undefined ? undefined : Buffer.from(basic, 'base64').toString(),
  };
}
