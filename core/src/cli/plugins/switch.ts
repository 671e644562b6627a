import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { editPluginConfiguration } from '../../config/edit-configuration.js';
import { readConfiguration } from '../../config/read-configuration.js';
import { discoverPlugins } from '../../kernel/manifest/discover.js';
import type { PluginFolder } from '../../kernel/manifest/read.js';
import { sdkVersion } from '../../version.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine } from '../terminal/output.js';
import { UsageError } from '../terminal/usage-error.js';
import type { ChangePluginFlags } from './flags.js';

/**
 * `easel plugins enable` and `disable`: says so in the configuration file, which a watching kernel follows at
 * once.
 */
export async function switchPlugin(
  id: string,
  enabled: boolean,
  { config, json }: ChangePluginFlags,
): Promise<number> {
  findPlugin(id, config);
  const file = editPluginConfiguration({ configFile: config }, id, { enabled });
  if (json) printJson({ id, enabled, file });
  else printLine(`${id} is ${enabled ? 'enabled' : 'disabled'} in ${file}`);
  return exitStatus.ok;
}

/**
 * `easel plugins reload`: touches the plugin's manifest, whereupon every watching kernel starts it anew and
 * swaps it in.
 */
export async function reloadPlugin(id: string, { config, json }: ChangePluginFlags): Promise<number> {
  const manifest = join(findPlugin(id, config).folder, 'plugin.json');
  const now = new Date();
  await utimes(manifest, now, now);
  if (json) printJson({ id, touched: manifest });
  else printLine(`${id}: kernels that watch ${manifest} start it anew.`);
  return exitStatus.ok;
}

function findPlugin(id: string, configFile: string | undefined): PluginFolder {
  const { plugins } = discoverPlugins(readConfiguration({ configFile }), sdkVersion);
  const found = plugins.find(({ manifest }) => manifest.id === id);
  if (found) return found;
  const ids = plugins.map(({ manifest }) => manifest.id).join(', ');
  throw new UsageError(`there is no plugin "${id}"; there are: ${ids || 'none'}`, 'See `easel plugins`.');
}
