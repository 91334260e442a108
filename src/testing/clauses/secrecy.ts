import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { STEPS } from '../../event.js';
import { Redactor } from '../../redact.js';
import { type Clause, clause, type Stand } from '../subject.js';
import { Trial } from '../trial.js';

/** That a rotator keeps its secrets to itself. */
export function secrecy(stand: Stand): Clause[] {
  const { declared, line } = stand;

  /** The rotated fields of the trial's versions that no message may show. */
  async function secretsOf(trial: Trial): Promise<[field: string, value: unknown][]> {
    const { rotates, shows } = declared();
    const versions = await Promise.all(['AWSCURRENT', 'AWSPENDING'].map((label) => trial.value(label)));
    return versions.flatMap((value) =>
      rotates
        .filter((field) => !shows.includes(field))
        .map((field): [string, unknown] => [field, value[field]]),
    );
  }

  function assertKept(told: string, secrets: readonly [string, unknown][]): void {
    for (const [field, value] of secrets) {
      const redactor = new Redactor();
      redactor.hideFields({ [field]: value }, []);
      assert.ok(redactor.text(told) === told, `"${field}" must not be printed, logged or thrown`);
    }
  }

  return [
    clause('lets nothing secret out in an error, the log or what is printed', async () => {
      for (const isCut of [false, true]) {
        const trial = await Trial.begin(stand);
        const secrets: [string, unknown][] = [];
        const printed = await outputOf(async () => {
          await trial.steps(['createSecret']);
          secrets.push(...(await secretsOf(trial)));
          if (isCut) line().cut();
          for (const step of STEPS) await trial.outcome(step);
        });
        const { errors, log } = trial;
        const seen = inspect([errors, log, trial.secrets.events], {
          depth: 20,
          showHidden: true,
          maxStringLength: null,
        });
        assertKept(printed + seen, secrets);
      }
    }),
  ];
}

/** What is written to stdout and stderr meanwhile. */
async function outputOf(work: () => Promise<void>): Promise<string> {
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  let printed = '';
  for (const { stream, write } of streams) {
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      printed += Buffer.from(chunk).toString();
      return Reflect.apply(write, stream, [chunk, ...rest]);
    };
  }
  try {
    await work();
  } finally {
    for (const { stream, write } of streams) stream.write = write;
  }
  return printed;
}
