import type { LogEntry } from '../../engine/log.js';
import type { Outcome } from '../../engine/steps.js';
import type { RotationError } from '../../errors.js';
import type { Step } from '../../step.js';
import type { Rehearsal } from '../../testing/rehearsal.js';
import type { Output } from '../terminal/output.js';
import { paint } from '../terminal/screen.js';

/** A version, and whether the service accepts its value now. */
export interface ShownVersion {
  readonly label: 'no label' | 'AWSPREVIOUS' | 'AWSCURRENT' | 'AWSPENDING';
  readonly versionId: string;
  readonly isAccepted: boolean;
}

/** What a rehearsal has proven at its end. */
export interface Proof {
  readonly newAccepted: boolean;
  /** Whether AWSPREVIOUS is still accepted, as it must be if credentials overlap. */
  readonly previousAccepted?: boolean;
  /** Whether the old value is refused; with an overlap, the one before it, if there is one. */
  readonly oldRefused?: boolean;
  readonly nothingPrinted: boolean;
  /** The number of secret values that the output was searched for. */
  readonly values: number;
}

interface ShownStep {
  readonly rotation: number;
  readonly entry: LogEntry;
  readonly versions: readonly ShownVersion[];
  readonly failure: RotationError | undefined;
  /** Present with the last step. */
  readonly proof: Proof | undefined;
}

/** Prints a rehearsal. */
export interface Report {
  title(text: string): void;
  rotation(number: number, of: number): void;
  step(step: ShownStep): void;
  note(text: string): void;
}

/** Prints one JSON object per step to stdout; text for people goes to stderr. */
export function jsonReport(output: Output): Report {
  return {
    title: () => {},
    rotation: () => {},
    note: (text) => output.say(text),
    step({ rotation, entry, versions, failure, proof }) {
      const { step, outcome, durationMs, warnings } = entry;
      const labels = Object.fromEntries(
        versions.map(({ label, versionId, isAccepted }) => [label, { versionId, accepted: isAccepted }]),
      );
      const error = failure && { code: failure.code, message: failure.message, hint: failure.hint };
      output.line(JSON.stringify({ rotation, step, outcome, durationMs, labels, warnings, error, proof }));
    },
  };
}

const DEEDS: Readonly<Record<Outcome, string>> = {
  created: 'stored a new value as AWSPENDING',
  kept: 'kept the value of an earlier attempt',
  set: 'made the service accept AWSPENDING',
  passed: 'used AWSPENDING as an application would',
  promoted: 'moved AWSCURRENT to the new value',
  'already-current': 'nothing was left to do',
};

const NUMBERS: Readonly<Record<Step, number>> = {
  createSecret: 1,
  setSecret: 2,
  testSecret: 3,
  finishSecret: 4,
};

/** Prints plain text for people, in colour on a terminal. */
export function textReport(output: Output, { refresh }: Pick<Rehearsal, 'refresh'>): Report {
  const deeds = refresh ? { ...DEEDS, set: 'nothing to do: the service reads the secret' } : DEEDS;
  const verdict = (isGood: boolean, text: string): string => paint(isGood ? 'green' : 'red', text);
  const claim = (isTrue: boolean, text: string): void =>
    output.line(`  ${verdict(isTrue, isTrue ? 'yes' : 'NO ')}  ${text}`);

  return {
    title(text) {
      output.line(text);
      output.line('after each step, every version is tried on the service: accepted or refused');
    },

    rotation(number, of) {
      output.line();
      output.line(paint('bold', `rotation ${number} of ${of}`));
    },

    note: (text) => output.line(text),

    step({ entry, versions, failure, proof }) {
      const { step, outcome, durationMs, warnings = [] } = entry;
      const deed = outcome === 'failed' ? paint('red', 'failed') : deeds[outcome];
      output.line(
        `  ${NUMBERS[step]}  ${paint('bold', step.padEnd(13))} ${deed} ${paint('dim', `(${durationMs} ms)`)}`,
      );
      for (const { label, versionId, isAccepted } of versions) {
        const state = paint(isAccepted ? 'green' : 'dim', isAccepted ? 'accepted' : 'refused');
        output.line(`       ${label.padEnd(12)} ${versionId.slice(0, 8)}  ${state}`);
      }
      for (const warning of warnings) output.line(`     ${paint('yellow', 'warning')} ${warning}`);
      if (failure) {
        output.line(`     ${paint('red', failure.code)} ${failure.message}`);
        if (failure.hint) output.line(`     hint: ${failure.hint}`);
      }
      if (!proof) return;
      output.line();
      if (!failure) {
        claim(proof.newAccepted, 'the service accepts the new value');
        const { previousAccepted, oldRefused } = proof;
        if (previousAccepted !== undefined)
          claim(previousAccepted, 'the service still accepts the value before it, for one more rotation');
        if (oldRefused !== undefined)
          claim(
            oldRefused,
            `the service refuses the ${previousAccepted === undefined ? 'old value' : 'one before that'}`,
          );
      }
      claim(proof.nothingPrinted, `nothing secret was printed (searched for ${proof.values} values)`);
    },
  };
}
