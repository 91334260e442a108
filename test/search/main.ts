/**
 * Searches all schedules of a rotation with `issuedKey` for one that strands a live key, ends AWSCURRENT's, or wedges: two
 * deliveries of each step at once, and deliveries that outlive their step, with crashes, lost answers, and people who
 * intervene. Then makes sure that it finds what three wrong helpers do. Exits with 1 if it must.
 *
 * What is bounded: two deliveries at once, two disturbances in a schedule, requests that go out together are answered
 * together, each kind of intervention once a step, waits take no time, and no label moves back between the last look at
 * the labels and the revocation that follows upon it: no provider lets that be one act.
 */
import { parseArgs } from 'node:util';
import { HELPERS, type ProviderKind } from './helpers.js';
import { type Findings, type SearchOptions, search } from './search.js';

const NAMED: ProviderKind = { hasNames: true, limit: Number.POSITIVE_INFINITY };
const TWO_UNNAMED: ProviderKind = { hasNames: false, limit: 2 };
const ROTATION = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

type Plan = Omit<SearchOptions, 'helper'> & { readonly title: string };

const lateCreate = { A: ['createSecret'], B: [...ROTATION, 'RotateSecret', ...ROTATION] } as const;
const lateFinish = { A: ROTATION, B: ['finishSecret', 'RotateSecret', ...ROTATION] } as const;
const DEFAULT: readonly Plan[] = [
  { title: 'named keys', kind: NAMED, disturbances: 2 },
  { title: 'two keys without names', kind: TWO_UNNAMED, disturbances: 1 },
  { title: 'a late createSecret, named keys', kind: NAMED, disturbances: 0, straggler: lateCreate },
  { title: 'a late createSecret, two keys', kind: TWO_UNNAMED, disturbances: 0, straggler: lateCreate },
];
const LONG: readonly Plan[] = [
  { title: 'named keys, reads that fail', kind: NAMED, disturbances: 2, failsReads: true },
  { title: 'two keys, reads that fail', kind: TWO_UNNAMED, disturbances: 2, failsReads: true },
  { title: 'a late createSecret, named keys', kind: NAMED, disturbances: 1, straggler: lateCreate },
  { title: 'a late createSecret, two keys', kind: TWO_UNNAMED, disturbances: 1, straggler: lateCreate },
  { title: 'a late finishSecret, named keys', kind: NAMED, disturbances: 0, straggler: lateFinish },
  { title: 'a late finishSecret, two keys', kind: TWO_UNNAMED, disturbances: 0, straggler: lateFinish },
];

const { values } = parseArgs({ options: { long: { type: 'boolean', default: false } } });
let isSound = true;
let schedules = 0;
for (const { title, ...plan } of values.long ? LONG : DEFAULT) {
  const found = await search({ helper: HELPERS.right, ...plan });
  schedules += found.schedules;
  tell(title, found);
  if (found.violation) isSound = false;
}
print(`${count(schedules)} schedules`);
for (const [name, helper] of Object.entries(HELPERS)) {
  if (name === 'right') continue;
  const found = await search({ helper, kind: NAMED, disturbances: 1 });
  tell(`a helper that is wrong: ${name}`, found);
  if (!found.violation) isSound = false;
}
process.exitCode = isSound ? 0 : 1;

function tell(title: string, { schedules, states, ends, excused, violation }: Findings): void {
  const numbers = `${count(schedules)} schedules, ${count(states)} states, ${count(ends)} recoveries`;
  print(`${title}: ${numbers}${excused > 0 ? `, ${count(excused)} times no label could move back` : ''}`);
  if (!violation) return;
  for (const line of [...violation.trace, violation.problem]) print(`  ${line}`);
}

function count(number: number): string {
  return number.toLocaleString('en');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
