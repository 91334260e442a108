import type { RotationErrorCode } from '../errors.js';
import type { WarningMetric } from '../rotator.js';
import type { Step } from '../step.js';
import type { Outcome } from './steps.js';

const WARNING_METRICS: readonly WarningMetric[] = ['keyEndsEarly', 'endedKeyWorks', 'oldPasswordKept'];

/** What is logged of a step. No field of it can hold a secret: texts that a rotator makes are redacted. */
export interface LogEntry {
  readonly rotator: string;
  readonly step: Step;
  /** The ARN of the secret. */
  readonly secretId: string;
  /** The ClientRequestToken, which is the VersionId of AWSPENDING. */
  readonly versionId: string;
  readonly outcome: Outcome | 'failed';
  /** Why the step failed. */
  readonly code?: RotationErrorCode;
  /** What the owner should change although the step succeeded. */
  readonly warnings?: readonly string[];
  /** 1 if the new key ends before the rotation after the next; `warnings` says when, and what to do. */
  readonly keyEndsEarly?: 1;
  /** 1 if a key that was ended still works, at a provider that is declared to end keys late; `warnings` says which. */
  readonly endedKeyWorks?: 1;
  /** 1 if setSecret has left the old password working beside the new one; `warnings` says until when. */
  readonly oldPasswordKept?: 1;
  /** Milliseconds from the event to the end of the step. */
  readonly durationMs: number;
}

/**
 * Writes an entry as one line of JSON, in CloudWatch's embedded metric format: namespace `Quarterturn`, metrics
 * `durationMs` and `failed` (0 or 1), `keyEndsEarly`, `endedKeyWorks` and `oldPasswordKept` (1) where they are in the entry,
 * by rotator and by rotator and step.
 */
export function logMetric(entry: LogEntry): void {
  const line = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: 'Quarterturn',
          Dimensions: [['rotator'], ['rotator', 'step']],
          Metrics: [
            { Name: 'durationMs', Unit: 'Milliseconds' },
            { Name: 'failed', Unit: 'Count' },
            // Only where there is one: CloudWatch charges for each metric.
            ...WARNING_METRICS.filter((name) => name in entry).map((Name) => ({ Name, Unit: 'Count' })),
          ],
        },
      ],
    },
    ...entry,
    failed: entry.outcome === 'failed' ? 1 : 0,
  };
  // Not console.log: with Lambda's JSON logging it would wrap the line, and the metric would be lost.
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The fields of an entry that count warnings: no other names, since a name could hold a value. */
export function countsOf(metrics: ReadonlySet<unknown>): Pick<LogEntry, WarningMetric> {
  const names = WARNING_METRICS.filter((name) => metrics.has(name));
  return Object.fromEntries(names.map((name) => [name, 1]));
}

/** A log that hangs is not waited for longer: the step has been taken. */
const LOG_MS = 250;

/** Gives an entry to a log. The step has been taken, or has failed for a reason of its own: a log that breaks changes neither. */
export async function writeEntry(log: (entry: LogEntry) => unknown, entry: LogEntry): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LOG_MS);
  });
  const written = (async () => log(entry))().catch(() => {});
  await Promise.race([written, timeout]);
  clearTimeout(timer);
}
