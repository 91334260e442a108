import assert from 'node:assert/strict';
import { format, inspect } from 'node:util';
import { STEPS } from '../../event.js';
import { Redactor } from '../../redact.js';
import { type Clause, clause, type Json, type Stand } from '../subject.js';
import { Trial } from '../trial.js';

/** What may go wrong after createSecret, so that there is something to tell. */
const TROUBLES: Readonly<Record<string, (stand: Stand, trial: Trial) => void>> = {
  nothing: () => {},
  'no service': ({ line }) => line().cut(),
  'a message that is lost': ({ line }) => line().failAt(1, 'lost'),
  'an answer that is lost': ({ line }) => line().failAt(2, 'unanswered'),
  'a throttle': (_, { secrets }) => void secrets.inject({ kind: 'throttle', call: 2 }),
};

/** That a rotator keeps its secrets to itself. */
export function secrecy(stand: Stand): Clause[] {
  /** The fields that no message may show, of whatever secret. */
  function hiddenOf(value: Json): [field: string, value: unknown][] {
    const { rotates, shows } = stand.declared();
    const hidden = rotates.filter((field) => !shows.includes(field));
    assert.ok(hidden.length > 0, `"shows" must not name all that rotates: ${rotates.join(', ')}`);
    return Object.entries(value).filter(([field]) => hidden.includes(field));
  }

  return [
    clause('lets nothing secret out in an error, the log or what is printed', async () => {
      for (const [trouble, begins] of Object.entries(TROUBLES)) {
        const trial = await Trial.begin(stand);
        // What reset() returns may have words in it that messages have too. What createSecret makes has none.
        await trial.rotateFirst();
        const secrets: [field: string, value: unknown][] = [];
        const printed = await outputOf(async () => {
          await trial.steps(['createSecret']);
          for (const label of ['AWSCURRENT', 'AWSPENDING'])
            secrets.push(...hiddenOf(await trial.value(label)));
          begins(stand, trial);
          for (const step of STEPS) await trial.outcome(step);
        });
        const told = printed + everythingOf([trial.errors, trial.log, trial.secrets.events]);
        const rule = `must not be printed, logged or thrown (when what went wrong was ${trouble})`;
        for (const [field, value] of secrets) {
          const redactor = new Redactor();
          redactor.hideFields({ [field]: value }, []);
          assert.ok(redactor.text(told) === told, `"${field}" ${rule}`);
        }
        for (const [name, other] of Object.entries(trial.others)) {
          const isTold = hiddenOf(other).some(([, value]) => told.includes(String(value)));
          assert.ok(!isTold, `the secret "${name}" ${rule}`);
        }
      }
    }),
  ];
}

function everythingOf(value: unknown): string {
  return inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null });
}

/** Test runners have a console of their own, which does not write to this process's stdout. */
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
