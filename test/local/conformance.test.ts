import { Bench, type Way } from './conformance/bench.js';
import { CASES } from './conformance/cases.js';

const WAYS: readonly Way[] = ['in process', 'over a socket'];

test('the table has every case once', () => {
  expect(CASES.map(({ number }) => number)).toEqual(Array.from({ length: 107 }, (_, index) => index + 1));
});

describe.each(WAYS)('%s', (way) => {
  test.each(
    CASES.map(
      ({ number, sources, text, run }) =>
        [`${number} ${text} (${sources.includes('A') ? 'assumed' : sources.join(', ')})`, run] as const,
    ),
  )('%s', (_, run) => Bench.run(way, run));
});
