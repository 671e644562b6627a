/**
 * Gives the start of a dotted path another name: the entry of `names` whose key is the whole path or its
 * first segments.
 *
 * @returns the new path, the rest unchanged; `undefined` when no key fits
 */
export function renamePath(path: string, names: Readonly<Record<string, string>>): string | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const start = path.slice(0, end);
    if (Object.hasOwn(names, start)) return names[start] + path.slice(end);
  }
  return undefined;
}
