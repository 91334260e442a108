/**
 * Searches all schedules of a rotation for one after which nothing works that should, or that strands a live credential,
 * leaves the labels as AWS does not, or wedges: for issued keys and for passwords, two deliveries of each step at once,
 * and deliveries that are late, even by whole rotations, with crashes, lost answers, and people who intervene. What holds
 * at any moment is looked at after each effect. A wayward provider of keys refuses a new key here and there, accepts an
 * ended one for a while or for ever, or cuts its lists from some moment on, and does not tell. Then schedules at random,
 * with more disturbances; and it makes sure that what wrong rotators do is found. Exits with 1 if it must.
 *
 * What is bounded: two deliveries at once, two or three disturbances in a schedule, requests that go out together are
 * answered together, each kind of intervention once a step, waits take no time and nothing happens in them, and a person
 * does at once all that an act consists of: between a repair at the service and the value that is stored nothing happens.
 * No label moves back between the last look at the labels and the revocation that follows upon it, and no field is edited
 * where keys are issued. The server ends a transaction when somebody else wants the lock, not before. What a rotation
 * that was given up has left behind a page of a cut list is not looked for.
 *
 * What is excused, since a person did it:
 *
 * - labels that he moves, or a value that he stores, with the service left alone, between the look of a setSecret and its
 *   commit, or once the change is done;
 * - a rotation that he lets go on after he has put its value out of force.
 *
 * One user's rotations have to recover from all that by themselves, unless what works is older than AWSPREVIOUS. With two
 * users he says which version is AWSCURRENT. What nothing excuses: a change that lands after another at the service, be it
 * a rotation's or a person's.
 *
 * `--long` searches further. `--seed` runs only what is at random, from that seed on, and `--random` says how many
 * schedules of each kind that are.
 */
import { parseArgs } from 'node:util';
import { DEFAULT, LONG, SERVICES, WRONG } from './plans.js';
import { type RandomFindings, searchAtRandom } from './random.js';
import { type Findings, search } from './search.js';

const DISTURBANCES_AT_RANDOM = 5;

const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    seed: { type: 'string' },
    random: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
const perService = Number(values.random ?? (values.long ? 5000 : 250));
if (![seed, perService].every(Number.isSafeInteger))
  throw new TypeError('--seed and --random take whole numbers');

let isSound = true;
let schedules = 0;
if (values.seed === undefined) await searchAll(values.long ? LONG : DEFAULT);
await searchEachAtRandom();
print(`${count(schedules)} schedules`);
if (values.seed === undefined) await findWhatIsWrong();
process.exitCode = isSound ? 0 : 1;

async function searchAll(plans: typeof DEFAULT): Promise<void> {
  for (const { title, ...plan } of plans) {
    const found = await search(plan);
    schedules += found.schedules;
    tell(title, found);
    if (found.violation) isSound = false;
  }
}

async function searchEachAtRandom(): Promise<void> {
  print(`at random, with the seed ${seed}, and up to ${DISTURBANCES_AT_RANDOM} disturbances:`);
  for (const [title, service] of Object.entries(SERVICES)) {
    const found = await searchAtRandom({
      service,
      seed,
      schedules: perService,
      disturbances: DISTURBANCES_AT_RANDOM,
    });
    schedules += found.schedules;
    print(`${title}: ${count(found.schedules)} schedules, ${count(found.effects)} effects`);
    if (!found.violation) continue;
    isSound = false;
    print(`  again with --seed ${found.violation.seed} --random 1`);
    tellViolation(found);
  }
}

async function findWhatIsWrong(): Promise<void> {
  for (const { title, ...plan } of WRONG) {
    const found = await search(plan);
    tell(`what is wrong: ${title}`, found);
    if (!found.violation) isSound = false;
  }
}

function tell(title: string, found: Findings): void {
  const { schedules, states, ends, excused, overtaken } = found;
  const numbers = [
    `${count(schedules)} schedules`,
    `${count(states)} states`,
    `${count(ends)} recoveries`,
    ...(overtaken > 0 ? [`${count(overtaken)} of them from a state that is excused`] : []),
    ...(excused > 0 ? [`${count(excused)} times no label could move back`] : []),
  ];
  print(`${title}: ${numbers.join(', ')}`);
  tellViolation(found);
}

function tellViolation({ violation }: Pick<Findings | RandomFindings, 'violation'>): void {
  if (violation) for (const line of [...violation.trace, violation.problem]) print(`  ${line}`);
}

function count(number: number): string {
  return number.toLocaleString('en');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
