import { mayTakeAsLongAs } from '../support/timeouts.js';
import { issuedKeys } from './issued-keys.js';
import { KEY_ROTATIONS } from './key-rotators.js';
import { BELIEVING, DEFAULT, SERVICES, WRONG } from './plans.js';
import { searchAtRandom } from './random.js';
import { search } from './search.js';

mayTakeAsLongAs('searches');

/** A small part of what `npm run search` searches: all schedules in which little else goes wrong, and a few at random. */
const KINDS = Object.entries(SERVICES);

test.each(KINDS)(
  'with %s, two deliveries of each step leave something that works at any moment, and nothing stray',
  async (_, service) => {
    const found = await search({ service, disturbances: 0 });
    expect(found.violation).toBeUndefined();
    expect(found.schedules).toBeGreaterThan(30);
  },
);

test.each(KINDS)(
  'with %s, a rotation recovers from whatever goes wrong once at any point',
  async (_, service) => {
    const found = await search({ service, disturbances: 1, isAlone: true });
    expect(found.violation).toBeUndefined();
    expect(found.ends).toBeGreaterThan(5);
  },
);

test.each(DEFAULT.filter(({ title }) => title.startsWith('a later setSecret')))(
  '$title: what rotations have done meanwhile stands',
  async (plan) => {
    const found = await search(plan);
    expect(found.violation).toBeUndefined();
    expect(found.schedules).toBeGreaterThan(100);
  },
);

test.each(KINDS)('with %s, schedules at random end well', async (_, service) => {
  const found = await searchAtRandom({ service, seed: 2026, schedules: 10, disturbances: 5 });
  expect(found).toMatchObject({ schedules: 10 });
  expect(found.violation).toBeUndefined();
});

test.each([
  ['naive order', /^live credentials that no version holds/],
  ['cleans up before issuing', /^wedged: failed in testSecret/],
  ['believes one acceptance', /^AWSCURRENT is dead|^nothing works of AWSCURRENT/],
  ['believes one refusal', /was ended, works, and nobody is told$/],
  ['tries nothing that it has ended', /was ended, works, and nobody is told$/],
  ['believes one list', /^live credentials that no version holds/],
  ['discards after a lost answer', /nothing works of AWSCURRENT|^wedged/],
  ['tries AWSCURRENT only', /^wedged: failed in setSecret/],
  ['tests nothing', /^nothing works of AWSCURRENT, AWSPENDING/],
  ['sets before it is stored', /^nothing works of AWSCURRENT, AWSPENDING/],
  ['sets the user in use', /^nothing works of AWSCURRENT/],
  ['no look, one user', /^nothing works of AWSCURRENT, AWSPENDING/],
  ['no look, two users', /^nothing works of AWSCURRENT$/],
  ['the look before the lock, one user', /^nothing works of AWSCURRENT, AWSPENDING/],
  ['the look before the lock, two users', /^nothing works of AWSCURRENT$/],
  ['or AWSCURRENT, one user', /^nothing works of AWSCURRENT, AWSPENDING/],
] as const)('a rotator that is wrong is caught: %s', async (wrong, problem) => {
  const plan = WRONG.find(({ title }) => title === wrong);
  const { violation } = await search(plan!);
  expect(violation?.problem).toMatch(problem);
});

test.each(Object.keys(BELIEVING) as (keyof typeof BELIEVING)[])(
  'only a provider that is not as one thinks shows what is wrong with a rotator: %s',
  async (title) => {
    const provider = { hasNames: true, limit: Number.POSITIVE_INFINITY };
    const service = issuedKeys(KEY_ROTATIONS[title], provider);
    const found = await search({ service, disturbances: 1, isAlone: true });
    expect(found.violation).toBeUndefined();
  },
);

test('what is found at random comes about again from the seed that is told', async () => {
  const wrong = WRONG.find(({ title }) => title === 'tries AWSCURRENT only')!;
  const at = { service: wrong.service, disturbances: 5 };
  const { violation } = await searchAtRandom({ ...at, seed: 1, schedules: 100 });
  const again = await searchAtRandom({ ...at, seed: violation?.seed ?? 0, schedules: 1 });
  expect(violation?.problem).toMatch(/^wedged: failed in setSecret/);
  expect(again.violation).toEqual(violation);
});
