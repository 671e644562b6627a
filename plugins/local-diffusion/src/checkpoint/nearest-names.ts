import { distance } from 'fastest-levenshtein';

const shown = 3;

/**
 * Those of `names` that take the fewest changes of a letter to become `wanted`, nearest first: what somebody
 * should look at who misses a tensor.
 */
export function nearestNames(wanted: string, names: Iterable<string>): string[] {
  return [...names]
    .map((name) => ({ name, distance: distance(wanted, name) }))
    .sort((one, other) => one.distance - other.distance)
    .slice(0, shown)
    .map(({ name }) => name);
}

/** {@link nearestNames} as the end of a message. */
export function nearestNamesText(wanted: string, names: Iterable<string>): string {
  const nearest = nearestNames(wanted, names).map((name) => `"${name}"`);
  return nearest.length === 0 ? ' There are none at all.' : ` Nearest to it are ${nearest.join(', ')}.`;
}
