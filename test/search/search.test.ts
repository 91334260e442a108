import { HELPERS, type ProviderKind } from './helpers.js';
import { search } from './search.js';

/** A small part of what `npm run search` searches: all schedules in which nothing else goes wrong. */
const NAMED: ProviderKind = { hasNames: true, limit: Number.POSITIVE_INFINITY };
const TWO_UNNAMED: ProviderKind = { hasNames: false, limit: 2 };

test.each([
  ['keys with names', NAMED],
  ['two keys without names', TWO_UNNAMED],
])('with %s no schedule of two deliveries strands a key or ends one in use', async (_, kind) => {
  const found = await search({ helper: HELPERS.right, kind, disturbances: 0 });
  expect(found.violation).toBeUndefined();
  expect(found.schedules).toBeGreaterThan(50);
});

test.each([
  ['naive order', /^live keys that no version holds/],
  ['cleans up before issuing', /^wedged: failed in testSecret/],
  ['discards after a lost answer', /AWSCURRENT is dead|^wedged/],
] as const)('a helper that is wrong is caught: %s', async (name, problem) => {
  const { violation } = await search({ helper: HELPERS[name], kind: NAMED, disturbances: 1 });
  expect(violation?.problem).toMatch(problem);
  expect(violation?.trace.at(-1)).toBe('then alone, and once more');
});
