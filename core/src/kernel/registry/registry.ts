import type { Logger } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import { sdkVersion } from '../../version.js';
import { GuardedPlugin } from '../guard/guarded-plugin.js';
import { type Discovery, discoverPlugins } from '../manifest/discover.js';
import type { PluginFolder } from '../manifest/read.js';
import { buildRoutingTable, type RoutingTable } from '../routing/table.js';
import { tokens } from '../tokens.js';
import { Supervisor } from './supervisor.js';

/** Every plugin that was found: used, disabled by the configuration, or rejected. */
@injectable()
export class Registry {
  readonly plugins: readonly GuardedPlugin[];
  readonly disabled: readonly PluginFolder[];
  readonly rejected: Discovery['rejected'];
  readonly table: RoutingTable;

  constructor(
    @inject(tokens.configuration) configuration: Configuration,
    @inject(tokens.environment) environment: Readonly<Record<string, string | undefined>>,
    @inject(tokens.logger) logger: Logger,
  ) {
    const discovery = discoverPlugins(configuration.pluginFolders, sdkVersion);
    const isEnabled = ({ manifest }: PluginFolder) => configuration.plugins[manifest.id]?.enabled !== false;
    this.rejected = discovery.rejected;
    this.disabled = discovery.plugins.filter((plugin) => !isEnabled(plugin));
    this.plugins = discovery.plugins.filter(isEnabled).map((plugin) => {
      const config = configuration.plugins[plugin.manifest.id]?.options ?? {};
      return new GuardedPlugin(plugin.manifest, new Supervisor({ plugin, config, environment, logger }));
    });
    this.table = buildRoutingTable(this.plugins);
    for (const { folder, reason } of this.rejected)
      logger.warn(reason.message, { folder, code: reason.code });
  }

  /** Starts the plugins that want to be there with the kernel; a failure is in their health. */
  activate(): void {
    for (const { manifest, supervisor } of this.plugins) {
      if (manifest.activation === 'startup') supervisor.running().catch(() => {});
    }
  }

  /** Stops all plugins, each within its own limits. */
  async close(): Promise<void> {
    await Promise.all(this.plugins.map((plugin) => plugin.close()));
  }
}
