import { imagesRequestSchema } from '../../http/images/generate.js';
import type { ExplainedCandidate } from '../../kernel/routing/explain.js';
import { openAnswerer } from '../ask/answerer.js';
import { parseNumber } from '../flag-values.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import type { ExplainFlags } from './flags.js';
import { printPlan } from './print-plan.js';
import { readRequest } from './read-request.js';

/**
 * `easel explain`: who would be asked for a model's images, in their order, and why; nobody is. With a
 * request, also what it would hold in memory, which the plugin is asked for.
 */
export async function explain(
  flags: Omit<ExplainFlags, 'model'> & { readonly model: string | undefined },
): Promise<number> {
  const { model, fallback, prefer, maxCost } = flags;
  const given = flags.request === undefined ? undefined : await readRequest(flags.request);
  const request = imagesRequestSchema.parse({
    fallback,
    ...(given ?? { prompt: 'none' }),
    ...(model === undefined ? {} : { model }),
    ...(prefer === undefined ? {} : { prefer }),
    ...(maxCost === undefined ? {} : { max_cost: parseNumber('--max-cost', maxCost, 'maxCost') }),
  });
  await using answerer = await openAnswerer(flags);
  const candidates = await answerer.explain(request);
  const planned = given && (await answerer.planMemory(request));
  if (flags.json) {
    printJson({ candidates, ...(planned && { planned }) });
    return exitStatus.ok;
  }
  printCandidates(candidates);
  if (planned) printPlan(planned);
  return exitStatus.ok;
}

function printCandidates(candidates: readonly ExplainedCandidate[]): void {
  const rows = candidates.map((candidate, index) => [
    `${index + 1}`,
    candidate.plugin,
    candidate.model,
    candidate.pipelineType,
    `${candidate.priority}`,
    `${candidate.weight}`,
    `${candidate.inFlight} + ${candidate.queued}`,
    candidate.reason,
    candidate.obstacle ?? '-',
  ]);
  printLine(
    formatTable(
      ['TURN', 'PLUGIN', 'MODEL', 'PIPELINE TYPE', 'PRIORITY', 'WEIGHT', 'CALLS', 'WHY', 'OBSTACLE'],
      rows,
    ),
  );
  for (const { model: used, warnings } of candidates)
    for (const warning of warnings) printNote(`${used}: ${warning}`);
}
