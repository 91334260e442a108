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

export interface RotationHandlerOptions {
  /** @default a client for the function's own Region, made once per container */
  readonly client?: SecretsManagerApi;
  /**
   * Takes one entry a step, and is waited for, shortly. What it throws is dropped: it changes nothing about the step.
   *
   * @default one line of JSON on stdout, which CloudWatch reads as a metric too
   */
  readonly log?: (entry: LogEntry) => unknown;
}

/** What a step returns. Secrets Manager ignores it; people who invoke the function by hand do not. */
export interface StepResult {
  readonly step: Step;
  readonly outcome: Outcome;
}

/** A Lambda handler for Secrets Manager's rotation events. */
export type RotationHandler = (event: RotationEvent, context?: LambdaContext) => Promise<StepResult>;

/**
 * Makes the Lambda handler that rotates secrets with `rotator`.
 *
 * The handler throws a RotationError if the step fails, and Secrets Manager tries the rotation again. Nothing secret
 * is in the error, its stack or its causes.
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
    // Once each: what is tried again warns again.
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
      // Redacted now, not when the rotator warned: what createSecret makes is known only once it has returned.
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

/** Loaded when there is something to redact: most steps neither fail nor warn. */
async function redactorOf(hidden: HiddenValues) {
  const { Redactor } = await import('../redact/redactor.js');
  return new Redactor(hidden);
}

/** The one way out of the function for an error: a scrubbed copy, which says in which step of which secret. */
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

/** `fetch failed` says little; why it failed is in the cause. */
function messagesOf(error: unknown): string {
  if (!isError(error)) return '';
  const rest = messagesOf(error.cause);
  return rest === '' || error.message.includes(rest) ? error.message : `${error.message}: ${rest}`;
}
