import { type HttpRequest, RotationError, request, type StepContext, type Verdict } from '../../src/index.js';

/** A request to the service, over HTTPS, or HTTP within this machine. */
export type ServiceCall = Omit<HttpRequest, 'doing' | 'signal'>;

/** A request that the service answers with a status of 200 to 299 if it accepts what comes with it. */
export interface ProbeCall extends ServiceCall {
  /** The statuses that are the service's refusal. All others are errors. @default [401] */
  readonly refusedBy?: readonly number[];
}

/** Makes the service take new tokens. */
export async function install(call: ServiceCall, { signal }: Pick<StepContext, 'signal'>): Promise<void> {
  const response = await request({ ...call, doing: 'tell the service which tokens to accept', signal });
  if (!isSuccess(response.status)) throw response.failure();
}

/** Whether the service accepts what comes with a request. */
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
  return new RotationError('ERR_CREDENTIAL_UNPROVEN', 'the service accepts a token that nobody has made', {
    hint: 'the probe asks for what everybody may have, or the service checks no token there: name another URL',
  });
}
