import { cpus, release, totalmem, type } from 'node:os';
import { DELAYS } from './calls.mjs';
import { fixed, grouped, mib, table } from './text.mjs';

/** The results in Markdown, to be read as they are. */
export function report({ imports, rotations, gaps, warm, uncompiled, processes, times }, budgets) {
  return `${machine()}

### Budgets

${table(
  ['', 'measured', 'at most', ''],
  budgets.map(({ what, measured, most, holds }) => [what, measured, most, holds ? 'holds' : 'exceeded']),
)}

### Import

Median of ${processes} cold processes for each.

${importTable(imports)}

### Calls to Secrets Manager

Per rotation: the maximum of ${times} in a row.

${table(
  ['', 'calls', 'writes', 'round trips'],
  rotations.map(({ name, calls, writes, roundTrips }) => [name, calls, writes, roundTrips]),
)}

### Time of a rotation

Milliseconds for the four steps: median of ${times}, with the column's delay added to each call to Secrets Manager.

${table(
  ['', ...DELAYS.map((ms) => `${ms} ms`)],
  rotations.filter(({ ms }) => ms).map(({ name, ms }) => [name, ...ms.map((each) => fixed(each, 0))]),
)}

### Gaps

For how long the service refused AWSCURRENT in a rehearsal, in ms: at most, the longest of ${times} rotations.

${table(
  ['', 'at most'],
  gaps.map(({ name, ms }) => [name, ms === 0 ? 'none' : ms]),
)}

### A warm function

${fixed(warm.perSecond, 0)} rotations per second, in sequence, each of a different secret.

${table(
  ['rotations', 'resident, MiB', 'heap, MiB', 'heap without compiled code, MiB'],
  warm.samples.map(({ rotations, rss, heapUsed }, n) => [
    grouped(rotations),
    mib(rss),
    mib(heapUsed),
    mib(uncompiled.samples[n].heapUsed),
  ]),
)}
`;
}

function importTable(imports) {
  const { ms: naive } = imports.find(({ name }) => name === 'naive, all rotators');
  return table(
    ['', 'import, ms', 'of the naive', 'peak memory, MiB', 'loaded at init, bytes', 'zip, bytes'],
    imports.map(({ name, ms, peakMib, initBytes, zipBytes }) => [
      name,
      fixed(ms),
      fixed(ms / naive, 2),
      fixed(peakMib),
      grouped(initBytes),
      grouped(zipBytes),
    ]),
  );
}

function machine() {
  const models = [...new Set(cpus().map(({ model }) => model.trim()))].join(', ') || 'unknown';
  const memory = `${fixed(totalmem() / 1_073_741_824)} GiB`;
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node.js ${process.version}, ${type()} ${release()} on ${process.arch}, ${cpus().length} × ${models}, ${memory}.`;
}
