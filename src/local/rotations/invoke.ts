import { randomUUID } from 'node:crypto';
import type { LambdaContext } from '../../engine/deadline.js';
import type { RotationEvent } from '../../engine/event.js';
import type { Step } from '../../step.js';
import type { Account } from '../account.js';
import { functionName } from '../operations/rotate.js';
import type { RotationInFlight, StepRecord, StoredSecret } from '../store/stored-secret.js';
import type { Invocation } from './invocations.js';
import { callHandler, DEFAULTS, logGroupOf, newLogStream } from './lambda-call.js';

/** Log stream of functions in this process. */
const LOG_STREAM = newLogStream();

/**
 * Invokes a secret's rotation function for one step, with AWS's event and Lambda's time limit.
 *
 * @returns the step's record, and the rules of strict mode that the function broke
 * @throws Error if the function is not registered
 */
export async function invoke(
  account: Account,
  secret: StoredSecret,
  { token, rotationToken, attempt }: RotationInFlight,
  step: Step,
): Promise<{ record: StepRecord; violations: readonly string[] }> {
  const { settings } = account;
  const lambdaArn = secret.rotation?.lambdaArn ?? '';
  const name = functionName(lambdaArn) ?? '';
  const handler = account.functions.get(name);
  if (!handler)
    throw new Error(`the rotation function of ${secret.name} is not registered: call addFunction first`);
  const event: RotationEvent = {
    Step: step,
    SecretId: secret.arn,
    ClientRequestToken: token,
    ...(settings.sendsRotationToken && { RotationToken: rotationToken }),
  };
  const lambda = {
    ...DEFAULTS,
    ...{ functionName: name, invokedFunctionArn: lambdaArn, awsRequestId: randomUUID() },
    ...{ logGroupName: logGroupOf(name), logStreamName: LOG_STREAM },
  };
  const invocation: Invocation = { secret, token, violations: [] };
  const startedAt = performance.now();
  const error = await account.invocations
    .during(invocation, () =>
      withTimeout(settings.timeoutMs, (context) => callHandler(handler, event, { ...lambda, ...context })),
    )
    .then(
      () => undefined,
      (thrown: unknown) => thrown ?? new Error('the function failed without an error'),
    );
  const durationMs = performance.now() - startedAt;
  account.tell({ kind: 'step', secret: secret.name, step, attempt, error: undefined, durationMs }, error);
  const record: StepRecord = { step, attempt, ...(error !== undefined && { error }) };
  return { record, violations: invocation.violations };
}

/** Fails the invocation when its time is up, as Lambda does. */
async function withTimeout(
  timeoutMs: number,
  invoke: (context: LambdaContext) => Promise<unknown>,
): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const seconds = (timeoutMs / 1000).toFixed(2);
    timer = setTimeout(() => reject(new Error(`Task timed out after ${seconds} seconds`)), timeoutMs);
  });
  const work = invoke({
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(endsAt - performance.now())),
  });
  await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
