import type { RotationErrorCode } from '../errors.js';
import type { WarningMetric } from '../rotator.js';
import type { Step } from '../step.js';
import type { Outcome } from './steps.js';

const WARNING_METRICS: readonly WarningMetric[] = ['keyEndsEarly', 'endedKeyWorks', 'oldPasswordKept'];

/** Log entry of a step. No field holds a secret: the engine redacts whatever a rotator writes. */
export interface LogEntry {
  /** Name of the rotator. */
  readonly rotator: string;
  /** Step that was taken. */
  readonly step: Step;
  /** ARN of the secret. */
  readonly secretId: string;
  /** ClientRequestToken, which is the VersionId of the new version. */
  readonly versionId: string;
  /** What the step did, or that it failed. */
  readonly outcome: Outcome | 'failed';
  /** Reason for the failure. */
  readonly code?: RotationErrorCode;
  /** What the owner should change although the step succeeded. */
  readonly warnings?: readonly string[];
  /** 1 if the new key expires before the rotation after the next; `warnings` says when, and what to do. */
  readonly keyEndsEarly?: 1;
  /** 1 if an ended key still works, or the rotator could not find out; `warnings` names it. */
  readonly endedKeyWorks?: 1;
  /** 1 if the old password still works beside the new one; `warnings` says until when. */
  readonly oldPasswordKept?: 1;
  /** Milliseconds from the event to the end of the step. */
  readonly durationMs: number;
}

/**
 * Writes an entry as one line of JSON in CloudWatch's embedded metric format. Namespace `Quarterturn`; metrics `durationMs`,
 * `failed` (0 or 1) and, if the entry has them, `keyEndsEarly`, `endedKeyWorks` and `oldPasswordKept` (1); dimensions
 * rotator, and rotator with step.
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
            // Only if present: CloudWatch charges for each metric.
            ...WARNING_METRICS.filter((name) => name in entry).map((Name) => ({ Name, Unit: 'Count' })),
          ],
        },
      ],
    },
    ...entry,
    failed: entry.outcome === 'failed' ? 1 : 0,
  };
  // Not console.log: Lambda's JSON logging would wrap the line, and CloudWatch would find no metric.
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Returns the fields of an entry that count warnings. No other names: a name could hold a value. */
export function countsOf(metrics: ReadonlySet<unknown>): Pick<LogEntry, WarningMetric> {
  const names = WARNING_METRICS.filter((name) => metrics.has(name));
  return Object.fromEntries(names.map((name) => [name, 1]));
}

/** Longest wait for a log, in milliseconds. */
const LOG_MS = 250;

/** Gives an entry to a log. A log that throws or hangs does not change the step's result. */
export async function writeEntry(log: (entry: LogEntry) => unknown, entry: LogEntry): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LOG_MS);
  });
  const written = (async () => log(entry))().catch(() => {});
  await Promise.race([written, timeout]);
  clearTimeout(timer);
}
