import { EaselError, type Webhook } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import type { HostLogger } from '../../observe/plugin-logger.js';
import { sdkVersion } from '../../version.js';
import { Events } from '../events.js';
import { dropGeneration } from '../generations/generation.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { Live } from '../live.js';
import { discoverPlugins } from '../manifest/discover.js';
import type { PluginFolder } from '../manifest/read.js';
import { tokens } from '../tokens.js';
import { type CreatePluginOptions, createPlugin, type Surroundings } from './create-plugin.js';
import { buildRoutingTable, type RoutingTable } from './routing-table.js';
import { Succession } from './succession.js';

export interface CreateOptions extends Pick<CreatePluginOptions, 'onFailure'> {
  /** The version that it is to replace; where that is disabled, so is it. Absent: none. */
  readonly predecessor?: GuardedPlugin | undefined;
}

/** Every plugin that was found, and the routing table of those that are not disabled. */
@injectable()
export class Registry {
  readonly #surroundings: Surroundings;
  readonly #events: Events;
  readonly succession = new Succession();
  readonly #disabled = new Set<GuardedPlugin>();
  /** Versions that take no more calls and finish those that they have. */
  readonly #leaving = new Set<Promise<unknown>>();
  /** By id: versions that have served, the present one included. */
  readonly #generations = new Map<string, number>();
  /** Ids of what had to be ended by force. */
  readonly #forced = new Set<string>();
  #plugins: readonly GuardedPlugin[];
  #problems: readonly EaselError[] = [];
  #table: RoutingTable;

  constructor(
    @inject(tokens.configuration) { current: configuration }: Live<Configuration>,
    @inject(tokens.environment) environment: Readonly<Record<string, string | undefined>>,
    @inject(tokens.logger) logger: HostLogger,
    @inject(Events) events: Events,
    @inject(tokens.now) now: () => number,
  ) {
    this.#surroundings = { environment, logger, events, now };
    this.#events = events;
    const { plugins, rejected } = discoverPlugins(configuration, sdkVersion);
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
    const versions = this.succession.versionsOf(this.get(id));
    await Promise.all(versions.map((version) => version.enable()));
    for (const version of versions) this.#disabled.delete(version);
    this.#table = this.#buildTable();
  }

  /**
   * Gives a plugin no more calls; resolves when those that it has are finished, within its `drainMs`, and it
   * has stopped.
   */
  async disable(id: string): Promise<void> {
    const versions = this.succession.versionsOf(this.get(id));
    for (const version of versions) this.#disabled.add(version);
    this.#table = this.#buildTable();
    await Promise.all(versions.map((version) => version.disable()));
  }

  /** Lets calls through the circuits of a plugin again; of one pipeline type, or of all. */
  resetBreakers(id: string, pipelineType: string | undefined): void {
    const plugin = this.get(id);
    const types = plugin.manifest.handles.map(({ type }) => type);
    if (pipelineType !== undefined && !types.includes(pipelineType)) {
      throw new EaselError({
        code: 'ERR_REQUEST_INVALID',
        message: `The plugin "${id}" does not handle "${pipelineType}"; it handles: ${types.join(', ')}.`,
      });
    }
    plugin.resetBreakers(pipelineType);
  }

  /** Hands a webhook to the versions of a plugin that run. Throws ERR_REQUEST_INVALID for an unknown one. */
  async receiveWebhook(id: string, webhook: Webhook): Promise<void> {
    const versions = this.succession.versionsOf(this.get(id));
    await Promise.all(versions.map(({ supervisor }) => supervisor.receiveWebhook(webhook)));
  }

  /** How many versions of a plugin have served, the present one included. */
  generationOf(plugin: GuardedPlugin): number {
    return this.#generations.get(plugin.manifest.id) ?? 1;
  }

  /** The plugin that is to answer a call for this one: another version may have taken its place. */
  currentVersion(plugin: GuardedPlugin, signal: AbortSignal): GuardedPlugin | Promise<GuardedPlugin> {
    return this.succession.currentVersion(plugin, signal);
  }

  /**
   * A plugin with its part of the configuration, not in the table yet; disabled where the configuration or
   * its predecessor is.
   */
  create(
    found: PluginFolder,
    configuration: Configuration,
    { predecessor, onFailure }: CreateOptions = {},
  ): GuardedPlugin {
    const isOff = configuration.plugins[found.manifest.id]?.enabled === false;
    const isDisabled = isOff || (predecessor !== undefined && this.#disabled.has(predecessor));
    const plugin = createPlugin(found, configuration, {
      surroundings: this.#surroundings,
      isDisabled,
      onFailure,
    });
    if (isDisabled) this.#disabled.add(plugin);
    return plugin;
  }

  add(plugin: GuardedPlugin): void {
    const { id, version } = plugin.manifest;
    this.#plugins = [...this.#plugins, plugin];
    this.#table = this.#buildTable();
    this.#events.emit('plugin-added', { plugin: id, version });
    this.#startWithKernel(plugin);
  }

  /**
   * Gives the calls that come from now on to another version; those that the old one has, it finishes.
   *
   * @param percent share of the calls that the replacement is given until it is settled; the old one has the
   * rest
   */
  replace(old: GuardedPlugin, replacement: GuardedPlugin, percent = 100): void {
    const { id, version } = replacement.manifest;
    // Of three versions the middle one has had its time.
    this.settle(old);
    this.#plugins = this.#plugins.map((plugin) => (plugin === old ? replacement : plugin));
    this.#table = this.#buildTable();
    this.#generations.set(id, this.generationOf(old) + 1);
    if (percent < 100) this.succession.share(replacement, old, percent);
    else this.#leave(old);
    this.#events.emit('plugin-swapped', { plugin: id, version, before: old.manifest.version });
  }

  /** Gives a newcomer all of its calls; the version before finishes those that it has. */
  settle(newcomer: GuardedPlugin): void {
    const before = this.succession.settle(newcomer);
    if (before) this.#leave(before);
  }

  /**
   * Takes back a newcomer that shares its calls; answers its predecessor. Undefined: it has none that still
   * runs.
   */
  revert(newcomer: GuardedPlugin): GuardedPlugin | undefined {
    const predecessor = this.succession.predecessorOf(newcomer);
    if (!predecessor) return undefined;
    this.succession.settle(newcomer);
    this.replace(newcomer, predecessor);
    return predecessor;
  }

  /** Takes a plugin out; the calls that it has, it finishes. */
  remove(plugin: GuardedPlugin): void {
    const { id, version } = plugin.manifest;
    this.#plugins = this.#plugins.filter((other) => other !== plugin);
    this.#table = this.#buildTable();
    this.settle(plugin);
    this.#leave(plugin);
    this.#events.emit('plugin-removed', { plugin: id, version });
  }

  report(problems: readonly EaselError[]): void {
    this.#problems = problems;
  }

  /**
   * Stops all plugins, each within its own limits; answers the ids of those that had to be ended by force.
   */
  async close(): Promise<string[]> {
    this.#forced.clear();
    for (const plugin of this.#plugins) {
      this.settle(plugin);
      this.#leave(plugin);
    }
    await Promise.all(this.#leaving);
    return [...this.#forced];
  }

  #leave(plugin: GuardedPlugin): void {
    const left = plugin
      .close()
      .then(async (isForced) => {
        if (isForced) this.#forced.add(plugin.manifest.id);
        await dropGeneration(plugin.plugin);
      })
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

  /** Throws ERR_REQUEST_INVALID with the ids that there are. */
  get(id: string): GuardedPlugin {
    const plugin = this.#plugins.find(({ manifest }) => manifest.id === id);
    if (plugin) return plugin;
    const ids = this.#plugins.map(({ manifest }) => manifest.id).join(', ');
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `There is no plugin "${id}"; there are: ${ids || 'none'}.`,
    });
  }
}
