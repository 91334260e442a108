import { isError, isRotationError, RotationError } from '../errors.js';
import { HiddenValues } from '../redact/hidden-values.js';
import { saidByUs } from '../redact/said-by.js';
import type { Rotator, VersionsContext } from '../rotator.js';
import type { Step } from '../step.js';
import { confirmation } from './confirmation.js';
import { Deadline, type LambdaContext } from './deadline.js';
import { parseEvent, type RotationEvent } from './event.js';
import { assertPlainField } from './field-checks.js';
import { countsOf, type LogEntry, logMetric, writeEntry } from './log.js';
import { secretValues } from './secret-values.js';
import { defaultClient, type SecretsManagerApi, withDeadline } from './secrets-manager.js';
import { type Outcome, takeStep } from './steps.js';

/** Options of {@link rotationHandler}. */
export interface RotationHandlerOptions {
  /**
   * Client for Secrets Manager.
   *
   * @default a client for the function's own Region, made once per container
   */
  readonly client?: SecretsManagerApi;
  /**
   * Called once per step. The handler waits up to 250 ms for a returned promise; whatever `log` throws is ignored and never
   * fails the step.
   *
   * @default writes one line of JSON to stdout, from which CloudWatch also takes metrics
   */
  readonly log?: (entry: LogEntry) => unknown;
}

/** Result of a step, for people who invoke the function by hand. Secrets Manager ignores it. */
export interface StepResult {
  /** Step that was taken. */
  readonly step: Step;
  /** What it did. */
  readonly outcome: Outcome;
}

/** Lambda handler for Secrets Manager's rotation events. */
export type RotationHandler = (event: RotationEvent, context?: LambdaContext) => Promise<StepResult>;

/**
 * Returns the Lambda handler that rotates secrets with a rotator.
 *
 * The handler throws a {@link RotationError} if a step fails, and Secrets Manager then tries the rotation again. The error,
 * its stack and its causes contain no secret.
 *
 * @throws TypeError if the rotator declares {@link Rotator.text} but rotates other fields too
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { gate } from './gate.js';
 *
 * export const handler = rotationHandler(gate());
 * ```
 */
export function rotationHandler<Secret extends object, Field extends keyof Secret & string>(
  rotator: Rotator<Secret, Field>,
  { client = defaultClient(), log = logMetric }: RotationHandlerOptions = {},
): RotationHandler {
  assertPlainField(rotator);
  return async (input, lambda) => {
    const event = parseEvent(input);
    const { Step: step, SecretId: secretId, ClientRequestToken, RotationToken } = event;
    const deadline = new Deadline(lambda);
    const hidden = new HiddenValues([secretId, ClientRequestToken, rotator.name]);
    if (RotationToken !== undefined) hidden.hide(RotationToken);
    const api = withDeadline(client, deadline);
    const values = secretValues({ client: api, hidden, rotator, secretId });
    // Sets: a rotator that repeats a call repeats its warning.
    const warnings = new Set<string>();
    const metrics = new Set<unknown>();
    const report = async (end: Pick<LogEntry, 'outcome' | 'code'>): Promise<void> => {
      const common = {
        rotator: rotator.name,
        step,
        secretId,
        versionId: ClientRequestToken,
        durationMs: deadline.elapsedMs,
      };
      // Redacted now, not in warn(): the engine knows what createSecret made only once it has returned.
      const redactor = warnings.size > 0 && (await redactorOf(hidden));
      const warned = redactor && {
        warnings: redactor.texts(warnings, rotator.ownWords, deadline.redactionMs),
        ...countsOf(metrics),
      };
      return writeEntry(log, { ...common, ...end, ...warned });
    };
    const confirming = confirmation(api, event);
    const context: VersionsContext = {
      secretId,
      token: ClientRequestToken,
      signal: deadline.signal,
      get leftMs() {
        return Math.max(0, deadline.leftMs);
      },
      confirm: () => saidByUs(confirming.confirm()),
      readSecret: (id, shows = []) => saidByUs(values.other(id, shows)),
      describeSecret: (id) => saidByUs(api.describeSecret({ SecretId: id })),
      readVersions: () => saidByUs(values.readAll()),
      hide: (secret) => hidden.hide(String(secret)),
      warn(message, metric) {
        warnings.add(String(message));
        metrics.add(metric);
      },
    };
    try {
      const outcome = await takeStep({
        rotator,
        client: api,
        values,
        event,
        context,
        deadline,
        hidden,
        confirming,
      });
      await report({ outcome });
      return { step, outcome };
    } catch (error) {
      const redactor = await redactorOf(hidden);
      const scrubbed = redactor.error(error, deadline.redactionMs);
      const failure = toRotationError(scrubbed, rotator.name, event);
      await report({ outcome: 'failed', code: failure.code });
      throw failure;
    } finally {
      deadline.end();
    }
  };
}

/** Loads the redactor only now: most steps neither fail nor warn. */
async function redactorOf(hidden: HiddenValues) {
  const { Redactor } = await import('../redact/redactor.js');
  return new Redactor(hidden);
}

/** Returns the only error that leaves the function: a scrubbed copy, with the step and the secret. */
function toRotationError(
  scrubbed: Error,
  rotator: string,
  { Step: step, SecretId: secretId }: RotationEvent,
): RotationError {
  const isOurs = isRotationError(scrubbed);
  const failure = new RotationError(
    isOurs ? scrubbed.code : 'ERR_ROTATOR_FAILED',
    isOurs ? scrubbed.message : `the rotator ${rotator} failed in ${step}: ${messagesOf(scrubbed)}`,
    { hint: isOurs ? scrubbed.hint : undefined, cause: isOurs ? scrubbed.cause : scrubbed, step, secretId },
  );
  if (isOurs && scrubbed.stack) failure.stack = scrubbed.stack;
  return failure;
}

/** Includes the causes: `fetch failed` says little without them. */
function messagesOf(error: unknown): string {
  if (!isError(error)) return '';
  const rest = messagesOf(error.cause);
  return rest === '' || error.message.includes(rest) ? error.message : `${error.message}: ${rest}`;
}
