// What a rotation function costs, against the budgets that this project has given itself: npm run bench
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { budgetsOf } from './budgets.mjs';
import { measureRotations } from './calls.mjs';
import { chart } from './chart.mjs';
import { measureGaps } from './gaps.mjs';
import { measureImports } from './imports.mjs';
import { report } from './report.mjs';
import { measureWarm } from './warm.mjs';

const USAGE = `npm run bench [-- --write]

Measures each bundle's import and memory beside a naive build, the calls of a rotation to Secrets Manager, the time of
a rotation, and the memory of a warm function. It takes some minutes, and the numbers are worth something on a machine
that does nothing else. Prints each budget with "holds" or "exceeded", and exits with 1 if one is exceeded.

  --write   puts the results into test/bench/README.md, and the chart beside it; without it no file changes
  --help    prints this
`;
const PROCESSES = 20;
const ROTATIONS = 10;
const SECRETS = 1000;
/** V8 goes on compiling what is hot, and its machine code is on the heap: without it nothing hides what is kept. */
const UNCOMPILED = ['--jitless', '--no-expose-wasm'];

const README = join(import.meta.dirname, 'README.md');
const CHART = join(import.meta.dirname, 'import-time.svg');
/** What stands between two comments in the README. */
const RESULTS = /(?<=<!-- results -->\n).*(?=<!-- end of results -->)/s;
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const options = readOptions();
if (options?.help) process.stdout.write(USAGE);
else if (options) await untilInterrupted(bench);

function readOptions() {
  const flags = { write: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } };
  try {
    return parseArgs({ options: flags }).values;
  } catch ({ message }) {
    process.stderr.write(`${message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

/** Ends in order at Ctrl-C: what is under way fails by the signal, and takes away what it has started. */
async function untilInterrupted(work) {
  const interruption = new AbortController();
  // Not once: npm passes on the Ctrl-C that the terminal has sent already.
  for (const [name, code] of Object.entries(EXIT_CODES)) {
    process.on(name, () => {
      process.exitCode = code;
      interruption.abort();
    });
  }
  try {
    await work(interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  }
}

async function bench(signal) {
  const tell = (text) => process.stderr.write(`${text} …\n`);
  tell('imports');
  const imports = await measureImports({ processes: PROCESSES, signal });
  tell('rotations');
  const rotations = await measureRotations({ rotations: ROTATIONS, signal });
  tell('gaps');
  const gaps = await measureGaps({ rotations: ROTATIONS, signal });
  tell('a warm function');
  const warm = await measureWarm({ secrets: SECRETS, signal });
  const uncompiled = await measureWarm({ secrets: SECRETS, flags: UNCOMPILED, signal });
  signal.throwIfAborted();

  const results = { imports, rotations, gaps, warm, uncompiled, processes: PROCESSES, times: ROTATIONS };
  const budgets = budgetsOf(results);
  const text = report(results, budgets);
  process.stdout.write(`\n${text}`);
  if (options.write) await write(text, chart(imports, PROCESSES));
  if (budgets.some(({ holds }) => !holds)) process.exitCode = 1;
}

async function write(text, svg) {
  const readme = await readFile(README, 'utf8');
  if (!RESULTS.test(readme)) throw new Error('the README has no place for results');
  // A function: the text is not a pattern in which `$` means something.
  await writeFile(
    README,
    readme.replace(RESULTS, () => text),
  );
  await writeFile(CHART, svg);
}
