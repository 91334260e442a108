import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listening } from './listening.js';

interface Password {
  readonly keyId: string;
  readonly secretText: string;
  readonly displayName: string | null;
  readonly startDateTime: string;
  readonly endDateTime: string;
}

interface Application {
  readonly passwords: Password[];
  /** The applications that own it, by their client ids. */
  readonly owners: Set<string>;
}

interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

const TENANT = '11111111-2222-4333-8444-555555555555';
const TWO_YEARS = 63_072_000_000;

/** The token endpoint of Microsoft Entra ID and the API of Microsoft Graph on 127.0.0.1, with one tenant. */
export class EntraServer {
  readonly applications = new Map<string, Application>();
  /** Method and path, in order. */
  readonly requests: string[] = [];
  /** Ends of paths whose next answer is lost: they take effect, and the connection breaks. */
  readonly lost = new Set<string>();
  /** Ends of paths whose next answer is a sign-in page, or whatever a test puts here. */
  readonly replaced = new Map<string, Answer & { readonly text?: string }>();
  /** How many of the next logins do not know a new password yet. */
  lag = 0;
  /** What the first logins with a new password get, one after the other: one server knows it, the next does not. */
  firstChecks: boolean[] = [];
  /** For how many logins a password that was removed still works. */
  echoes = 0;
  /** How many passwords an application may have. */
  limit = Number.POSITIVE_INFINITY;
  /** Where it is asked: a test may put something between. */
  origin = '';
  readonly #tokens = new Map<string, string>();
  readonly #removed = new Map<string, number>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<EntraServer> {
    const server = new EntraServer();
    server.origin = `http://127.0.0.1:${await listening(server.#server)}`;
    return server;
  }

  reset(): void {
    for (const part of [this.applications, this.lost, this.replaced, this.#tokens]) part.clear();
    this.requests.length = 0;
    this.lag = 0;
    this.firstChecks = [];
    this.echoes = 0;
    this.#removed.clear();
    this.limit = Number.POSITIVE_INFINITY;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Registers an application with one password; it owns itself, if nobody is named. */
  register(owner?: string) {
    const clientId = randomUUID();
    this.applications.set(clientId, { passwords: [], owners: new Set([owner ?? clientId]) });
    const { keyId, secretText: clientSecret } = this.#add(clientId, { displayName: 'made by hand' });
    return { tenantId: TENANT, clientId, clientSecret, keyId };
  }

  /** The ids of the passwords that work. */
  live(clientId: string): string[] {
    return this.applications.get(clientId)!.passwords.map(({ keyId }) => keyId);
  }

  accepts(clientId: unknown, clientSecret: unknown): boolean {
    const passwords = this.applications.get(String(clientId))?.passwords ?? [];
    return passwords.some(({ secretText, endDateTime }) => {
      return secretText === clientSecret && Date.parse(endDateTime) > Date.now();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = decodeURIComponent(request.url ?? '');
    this.requests.push(`${request.method} ${path}`);
    const planned = [...this.replaced].find(([end]) => path.endsWith(end));
    if (planned) this.replaced.delete(planned[0]);
    const answer = planned?.[1] ?? this.#answer(request, path, body);
    const end = [...this.lost].find((candidate) => path.endsWith(candidate));
    if (end !== undefined) {
      this.lost.delete(end);
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(planned?.[1].text ?? (answer.body && JSON.stringify(answer.body)));
  }

  #answer({ method, headers }: IncomingMessage, path: string, body: string): Answer {
    if (path === `/${TENANT}/oauth2/v2.0/token`) return this.#login(new URLSearchParams(body));
    const caller = this.#tokens.get(headers.authorization ?? '');
    if (caller === undefined) return refusal(401, 'InvalidAuthenticationToken');
    const [, appId = '', action] = /^\/v1\.0\/applications\(appId='([^']*)'\)(.*)$/.exec(path) ?? [];
    const application = this.applications.get(appId);
    if (!application) return refusal(404, 'Request_ResourceNotFound');
    if (!application.owners.has(caller)) return refusal(403, 'Authorization_RequestDenied');
    switch (`${method} ${action}`) {
      case 'GET ?$select=passwordCredentials': {
        const { passwords } = application;
        const hidden = ({ secretText, ...rest }: Password) => ({
          ...{ ...rest, secretText: null, hint: secretText.slice(0, 3) },
        });
        return { status: 200, body: { passwordCredentials: passwords.map(hidden) } };
      }
      case 'POST /addPassword':
        if (application.passwords.length >= this.limit) return refusal(400, 'TooManyAppPasswords');
        return { status: 200, body: this.#add(appId, JSON.parse(body).passwordCredential) };
      case 'POST /removePassword': {
        const at = application.passwords.findIndex(({ keyId }) => keyId === JSON.parse(body).keyId);
        if (at < 0) return refusal(400, 'Request_BadRequest');
        for (const { secretText } of application.passwords.splice(at, 1)) {
          this.#removed.set(secretText, this.echoes);
        }
        return { status: 204 };
      }
      default:
        return refusal(405, 'Request_BadRequest');
    }
  }

  #login(form: URLSearchParams): Answer {
    const clientId = form.get('client_id') ?? '';
    if (form.get('grant_type') !== 'client_credentials' || form.get('scope') !== `${this.origin}/.default`) {
      return { status: 400, body: { error: 'invalid_scope', error_codes: [70011] } };
    }
    const application = this.applications.get(clientId);
    if (!application) return { status: 400, body: { error: 'unauthorized_client', error_codes: [700016] } };
    const isNew = application.passwords.at(-1)?.secretText === form.get('client_secret');
    const isFresh = isNew && application.passwords.length > 1;
    const isUnknownYet = isFresh && (this.lag-- > 0 || this.firstChecks.shift() === false);
    const secret = form.get('client_secret') ?? '';
    const echoes = this.#removed.get(secret) ?? 0;
    this.#removed.set(secret, echoes - 1);
    if (isUnknownYet || !(echoes > 0 || this.accepts(clientId, secret))) {
      const error_description = `AADSTS7000215: Invalid client secret provided for '${clientId}'.`;
      return { status: 401, body: { error: 'invalid_client', error_description, error_codes: [7000215] } };
    }
    const token = randomBytes(30).toString('base64url');
    this.#tokens.set(`Bearer ${token}`, clientId);
    return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: token } };
  }

  #add(clientId: string, { displayName = null, endDateTime }: Partial<Password>): Password {
    const now = Date.now();
    const password = {
      keyId: randomUUID(),
      secretText: randomBytes(30).toString('base64url'),
      displayName,
      startDateTime: new Date(now).toISOString(),
      endDateTime: endDateTime ?? new Date(now + TWO_YEARS).toISOString(),
    };
    this.applications.get(clientId)!.passwords.push(password);
    return password;
  }
}

function refusal(status: number, code: string): Answer {
  return { status, body: { error: { code, message: 'refused' } } };
}
