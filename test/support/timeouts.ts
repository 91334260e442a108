/**
 * How long a test may take, by what it needs: many times what it takes by itself, since the machine may be busy. Those that
 * need none of this have `testTimeout` of jest.config.mjs.
 */
const MS = { processes: 60_000, servers: 180_000, searches: 180_000 };

let longest = 0;

/** Gives all tests of a file that time. What needs more than one of these has the longest. */
export function mayTakeAsLongAs(kind: keyof typeof MS): void {
  if (MS[kind] <= longest) return;
  longest = MS[kind];
  jest.setTimeout(longest);
}
