import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpRequest, type HttpResponse, request, type StepContext } from '../../src/index.js';

const MOST_TRIES = 3;
/** For what comes after the pause. */
const RESERVE_MS = 5000;

/**
 * Sends a request, and again after the pause that a 429 asks for, if there is time: what was throttled was not done. An
 * answer that is still 429 is the caller's.
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
