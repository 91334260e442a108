import { createServer, type IncomingMessage } from 'node:http';
import { type Jwks, type ServiceTokenOptions, serviceToken } from '../../rotators/service-token/index.js';
import { sign } from '../../rotators/service-token/sign/index.js';
import { verified } from '../../rotators/service-token/verify/index.js';
import { lineTo, rig, type TcpLine } from '../../src/testing/index.js';
import { listening } from './listening.js';

const ADMIN = 'Bearer adm-5Tq9-2xWz';

/**
 * A service that checks tokens, over real HTTP. PUT /accepted says which. It reads a secret when a
 * test makes it do so, and can answer as no service should.
 */
export class TokenService {
  readonly #server = createServer((request, response) => {
    this.#status(request).then(
      (status) => response.writeHead(status).end(String(this.#tokens)),
      () => response.destroy(),
    );
  });
  #line: TcpLine | undefined;
  #tokens: readonly string[] = [];
  #jwks: Jwks = { keys: [] };
  /** The bodies of the requests that told it what to accept. */
  readonly told: string[] = [];
  /** The tokens that it was asked about. */
  readonly asked: string[] = [];
  isCut = false;
  /** What it answers to all that it is asked, whatever it is. */
  status: number | undefined;

  async start(): Promise<void> {
    this.#line = await lineTo(await listening(this.#server));
  }

  async stop(): Promise<void> {
    await this.#line?.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** The way over which it is reached. */
  get line(): TcpLine {
    if (!this.#line) throw new Error('start() lays the line');
    return this.#line;
  }

  get url(): string {
    return `http://127.0.0.1:${this.line.port}`;
  }

  /** What a service that reads the secret does when it refreshes its copy. */
  read(secret: Readonly<Record<string, string>>): void {
    this.#tokens = Object.values(secret);
  }

  /** Back to a service that knows of no token but these. */
  reset(accepted: { tokens?: readonly string[]; jwks?: Jwks } = {}): void {
    this.#tokens = accepted.tokens ?? [];
    this.#jwks = accepted.jwks ?? { keys: [] };
    this.isCut = false;
    this.status = undefined;
    this.told.length = 0;
    this.asked.length = 0;
  }

  /** Whether it accepts what a client with this secret sends, asked without HTTP. */
  takes(secret: Readonly<Record<string, unknown>>): boolean {
    const { current } = secret;
    if (typeof current !== 'string') return false;
    if (!current.includes('-----BEGIN')) return this.#accepts(current);
    return this.#accepts(sign({ current }, { sub: 'client' }));
  }

  #accepts(token: string): boolean {
    return this.#tokens.includes(token) || verified(this.#jwks, token) !== undefined;
  }

  async #status(request: IncomingMessage): Promise<number> {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (this.isCut) throw new Error('cut');
    const { authorization = '' } = request.headers;
    if (request.method === 'PUT') {
      this.told.push(body);
      if (this.status !== undefined) return this.status;
      if (authorization !== ADMIN) return 403;
      const accepted = JSON.parse(body);
      if (Array.isArray(accepted)) this.#tokens = accepted;
      else this.#jwks = accepted;
      return 204;
    }
    const token = authorization.replace(/^Bearer /, '');
    this.asked.push(token);
    return this.status ?? (this.#accepts(token) ? 200 : 401);
  }

  /** Options with which the rotator tells it, and tries it. */
  options(kind: 'random' | 'Ed25519' | 'RSA' = 'random'): ServiceTokenOptions {
    const install = (accepted: unknown) => ({
      url: `${this.url}/accepted`,
      method: 'PUT' as const,
      headers: { authorization: ADMIN },
      body: JSON.stringify(accepted),
    });
    const probe = (token: string) => ({ url: this.url, headers: { authorization: `Bearer ${token}` } });
    if (kind === 'random') return { kind, install, probe };
    return { kind, install, probe: (signed) => probe(signed({ sub: 'probe' })) };
  }
}

/** A secret of tokens in a local Secrets Manager, and the rotation of it. */
export async function tokenRig(secret: object, options: ServiceTokenOptions = {}) {
  const rigged = await rig(serviceToken(options), { name: 'token', secret });
  const { secrets, secretString } = rigged;
  return {
    ...rigged,
    rotation: () => secrets.rotation('token'),
    /** All its fields, its owner's too. */
    value: async (label: string): Promise<Record<'previous' | 'current' | 'next', string>> =>
      JSON.parse(await secretString(label)),
  };
}
