import type { Model } from '@easel/plugin-sdk';
import { sizeOf } from '../../model-files/installed-size.js';
import { isInstalled, withInstalledSource } from '../../model-files/resolve-source.js';
import type { AvailableModel } from '../../models/available-models.js';
import { readCatalogue } from '../../models/catalogue.js';
import type { ServiceHealth } from '../../observe/health.js';
import { openKernel } from '../open-kernel.js';
import { formatBytes } from '../terminal/bytes.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import type { ListModelsFlags } from './flags.js';

/** `easel models`: the catalogue, where each model is, and who makes its pictures. */
export async function listModels(flags: ListModelsFlags): Promise<number> {
  await using manager = await openKernel(flags);
  const entries = readCatalogue(manager.configuration).models;
  const available = await Promise.all(
    manager
      .getAvailableModels()
      .map(async (model) => ({ ...model, ...(await placeOf(entries.get(model.id))) })),
  );
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
    model.bytes === undefined ? '' : formatBytes(model.bytes),
    model.path ?? '',
  ]);
  const headings = ['ID', 'NAME', 'PIPELINE TYPE', 'SIZE', 'EDGES', 'STATUS', 'ON DISK', 'WHERE'];
  if (rows.length === 0) printLine('There are no models: no catalogue folder has one.');
  else printLine(formatTable(headings, rows));
  for (const { message } of problems) printNote(`cannot be used: ${message}`);
  return exitStatus.ok;
}

/**
 * Where the files of a model are, and how many bytes they take. Nothing for those of a provider, or not
 * installed.
 */
async function placeOf(model: Model | undefined): Promise<{ path?: string; bytes?: number }> {
  if (!model || !isInstalled(model)) return {};
  const { source } = withInstalledSource(model);
  return 'path' in source ? { path: source.path, bytes: await sizeOf(source.path) } : {};
}

function statusOf(
  { id, available, installed, current, plugin, pipelineType, missingSecrets }: AvailableModel,
  health: ServiceHealth,
): string {
  const marks = current ? ['current'] : [];
  if (available) return [...marks, `available, by ${plugin}`].join(', ');
  if (!installed) return [...marks, `not installed: easel models install ${id}`].join(', ');
  if (missingSecrets)
    return [...marks, `not available: its plugin ${plugin} needs ${missingSecrets.join(', ')}`].join(', ');
  const disabled = health.plugins.find(
    ({ state, pipelineTypes }) => state === 'disabled' && pipelineTypes.includes(pipelineType),
  );
  const why = disabled ? `its plugin ${disabled.id} is disabled` : `no plugin handles "${pipelineType}"`;
  return [...marks, `not available: ${why}`].join(', ');
}
