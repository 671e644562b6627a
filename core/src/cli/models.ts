import type { AvailableModel } from '../models/available-models.js';
import type { ServiceHealth } from '../observe/health.js';
import { exitStatus } from './exit-status.js';
import { type CommonFlags, openKernel } from './open-kernel.js';
import { printJson, printLine, printNote } from './output.js';
import { formatTable } from './table.js';

/** `easel models`: the catalogue, and who makes each model's pictures. */
export async function models(flags: CommonFlags): Promise<number> {
  await using manager = await openKernel(flags);
  const available = manager.getAvailableModels();
  const health = manager.getServiceHealth();
  const problems = health.problems.filter(({ code }) => code === 'ERR_CATALOGUE_INVALID');
  if (flags.json) {
    printJson({ currentModel: manager.currentModel ?? null, models: available, problems });
    return exitStatus.ok;
  }
  const rows = available.map((model) => [
    model.id,
    model.name,
    model.pipelineType,
    `${model.defaults.width}x${model.defaults.height}`,
    `${model.supports.minimumEdge}-${model.supports.maximumEdge}, by ${model.supports.edgeMultiple}`,
    statusOf(model, health),
  ]);
  if (rows.length === 0) printLine('There are no models: no catalogue folder has one.');
  else printLine(formatTable(['ID', 'NAME', 'PIPELINE TYPE', 'SIZE', 'EDGES', 'STATUS'], rows));
  for (const { message } of problems) printNote(`cannot be used: ${message}`);
  return exitStatus.ok;
}

function statusOf(
  { available, current, plugin, pipelineType, missingSecrets }: AvailableModel,
  health: ServiceHealth,
): string {
  const marks = current ? ['current'] : [];
  if (available) return [...marks, `available, by ${plugin}`].join(', ');
  if (missingSecrets)
    return [...marks, `not available: its plugin ${plugin} needs ${missingSecrets.join(', ')}`].join(', ');
  const disabled = health.plugins.find(
    ({ state, pipelineTypes }) => state === 'disabled' && pipelineTypes.includes(pipelineType),
  );
  const why = disabled ? `its plugin ${disabled.id} is disabled` : `no plugin handles "${pipelineType}"`;
  return [...marks, `not available: ${why}`].join(', ');
}
