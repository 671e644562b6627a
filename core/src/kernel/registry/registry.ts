import { EaselError, type Logger } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import { sdkVersion } from '../../version.js';
import { GuardedPlugin } from '../guard/guarded-plugin.js';
import { type Discovery, discoverPlugins } from '../manifest/discover.js';
import { buildRoutingTable, type RoutingTable } from '../routing/table.js';
import { tokens } from '../tokens.js';
import { Supervisor } from './supervisor.js';

/** Every plugin that was found, and the routing table of those that are not disabled. */
@injectable()
export class Registry {
  readonly plugins: readonly GuardedPlugin[];
  readonly rejected: Discovery['rejected'];
  readonly #disabled = new Set<GuardedPlugin>();
  #table: RoutingTable;

  constructor(
    @inject(tokens.configuration) configuration: Configuration,
    @inject(tokens.environment) environment: Readonly<Record<string, string | undefined>>,
    @inject(tokens.logger) logger: Logger,
  ) {
    const discovery = discoverPlugins(configuration.pluginFolders, sdkVersion);
    this.rejected = discovery.rejected;
    this.plugins = discovery.plugins.map((plugin) => {
      const { enabled: isEnabled = true, options: config = {} } =
        configuration.plugins[plugin.manifest.id] ?? {};
      const supervisor = new Supervisor({ plugin, config, environment, logger, isDisabled: !isEnabled });
      return new GuardedPlugin(plugin.manifest, supervisor);
    });
    for (const plugin of this.plugins) if (plugin.supervisor.state === 'disabled') this.#disabled.add(plugin);
    this.#table = this.#buildTable();
    for (const { folder, reason } of this.rejected)
      logger.warn(reason.message, { folder, code: reason.code });
  }

  /** Replaced as a whole whenever a plugin comes or goes; a call keeps the one that it began with. */
  get table(): RoutingTable {
    return this.#table;
  }

  /** Starts the plugins that want to be there with the kernel; a failure is in their health. */
  activate(): void {
    for (const plugin of this.plugins) {
      const { manifest, supervisor } = plugin;
      if (manifest.activation === 'startup' && !this.#disabled.has(plugin))
        supervisor.running().catch(() => {});
    }
  }

  /** Gives a plugin calls again: one that was disabled, or one that had crashed too often. */
  async enable(id: string): Promise<void> {
    const plugin = this.#find(id);
    await plugin.supervisor.enable();
    this.#disabled.delete(plugin);
    this.#table = this.#buildTable();
  }

  /** Gives a plugin no more calls; resolves when those that it has are finished, within its `drainMs`, and it has stopped. */
  async disable(id: string): Promise<void> {
    const plugin = this.#find(id);
    this.#disabled.add(plugin);
    this.#table = this.#buildTable();
    await plugin.disable();
  }

  /** Stops all plugins, each within its own limits. */
  async close(): Promise<void> {
    await Promise.all(this.plugins.map((plugin) => plugin.close()));
  }

  #buildTable(): RoutingTable {
    return buildRoutingTable(this.plugins.filter((plugin) => !this.#disabled.has(plugin)));
  }

  #find(id: string): GuardedPlugin {
    const plugin = this.plugins.find(({ manifest }) => manifest.id === id);
    if (plugin) return plugin;
    const ids = this.plugins.map(({ manifest }) => manifest.id).join(', ');
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `There is no plugin "${id}"; there are: ${ids || 'none'}.`,
    });
  }
}
