/** Makes every property run so many times as often: `RUNS=100` is for a night. */
const FACTOR = Number(process.env.RUNS ?? 1);

/** How often a property is tried. With a failure fast-check prints the seed that brings it back. */
export function runs(usual: number): { readonly numRuns: number } {
  return { numRuns: Math.max(1, Math.round(usual * FACTOR)) };
}
