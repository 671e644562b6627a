const shown = 3;

/**
 * Those of `names` that take the fewest changes of a letter to become `wanted`, nearest first: what somebody should look at who misses a
 * tensor.
 */
export function nearestNames(wanted: string, names: Iterable<string>): string[] {
  return [...names]
    .map((name) => ({ name, distance: editDistance(wanted, name) }))
    .sort((one, other) => one.distance - other.distance)
    .slice(0, shown)
    .map(({ name }) => name);
}

/** {@link nearestNames} as the end of a message. */
export function nearestNamesText(wanted: string, names: Iterable<string>): string {
  const nearest = nearestNames(wanted, names).map((name) => `"${name}"`);
  return nearest.length === 0 ? ' There are none at all.' : ` Nearest to it are ${nearest.join(', ')}.`;
}

/** Letters to insert, delete or replace (Levenshtein 1966), one row of the table at a time. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let index = 0; index < one.length; index += 1) {
    const next = [index + 1];
    for (let column = 0; column < other.length; column += 1) {
      const replaced = row[column]! + Number(one[index] !== other[column]);
      next.push(Math.min(replaced, row[column + 1]! + 1, next[column]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
