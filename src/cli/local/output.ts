import type { Observation } from '../../local/settings.js';
import { printable } from '../terminal/screen.js';

/** Returns what happened, in one line. */
export function inWords(seen: Observation): string {
  switch (seen.kind) {
    case 'call':
      return [seen.operation ?? 'a request', seen.secretId, seen.error].filter(Boolean).join(' ');
    case 'step': {
      const end = seen.error === undefined ? 'succeeded' : `failed: ${messageOf(seen.error)}`;
      const attempt = seen.attempt > 1 ? `, attempt ${seen.attempt}` : '';
      return `  ${seen.secret}: ${seen.step}${attempt} ${end} (${Math.round(seen.durationMs)} ms)`;
    }
    case 'broken':
      return `  ${seen.secret}: the rotation broke off: ${messageOf(seen.error)}`;
    case 'end':
      return `  ${seen.secret}: the rotation ${ENDS[seen.outcome]}`;
  }
}

const ENDS = {
  succeeded: 'succeeded',
  failed: 'failed; the next RotateSecret starts it over',
  incomplete: 'is not complete: four steps succeeded, and AWSCURRENT did not move',
  abandoned: 'was abandoned: somebody stored a value, cancelled it, or deleted the secret',
} as const;

/** Returns an error's message, after its name unless that is `Error`. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it threw something that is not an Error';
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
}

/** Prints one line with the time, even if a function's error has line breaks. */
export function line(text: string): void {
  write(`${new Date().toTimeString().slice(0, 8)}  ${printable(text)}`);
}

export function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
