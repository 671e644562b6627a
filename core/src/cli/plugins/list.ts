import type { PluginHealth } from '../../observe/health.js';
import { openAnswerer } from '../ask/answerer.js';
import { onlyPlugin } from '../ask/only-plugin.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import type { ListPluginsFlags } from './flags.js';

/** `easel plugins`: what was found, used or not, and why not. */
export async function listPlugins(id: string | undefined, flags: ListPluginsFlags): Promise<number> {
  await using answerer = await openAnswerer(flags);
  const health = onlyPlugin(id, await answerer.health());
  const rejected = health.problems.filter(({ code }) => code !== 'ERR_CATALOGUE_INVALID');
  if (flags.json) {
    const found = health.plugins.map(({ id, version, state, configured, missingSecrets, pipelineTypes }) => ({
      id,
      version,
      enabled: state !== 'disabled',
      configured,
      missingSecrets,
      pipelineTypes,
    }));
    printJson({ plugins: found, rejected });
    return exitStatus.ok;
  }
  const rows = health.plugins.map((plugin) => [
    plugin.id,
    plugin.version,
    plugin.pipelineTypes.join(', '),
    statusOf(plugin),
  ]);
  if (rows.length === 0) printLine('There are no plugins that can be used.');
  else printLine(formatTable(['ID', 'VERSION', 'PIPELINE TYPES', 'STATUS'], rows));
  if (rejected.length > 0) printLine('\nRejected:');
  for (const { code, message } of rejected) printLine(formatTable([`  ${code}`, message], []));
  return exitStatus.ok;
}

function statusOf({ state, missingSecrets }: PluginHealth): string {
  if (state === 'disabled') return 'disabled, by the configuration';
  return missingSecrets ? `enabled, not configured: set ${missingSecrets.join(', ')}` : 'enabled';
}
