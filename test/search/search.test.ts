import { HELPERS, type ProviderKind } from './helpers.js';
import { search } from './search.js';

/** A part of what `main.ts` searches. */
const NAMED: ProviderKind = { hasNames: true, limit: Number.POSITIVE_INFINITY };
const TWO_UNNAMED: ProviderKind = { hasNames: false, limit: 2 };
const MINUTE = 120_000;

test.each([
  ['keys with names', NAMED],
  ['two keys without names', TWO_UNNAMED],
])(
  'with %s no schedule of two deliveries and one disturbance strands a key or ends one in use',
  async (_, kind) => {
    const found = await search({ helper: HELPERS.right, kind, disturbances: 1 });
    expect(found.violation).toBeUndefined();
    expect(found.schedules).toBeGreaterThan(1000);
  },
  MINUTE,
);

test('a createSecret that outlives its rotation and the next one does no harm', async () => {
  const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
  const straggler = { A: ['createSecret'], B: [...STEPS, 'RotateSecret', ...STEPS] } as const;
  const found = await search({ helper: HELPERS.right, kind: NAMED, disturbances: 0, straggler });
  expect(found.violation).toBeUndefined();
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
