import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { AwsRefusal, REQUEST_ID, respond, signatureOf } from './aws-query.js';
import { IamAccount, type Params } from './iam-account.js';
import { listening } from './listening.js';

const ROLE = { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };

/** The APIs of IAM and STS on 127.0.0.1, in their own protocol: AWS Query in, XML out. It checks every signature. */
export class IamServer {
  account = new IamAccount();
  readonly requests: { readonly action: string; readonly params: Params }[] = [];
  /** Actions that the role has no right to. */
  readonly denied = new Set<string>();
  /** Actions whose next answer is lost: they take effect, and the connection breaks. */
  readonly lost = new Set<string>();
  /** Actions whose next answer has the secret key where the time should be: the SDK quotes it in its error. */
  readonly garbled = new Set<string>();
  /** How many of the next requests are throttled. */
  throttles = 0;
  /** Breaks every connection. */
  isUnplugged = false;
  port = 0;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  /** Starts one, and makes it IAM and STS of this process: the SDK reads these variables when a client is made. */
  static async start(): Promise<IamServer> {
    const server = new IamServer();
    server.port = await listening(server.#server);
    const url = `http://127.0.0.1:${server.port}`;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_IAM: url,
      AWS_ENDPOINT_URL_STS: url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: ROLE.id,
      AWS_SECRET_ACCESS_KEY: ROLE.secret,
    });
    return server;
  }

  /** The actions that were asked for, in order. */
  actions(): string[] {
    return this.requests.map(({ action }) => action);
  }

  /** As it was at first, with no users. */
  reset(): void {
    this.account = new IamAccount();
    this.requests.length = 0;
    for (const actions of [this.denied, this.lost, this.garbled]) actions.clear();
    Object.assign(this, { throttles: 0, isUnplugged: false });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const params = Object.fromEntries(new URLSearchParams(body));
    const { Action: action = '' } = params;
    this.requests.push({ action, params });
    if (this.isUnplugged) {
      request.socket.destroy();
      return;
    }
    try {
      const result = this.#answer(request, body, params);
      if (this.lost.delete(action)) {
        request.socket.destroy();
        return;
      }
      const sent = this.garbled.delete(action) ? garbled(result) : result;
      respond(response, 200, `${action}Response`, { [`${action}Result`]: sent });
    } catch (error) {
      if (!(error instanceof AwsRefusal)) throw error;
      const { code, message, status } = error;
      const refusal = { Type: 'Sender', Code: code, Message: message };
      respond(response, status, 'ErrorResponse', { Error: refusal, RequestId: REQUEST_ID });
    }
  }

  #answer(request: IncomingMessage, body: string, params: Params): object {
    const { Action: action = '' } = params;
    const signature = signatureOf(request, body);
    if (!signature) throw new AwsRefusal(403, 'MissingAuthenticationToken', 'Request is missing a signature');
    const isRole = signature.keyId === ROLE.id;
    const caller = isRole
      ? { secret: ROLE.secret, arn: 'arn:aws:sts::123456789012:assumed-role/rotate/rotate' }
      : this.account.lookUp(signature.keyId);
    if (!caller) {
      throw new AwsRefusal(
        403,
        'InvalidClientTokenId',
        'The security token included in the request is invalid.',
      );
    }
    if (!signature.isMadeWith(caller.secret)) {
      throw new AwsRefusal(
        403,
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match',
      );
    }
    if (this.throttles > 0) {
      this.throttles--;
      throw new AwsRefusal(400, 'Throttling', 'Rate exceeded');
    }
    if (action === 'GetCallerIdentity' && signature.service === 'sts') {
      return { Arn: caller.arn, UserId: 'AIDACKCEVSQ6C2EXAMPLE', Account: '123456789012' };
    }
    if (!isRole || this.denied.has(action)) {
      const message = `User: ${caller.arn} is not authorized to perform: iam:${action}`;
      throw new AwsRefusal(403, 'AccessDenied', message);
    }
    const result = signature.service === 'iam' ? this.account.answer(action, params) : undefined;
    return result ?? refuseAction(action);
  }
}

function garbled(result: object): object {
  const [[name, { SecretAccessKey, ...rest }] = ['', {}]] = Object.entries(result);
  return { [name]: { ...rest, SecretAccessKey, CreateDate: SecretAccessKey } };
}

function refuseAction(action: string): never {
  throw new AwsRefusal(400, 'InvalidAction', `Could not find operation ${action}`);
}
