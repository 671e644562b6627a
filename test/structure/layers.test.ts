import { describe, expect, it } from 'vitest';
import { importsOf, sources } from './sources.js';

/** Folders of the kernel from the lowest to the highest: each imports only what stands before it. */
const kernelLayers = [
  'manifest',
  'generations',
  'runner',
  'supervisor',
  'guard',
  'registry',
  'routing',
  'reload',
] as const;

describe('imports', () => {
  it('go in no circle, types included', () => {
    expect(findCircles(new Map(sources.map((path) => [path, importsOf(path)])))).toEqual([]);
  });

  it('of the kernel’s folders go down only', () => {
    const layerOf = (path: string) =>
      kernelLayers.findIndex((layer) => path.startsWith(`core/src/kernel/${layer}/`));
    const upward = sources.flatMap((path) =>
      importsOf(path)
        .filter((imported) => layerOf(path) >= 0 && layerOf(imported) > layerOf(path))
        .map((imported) => `${path} -> ${imported}`),
    );
    expect(upward).toEqual([]);
  });
});

describe('findCircles', () => {
  it('finds one, of whatever length', () => {
    const graph = { a: ['b'], b: ['c'], c: ['a'], d: ['a'], e: ['e'] };
    expect(findCircles(new Map(Object.entries(graph)))).toEqual([['a', 'b', 'c'], ['e']]);
  });
});

/**
 * Groups of files each of which leads to all others of its group: R. Tarjan's strongly connected components,
 * 1972.
 */
function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const visit = (file: string): void => {
    numbers.set(file, numbers.size);
    lowest.set(file, numbers.get(file) as number);
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!numbers.has(next)) visit(next);
      if (path.includes(next)) lowest.set(file, Math.min(lowest.get(file) ?? 0, lowest.get(next) ?? 0));
    }
    if (lowest.get(file) !== numbers.get(file)) return;
    const group = path.splice(path.indexOf(file));
    if (group.length > 1 || graph.get(file)?.includes(file)) circles.push(group.sort());
  };
  for (const file of graph.keys()) if (!numbers.has(file)) visit(file);
  return circles;
}
