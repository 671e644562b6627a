import { exitStatus } from './exit-status.js';
import { type CommonFlags, openKernel } from './open-kernel.js';
import { printJson, printLine, printNote } from './output.js';
import { formatTable } from './table.js';

export interface ExplainFlags extends CommonFlags {
  readonly model?: string;
  readonly fallback?: 'none' | 'same-model' | 'any';
}

/** `easel explain`: who would be asked for a model's pictures, in their order, and why; nobody is. */
export async function explain(flags: ExplainFlags): Promise<number> {
  await using manager = await openKernel(flags);
  const { model, fallback = 'any' } = flags;
  const candidates = manager.explain({ prompt: 'none', fallback, ...(model === undefined ? {} : { model }) });
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
