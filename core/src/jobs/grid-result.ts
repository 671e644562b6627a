import type { Progress } from '@easel/plugin-sdk';
import type { JobResult } from './job.js';

/** What the cells of a grid have made, as the result of one job: the images row by row. */
export function joinCells(cells: readonly [JobResult, ...JobResult[]]): JobResult {
  const [{ provenance }] = cells;
  const timings: Record<string, number> = {};
  for (const cell of cells)
    for (const [phase, milliseconds] of Object.entries(cell.timings))
      timings[phase] = (timings[phase] ?? 0) + milliseconds;
  const warnings = new Map(cells.flatMap((cell) => cell.warnings).map((one) => [JSON.stringify(one), one]));
  const cost = costOf(cells);
  return {
    images: cells.flatMap(({ images }) => images),
    warnings: [...warnings.values()],
    timings,
    provenance,
    ...(cost ? { cost } : {}),
  };
}

/** Undefined: a cell does not tell its own, or they are in different currencies. */
function costOf(cells: readonly JobResult[]): JobResult['cost'] {
  const [first] = cells;
  if (!first?.cost) return undefined;
  const { currency } = first.cost;
  const known = cells.flatMap(({ cost }) => (cost?.currency === currency ? [cost.amount] : []));
  if (known.length < cells.length) return undefined;
  return { ...first.cost, amount: known.reduce((sum, amount) => sum + amount, 0) };
}

/** How far a grid is while a cell is at work. */
export function progressInGrid({ preview, ...progress }: Progress, cell: number, count: number): Progress {
  return {
    ...progress,
    fraction: (cell + progress.fraction) / count,
    ...(preview ? { preview: { ...preview, index: cell } } : {}),
  };
}
