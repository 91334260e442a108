/**
 * Returns `; did you mean "status"?`, or an empty string if no known name is similar.
 *
 * @param before a prefix of the name: `--`
 */
export function didYouMean(word: string, known: readonly string[], before = ''): string {
  const near = known
    .map((name) => ({ name, distance: distanceOf(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((one, other) => one.distance - other.distance)[0];
  // The beginning of a name stands for it, if no other begins so.
  const [begun, ...others] = known.filter((name) => word.length > 1 && name.startsWith(word));
  const name = near?.name ?? (others.length === 0 ? begun : undefined);
  return name === undefined ? '' : `; did you mean ${JSON.stringify(`${before}${name}`)}?`;
}

/** Returns how many letters must be inserted, deleted, replaced, or swapped with the next. */
function distanceOf(one: string, other: string): number {
  // Nobody typed that, and comparing it would take long.
  if (one.length > 64) return Number.POSITIVE_INFINITY;
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= one.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= other.length; column++) {
      const cost = one[row - 1] === other[column - 1] ? 0 : 1;
      const isSwap =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const least = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + cost,
        isSwap ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
      rows[row]?.push(least);
    }
  }
  return at(one.length, other.length);
}
