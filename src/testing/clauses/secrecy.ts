import assert from 'node:assert/strict';
import { format, inspect } from 'node:util';
import { stringsIn } from '../../redact/hidden-values.js';
import { Redactor } from '../../redact/redactor.js';
import { carrierTest } from '../../redact/search.js';
import { STEPS } from '../../step.js';
import { type Clause, clause, type Stand } from '../subject.js';
import { Trial } from '../trial.js';

/** What may go wrong after createSecret, so that the rotator has something to report. */
const TROUBLES: Readonly<Record<string, (stand: Stand, trial: Trial) => void>> = {
  nothing: () => {},
  'no service': ({ line }) => line().cut(),
  'a message that is lost': ({ line }) => line().failAt(1, 'lost'),
  'an answer that is lost': ({ line }) => line().failAt(2, 'unanswered'),
  'a throttle': (_, { secrets }) => void secrets.inject({ kind: 'throttle', call: 2 }),
};

interface Search {
  readonly field: string;
  finds(output: string): boolean;
}

/** A rotator keeps its secrets to itself. */
export function secrecy(stand: Stand): Clause[] {
  /**
   * Returns what looks for the values that no message may show: the trial's, and those of other secrets. It looks for any
   * part of a value that was made, and for the whole of one that the subject chose, since a part may be a common word.
   */
  async function searches(trial: Trial): Promise<Search[]> {
    const [first, made] = [await trial.value('AWSCURRENT'), await trial.value('AWSPENDING')];
    const { rotates, shows } = stand.declared();
    const hidden = rotates.filter((field) => !shows.includes(field));
    assert.ok(hidden.length > 0, `"shows" must not name every field that rotates: ${rotates.join(', ')}`);
    return hidden.flatMap((field) => {
      const redactor = new Redactor();
      redactor.hideFields({ [field]: made[field] }, [], [field]);
      const chosen = [first, ...Object.values(trial.values.others)].flatMap((value) => [
        ...stringsIn(value[field]),
      ]);
      return [
        { field, finds: (output) => redactor.texts([output], false, Number.POSITIVE_INFINITY)[0] !== output },
        { field, finds: carrierTest(chosen.filter((text) => text !== '')) },
      ];
    });
  }

  return [
    clause('lets nothing secret out in an error, the log or what is printed', async () => {
      for (const [trouble, begins] of Object.entries(TROUBLES)) {
        const trial = await Trial.begin(stand);
        const secrets: Search[] = [];
        const printed = await outputOf(async () => {
          await trial.steps(['createSecret']);
          secrets.push(...(await searches(trial)));
          begins(stand, trial);
          for (const step of STEPS) await trial.outcome(step);
        });
        const output = printed + everythingOf([trial.errors, trial.log, trial.secrets.events]);
        for (const { field, finds } of secrets) {
          const advice = `the value of "${field}" was printed, logged or thrown (what went wrong before: ${trouble})`;
          assert.ok(!finds(output), advice);
        }
      }
    }),
  ];
}

function everythingOf(value: unknown): string {
  return inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null });
}

/** Test runners replace the console by one which does not write to this process's stdout. */
const CONSOLE = ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const;

/** What is written to the console, stdout and stderr meanwhile. */
async function outputOf(work: () => Promise<void>): Promise<string> {
  const { console } = globalThis;
  const methods = CONSOLE.map((name) => ({ name, print: console[name] }));
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  let printed = '';
  for (const { stream, write } of streams) {
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      printed += Buffer.from(chunk).toString();
      return Reflect.apply(write, stream, [chunk, ...rest]);
    };
  }
  for (const { name, print } of methods) {
    console[name] = (...args: unknown[]) => {
      printed += `${format(...args)}\n`;
      Reflect.apply(print, console, args);
    };
  }
  try {
    await work();
  } finally {
    for (const { name, print } of methods) console[name] = print;
    for (const { stream, write } of streams) stream.write = write;
  }
  return printed;
}
