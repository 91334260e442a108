import { type HttpRequest, RotationError, request, type StepContext, type Verdict } from '../../src/index.js';

/** A request to the service, over HTTPS, or over HTTP to this machine. */
export type ServiceCall = Omit<HttpRequest, 'doing' | 'signal'>;

/** A request that the service answers with a status from 200 to 299 if it accepts the credential. */
export interface ProbeCall extends ServiceCall {
  /** Statuses of a refusal. All other statuses are errors. @default [401] */
  readonly refusedBy?: readonly number[];
}

/** Tells the service which tokens to accept. */
export async function install(call: ServiceCall, { signal }: Pick<StepContext, 'signal'>): Promise<void> {
  const response = await request({ ...call, doing: 'tell the service which tokens to accept', signal });
  if (!isSuccess(response.status)) throw response.failure();
}

/** Asks the service whether it accepts a request's credential. */
export async function ask(call: ProbeCall, { signal }: Pick<StepContext, 'signal'>): Promise<Verdict> {
  const { refusedBy = [401], ...rest } = call;
  const response = await request({ ...rest, doing: 'try a token', signal });
  if (isSuccess(response.status)) return 'accepted';
  if (refusedBy.includes(response.status)) return 'rejected';
  throw response.failure();
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

export function unproven(): RotationError {
  return new RotationError('ERR_CREDENTIAL_UNPROVEN', 'the service accepts a token that was never made', {
    hint: 'let `probe` use another URL: this one is open to everybody, or the service checks no token there',
  });
}
