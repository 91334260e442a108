import fc from 'fast-check';

/** Makes every property run so many times as often: `RUNS=100` is for a night. */
const FACTOR = Number(process.env.RUNS ?? 1);

/** How often a property is tried. With a failure fast-check prints the seed that brings it back. */
export function runs(usual: number): { readonly numRuns: number } {
  return { numRuns: Math.max(1, Math.round(usual * FACTOR)) };
}

/** Of any code points. fast-check has it as the unit `binary`, which takes a second to be made. */
export function anyString(maxLength?: number): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: 0, max: 0x10_ff_ff }), maxLength === undefined ? {} : { maxLength })
    .map((points) => String.fromCodePoint(...points));
}
