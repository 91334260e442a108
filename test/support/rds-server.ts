import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { AwsRefusal, REQUEST_ID, respond } from './aws-query.js';
import { listening } from './listening.js';
import { type Params, RdsAccount } from './rds-account.js';

/** A request as it came. */
interface Request {
  readonly action: string;
  readonly params: Params;
}

/** An API of RDS on 127.0.0.1, in its own protocol: AWS Query in, XML out. */
export class RdsServer {
  readonly account: RdsAccount;
  readonly requests: Request[] = [];
  /** Actions that the caller has no right to. */
  readonly denied = new Set<string>();
  /** Actions whose next answer is lost: they take effect, and the connection breaks. */
  readonly lost = new Set<string>();
  /** How many of the next requests are throttled. */
  throttles = 0;
  /** Takes requests and never answers. */
  isSilent = false;
  /** Breaks every connection. */
  isUnplugged = false;
  port = 0;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  private constructor(account: RdsAccount) {
    this.account = account;
  }

  /** Starts one, and makes it the RDS of this process: the SDK reads these variables when its first client is made. */
  static async start(setPassword: (username: string, password: string) => Promise<unknown>) {
    const server = new RdsServer(new RdsAccount(setPassword));
    server.port = await listening(server.#server);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_RDS: `http://127.0.0.1:${server.port}`,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    });
    return server;
  }

  /** The actions that were asked for, in order. */
  actions(): string[] {
    return this.requests.map(({ action }) => action);
  }

  /** The requests to change something. */
  changes(): Request[] {
    return this.requests.filter(({ action }) => action.startsWith('Modify'));
  }

  /** As it was, but for its databases. */
  reset(): void {
    this.requests.length = 0;
    this.denied.clear();
    this.lost.clear();
    this.throttles = 0;
    this.isSilent = false;
    this.isUnplugged = false;
    this.account.applied.length = 0;
    Object.assign(this.account, { applyMs: 50, isHeld: false, isLagging: false });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const params = Object.fromEntries(new URLSearchParams(await text(request)));
    const { Action: action = '' } = params;
    this.requests.push({ action, params });
    if (this.isSilent) return;
    if (this.isUnplugged) {
      request.socket.destroy();
      return;
    }
    try {
      this.#assertAllowed(request, action);
      const result = this.account.answer(action, params);
      if (!result) throw new AwsRefusal(400, 'InvalidAction', `Could not find operation ${action}`);
      if (this.lost.delete(action)) {
        request.socket.destroy();
        return;
      }
      const body = { [`${action}Result`]: result, ResponseMetadata: { RequestId: REQUEST_ID } };
      respond(response, 200, `${action}Response`, body);
    } catch (error) {
      if (!(error instanceof AwsRefusal)) throw error;
      const { code, message, status } = error;
      const body = { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: REQUEST_ID };
      respond(response, status, 'ErrorResponse', body);
    }
  }

  #assertAllowed({ headers }: IncomingMessage, action: string): void {
    if (!headers.authorization?.includes('/eu-west-1/rds/aws4_request')) {
      throw new AwsRefusal(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
    }
    if (this.throttles > 0) {
      this.throttles--;
      throw new AwsRefusal(400, 'Throttling', 'Rate exceeded');
    }
    if (this.denied.has(action)) {
      const caller = 'arn:aws:sts::123456789012:assumed-role/rotate/rotate';
      throw new AwsRefusal(
        403,
        'AccessDenied',
        `User: ${caller} is not authorized to perform: rds:${action} because no identity-based policy allows it`,
      );
    }
  }
}
