import { EaselError } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import type { HostLogger } from '../../observe/plugin-logger.js';
import { sdkVersion } from '../../version.js';
import { Events } from '../events.js';
import { dropGeneration, sweepGenerations, takeGeneration } from '../generations/generation.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { Live } from '../live.js';
import { type Discovery, discoverPlugins, findRejected, isThere } from '../manifest/discover.js';
import type { PluginFolder } from '../manifest/read.js';
import { Registry } from '../registry/registry.js';
import { SerialQueue } from '../serial-queue.js';
import { tokens } from '../tokens.js';
import { type Newcomer, Probation } from './probation.js';
import { fingerprintOf, settle } from './settle.js';
import { swapIn } from './swap.js';

/**
 * Brings the plugins that run in line with the folders on disk and the configuration: new ones are added, changed ones are swapped, and
 * those that are gone drain and go. It looks at what is, never at what has happened. A version that cannot be read, validated or started
 * never replaces one that works.
 */
@injectable()
export class Reconciler {
  readonly #registry: Registry;
  readonly #logger: HostLogger;
  readonly #events: Events;
  readonly #fingerprints = new Map<string, string>();
  /** Versions that did not start, so that they are not tried again until they change. */
  readonly #failures = new Map<string, { readonly fingerprint: string; readonly reason: EaselError }>();
  /** A copy of each version that runs, for the way back to it. */
  readonly #copies = new Map<string, PluginFolder>();
  readonly #probation: Probation;
  /** Failures of versions that were not yet in their probation. */
  readonly #early = new WeakMap<GuardedPlugin, EaselError>();
  /** Ids of plugins that are to be swapped although nothing has changed. */
  readonly #asked = new Set<string>();
  readonly #work = new SerialQueue();
  #candidate: GuardedPlugin | undefined;
  #isClosed = false;
  #rejected: Discovery['rejected'] = [];
  #configuration: Configuration;

  constructor(
    @inject(Registry) registry: Registry,
    @inject(tokens.configuration) { current: configuration }: Live<Configuration>,
    @inject(tokens.logger) logger: HostLogger,
    @inject(Events) events: Events,
  ) {
    this.#registry = registry;
    this.#configuration = configuration;
    this.#logger = logger;
    this.#events = events;
    this.#probation = new Probation((plugin) => registry.settle(plugin));
    void this.#work.run(() => this.#remember()).catch(() => {});
  }

  /** Resolves when disk and configuration, as they are from now on, have taken effect; runs one at a time. */
  async reconcile(configuration: Configuration): Promise<void> {
    await this.#work.run(() => this.#run(configuration));
  }

  /** Starts a plugin anew from its folder, changed or not, and swaps it in. Rejects with the reason where that version is not taken. */
  async reload(id: string): Promise<void> {
    if (!isThere(discoverPlugins(this.#configuration.pluginFolders, sdkVersion), id)) this.#registry.get(id);
    this.#asked.add(id);
    await this.#work.join(() => this.#run(this.#configuration));
    const rejected = findRejected(this.#rejected, id);
    const { reason } = rejected ?? this.#failures.get(id) ?? {};
    if (reason) throw reason;
    this.#registry.get(id);
  }

  /** Gives up a version that is being started, and does nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#candidate?.close();
    await this.#work.idle();
    await this.#probation.close();
    for (const copy of this.#copies.values()) await dropGeneration(copy);
  }

  async #remember(): Promise<void> {
    await sweepGenerations(this.#configuration.storageFolder);
    for (const { plugin } of this.#registry.plugins) {
      const fingerprint = await fingerprintOf(plugin, this.#configuration);
      this.#fingerprints.set(plugin.manifest.id, fingerprint);
      await this.#copy(plugin, fingerprint);
    }
  }

  async #run(configuration: Configuration): Promise<void> {
    const discovery = discoverPlugins(configuration.pluginFolders, sdkVersion);
    for (const plugin of discovery.plugins) await this.#bringUp(plugin, configuration);
    if (this.#isClosed) return;
    this.#forgetFailures(discovery);
    await this.#switch(configuration);
    const broken = new Set(discovery.rejected.map(({ folder }) => folder));
    for (const known of this.#registry.plugins) {
      const { id } = known.manifest;
      const isOnDisk = discovery.plugins.some(({ manifest }) => manifest.id === id);
      // A folder whose manifest is broken at the moment is not gone.
      if (!isOnDisk && !broken.has(known.plugin.path)) this.#remove(known);
    }
    this.#configuration = configuration;
    this.#rejected = discovery.rejected;
    this.#report();
  }

  /** Of versions that are no longer on disk. */
  #forgetFailures({ plugins }: Discovery): void {
    const found = new Set(plugins.map(({ manifest }) => manifest.id));
    for (const id of this.#failures.keys()) if (!found.has(id)) this.#failures.delete(id);
  }

  #report(): void {
    const refused = [...this.#rejected, ...this.#failures.values()];
    this.#registry.report(refused.map(({ reason }) => reason));
  }

  async #bringUp(found: PluginFolder, configuration: Configuration): Promise<void> {
    const settled = await settle(found, configuration);
    if (!settled || this.#isClosed) return;
    const { plugin, fingerprint } = settled;
    const { id, version } = plugin.manifest;
    if (!this.#asked.delete(id)) {
      if (this.#failures.get(id)?.fingerprint === fingerprint) return;
      if (this.#fingerprints.get(id) === fingerprint) {
        // Whatever was not taken before has been taken back.
        this.#failures.delete(id);
        return;
      }
    }
    const known = this.#registry.plugins.find(({ manifest }) => manifest.id === id);
    const generation = await takeGeneration(plugin, fingerprint, configuration.storageFolder);
    if (!generation) return;
    try {
      const options = { predecessor: known, onFailure: this.#onFailure };
      const replacement = this.#registry.create(generation, configuration, options);
      if (known) await this.#swap(known, replacement, configuration.plugins[id]?.rolloutPercent ?? 100);
      else this.#registry.add(replacement);
      await this.#keep(replacement, fingerprint);
      const what = `The plugin "${id}" ${version} was ${known ? 'swapped in' : 'added'}.`;
      this.#logger.info(what, { plugin: id });
    } catch (error) {
      const reason = this.#notTaken(plugin, error);
      this.#failures.set(id, { fingerprint, reason });
      this.#events.emit('plugin-refused', { plugin: id, version, error: reason });
      await dropGeneration(generation);
    }
  }

  async #swap(known: GuardedPlugin, replacement: GuardedPlugin, percent = 100): Promise<void> {
    this.#candidate = replacement;
    try {
      await swapIn(this.#registry, known, replacement, percent);
    } finally {
      this.#candidate = undefined;
    }
  }

  /** Remembers what runs now, and the way back to what ran before. */
  async #keep(plugin: GuardedPlugin, fingerprint: string): Promise<void> {
    const { id } = plugin.manifest;
    const [before, copy] = [this.#fingerprints.get(id), this.#copies.get(id)];
    await this.#copy(plugin.plugin, fingerprint);
    this.#fingerprints.set(id, fingerprint);
    this.#failures.delete(id);
    if (before === undefined || !copy?.copy) return;
    this.#probation.begin({ plugin, fingerprint, predecessor: { plugin: copy, fingerprint: before } });
    const early = this.#early.get(plugin);
    if (early) this.#onFailure(plugin, early);
  }

  async #copy(plugin: PluginFolder, fingerprint: string): Promise<void> {
    const copy = await takeGeneration(plugin, fingerprint, this.#configuration.storageFolder);
    if (copy) this.#copies.set(plugin.manifest.id, copy);
    else this.#copies.delete(plugin.manifest.id);
  }

  readonly #onFailure = (plugin: GuardedPlugin, reason: EaselError): void => {
    const newcomer = this.#probation.take(plugin);
    if (!newcomer) this.#early.set(plugin, reason);
    else if (!this.#isClosed) void this.#work.run(() => this.#rollBack(newcomer, reason));
  };

  /** Brings the version before back, and does not try the newcomer again until it has changed. */
  async #rollBack({ plugin, fingerprint, predecessor }: Newcomer, error: EaselError): Promise<void> {
    const { id, version } = plugin.manifest;
    try {
      await dropGeneration(this.#copies.get(id) ?? plugin.plugin);
      if (this.#registry.revert(plugin)) this.#copies.set(id, predecessor.plugin);
      else {
        const options = { predecessor: plugin };
        const restored = this.#registry.create(predecessor.plugin, this.#configuration, options);
        await this.#copy(predecessor.plugin, predecessor.fingerprint);
        await this.#swap(plugin, restored);
      }
      this.#fingerprints.set(id, predecessor.fingerprint);
      this.#failures.set(id, { fingerprint, reason: this.#notTaken(plugin.plugin, error) });
      this.#report();
      const to = predecessor.plugin.manifest.version;
      this.#events.emit('plugin-rolled-back', { plugin: id, version, to, error });
    } catch (failure) {
      this.#logger.error(`The plugin "${id}" could not be taken back: ${(failure as Error).message}`, {
        plugin: id,
      });
    }
  }

  /** Only what the configuration says otherwise than before: a switch that somebody has thrown by hand stays. */
  async #switch(configuration: Configuration): Promise<void> {
    const isEnabled = ({ plugins }: Configuration, id: string) => plugins[id]?.enabled !== false;
    for (const { manifest } of this.#registry.plugins) {
      const wanted = isEnabled(configuration, manifest.id);
      if (wanted === isEnabled(this.#configuration, manifest.id)) continue;
      if (wanted) await this.#registry.enable(manifest.id);
      else void this.#registry.disable(manifest.id);
    }
  }

  #remove(known: GuardedPlugin): void {
    const { id } = known.manifest;
    this.#registry.remove(known);
    void this.#probation.end(id);
    void dropGeneration(this.#copies.get(id) ?? known.plugin);
    this.#copies.delete(id);
    this.#fingerprints.delete(id);
    this.#logger.info(`The plugin "${id}" was removed.`, { plugin: id });
  }

  #notTaken({ manifest: { id, version } }: PluginFolder, error: unknown): EaselError {
    const cause = EaselError.isInstance(error) ? error : undefined;
    const reason = new EaselError({
      code: cause?.code ?? 'ERR_PLUGIN_START_FAILED',
      plugin: id,
      message: `The version ${version} of the plugin "${id}" on disk was not taken: ${(error as Error).message}`,
      hint: cause?.hint,
      cause: error,
    });
    this.#logger.warn(reason.message, { plugin: id, code: reason.code });
    return reason;
  }
}
