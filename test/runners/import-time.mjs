import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LAMBDA_ENV } from '../bench/lambda-env.mjs';

const PROBE = join(import.meta.dirname, '../bench/import-probe.mjs');

/**
 * How long the import of one bundle takes, as a multiple of another's: medians of cold processes, which take turns in being
 * the first.
 */
export function importRatio(bundle, other) {
  const times = new Map([bundle, other].map((folder) => [folder, []]));
  for (let turn = 0; turn < 30; turn++) {
    for (const [folder, all] of turn % 2 === 0 ? [...times] : [...times].reverse()) {
      const url = pathToFileURL(join(folder, 'index.mjs')).href;
      const { ms } = JSON.parse(execFileSync(process.execPath, [PROBE, url], { env: LAMBDA_ENV }));
      all.push(ms);
    }
  }
  const [one, two] = [...times.values()].map((all) => all.sort((a, b) => a - b)[15]);
  return one / two;
}
