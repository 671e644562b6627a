import type { BatchRun } from './batch-run.js';
import type { Ask, Line } from './line.js';

/** The call's own, or one that is the same for everybody; what is made before what is on its way. */
export function findFree(
  runs: Iterable<BatchRun>,
  { fingerprint, requestId, isRepeatable = false }: Ask,
): Line | undefined {
  const isOwn = (line: Line) => requestId !== undefined && line.requestId === requestId;
  const free = [...runs].flatMap((run) =>
    run.lines.filter((line) => line.fingerprint === fingerprint && run.canGive(line, isOwn(line))),
  );
  const rank = (line: Line) =>
    (isOwn(line) ? 0 : line.requestId === undefined ? 2 : 4) + (line.isMade ? 0 : 1);
  const mine = free.filter((line) => isOwn(line) || isRepeatable);
  return mine.sort((one, other) => rank(one) - rank(other))[0];
}
