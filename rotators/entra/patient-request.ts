import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpRequest, type HttpResponse, request, type StepContext } from '../../src/index.js';

const MOST_TRIES = 3;
/** Time for the calls after the pause. */
const RESERVE_MS = 5000;

/**
 * Sends a request. After a 429 it waits as Retry-After says, and sends the request again if there is time: a throttled
 * request was not carried out. Returns a 429 that remains.
 */
export async function patientRequest(
  call: Omit<HttpRequest, 'signal'>,
  context: StepContext,
): Promise<HttpResponse> {
  for (let tries = 1; ; tries++) {
    const response = await request({ ...call, signal: context.signal });
    const pauseMs = response.retryAfterMs ?? 1000;
    if (response.status !== 429 || tries === MOST_TRIES || pauseMs + RESERVE_MS > context.leftMs) {
      return response;
    }
    await sleep(pauseMs, undefined, { signal: context.signal });
  }
}
