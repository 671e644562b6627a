import { openAnswerer } from '../ask/answerer.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import type { ExplainFlags } from './flags.js';

/** `easel explain`: who would be asked for a model's pictures, in their order, and why; nobody is. */
export async function explain(
  flags: Omit<ExplainFlags, 'model'> & { readonly model: string | undefined },
): Promise<number> {
  await using answerer = await openAnswerer(flags);
  const { model, fallback } = flags;
  const request = { prompt: 'none', fallback, ...(model === undefined ? {} : { model }) };
  const candidates = await answerer.explain(request);
  if (flags.json) {
    printJson({ candidates });
    return exitStatus.ok;
  }
  const rows = candidates.map((candidate, index) => [
    `${index + 1}`,
    candidate.plugin,
    candidate.model,
    candidate.pipelineType,
    `${candidate.priority}`,
    `${candidate.weight}`,
    `${candidate.inFlight} + ${candidate.queued}`,
    candidate.obstacle ?? '-',
  ]);
  printLine(
    formatTable(
      ['TURN', 'PLUGIN', 'MODEL', 'PIPELINE TYPE', 'PRIORITY', 'WEIGHT', 'CALLS', 'OBSTACLE'],
      rows,
    ),
  );
  for (const { model: used, warnings } of candidates)
    for (const warning of warnings) printNote(`${used}: ${warning}`);
  return exitStatus.ok;
}
