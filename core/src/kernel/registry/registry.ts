import { EaselError, type Logger } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import { sdkVersion } from '../../version.js';
import { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { Live } from '../live.js';
import { discoverPlugins } from '../manifest/discover.js';
import type { PluginFolder } from '../manifest/read.js';
import { dropGeneration } from '../reload/generation.js';
import { buildRoutingTable, type RoutingTable } from '../routing/table.js';
import { tokens } from '../tokens.js';
import { Supervisor, type SupervisorOptions } from './supervisor.js';

/** Every plugin that was found, and the routing table of those that are not disabled. */
@injectable()
export class Registry {
  readonly #options: Pick<SupervisorOptions, 'environment' | 'logger'>;
  readonly #disabled = new Set<GuardedPlugin>();
  /** Versions that take no more calls and finish those that they have. */
  readonly #leaving = new Set<Promise<void>>();
  #plugins: readonly GuardedPlugin[];
  #problems: readonly EaselError[] = [];
  #table: RoutingTable;

  constructor(
    @inject(tokens.configuration) { current: configuration }: Live<Configuration>,
    @inject(tokens.environment) environment: Readonly<Record<string, string | undefined>>,
    @inject(tokens.logger) logger: Logger,
  ) {
    this.#options = { environment, logger };
    const { plugins, rejected } = discoverPlugins(configuration.pluginFolders, sdkVersion);
    this.#plugins = plugins.map((plugin) => this.create(plugin, configuration));
    this.#table = this.#buildTable();
    this.report(rejected.map(({ reason }) => reason));
    for (const { folder, reason } of rejected) logger.warn(reason.message, { folder, code: reason.code });
  }

  get plugins(): readonly GuardedPlugin[] {
    return this.#plugins;
  }

  /** Why what was found on disk is not in use. */
  get problems(): readonly EaselError[] {
    return this.#problems;
  }

  /** Replaced as a whole whenever a plugin comes or goes; a call keeps the one that it began with. */
  get table(): RoutingTable {
    return this.#table;
  }

  /** Starts the plugins that want to be there with the kernel; a failure is in their health. */
  activate(): void {
    for (const plugin of this.#plugins) this.#startWithKernel(plugin);
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

  /** A plugin with its part of the configuration, not in the table yet; disabled where the configuration or its predecessor is. */
  create(
    plugin: PluginFolder,
    { plugins }: Configuration,
    {
      predecessor,
      onCrash,
    }: {
      predecessor?: GuardedPlugin | undefined;
      onCrash?: (plugin: GuardedPlugin, reason: EaselError) => void;
    } = {},
  ): GuardedPlugin {
    const { enabled: isEnabled = true, options: config = {} } = plugins[plugin.manifest.id] ?? {};
    const isDisabled = !isEnabled || (predecessor !== undefined && this.#disabled.has(predecessor));
    const supervisor = new Supervisor({
      ...this.#options,
      plugin,
      config,
      isDisabled,
      onCrash: (reason) => onCrash?.(guarded, reason),
    });
    const guarded = new GuardedPlugin(plugin, supervisor);
    if (isDisabled) this.#disabled.add(guarded);
    return guarded;
  }

  add(plugin: GuardedPlugin): void {
    this.#plugins = [...this.#plugins, plugin];
    this.#table = this.#buildTable();
    this.#startWithKernel(plugin);
  }

  /** Gives the calls that come from now on to another version; those that the old one has, it finishes. */
  replace(old: GuardedPlugin, replacement: GuardedPlugin): void {
    this.#plugins = this.#plugins.map((plugin) => (plugin === old ? replacement : plugin));
    this.#table = this.#buildTable();
    this.#leave(old);
  }

  /** Takes a plugin out; the calls that it has, it finishes. */
  remove(plugin: GuardedPlugin): void {
    this.#plugins = this.#plugins.filter((other) => other !== plugin);
    this.#table = this.#buildTable();
    this.#leave(plugin);
  }

  report(problems: readonly EaselError[]): void {
    this.#problems = problems;
  }

  /** Stops all plugins, each within its own limits. */
  async close(): Promise<void> {
    for (const plugin of this.#plugins) this.#leave(plugin);
    await Promise.all(this.#leaving);
  }

  #leave(plugin: GuardedPlugin): void {
    const left = plugin
      .close()
      .then(() => dropGeneration(plugin.plugin))
      .finally(() => {
        this.#leaving.delete(left);
        this.#disabled.delete(plugin);
      });
    this.#leaving.add(left);
  }

  #startWithKernel(plugin: GuardedPlugin): void {
    if (plugin.manifest.activation !== 'startup' || this.#disabled.has(plugin)) return;
    plugin.supervisor.running().catch(() => {});
  }

  #buildTable(): RoutingTable {
    return buildRoutingTable(this.#plugins.filter((plugin) => !this.#disabled.has(plugin)));
  }

  #find(id: string): GuardedPlugin {
    const plugin = this.#plugins.find(({ manifest }) => manifest.id === id);
    if (plugin) return plugin;
    const ids = this.#plugins.map(({ manifest }) => manifest.id).join(', ');
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `There is no plugin "${id}"; there are: ${ids || 'none'}.`,
    });
  }
}
