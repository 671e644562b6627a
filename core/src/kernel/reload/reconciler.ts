import { EaselError, type Logger } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import { sdkVersion } from '../../version.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { Live } from '../live.js';
import { discoverPlugins } from '../manifest/discover.js';
import { type PluginFolder, readPluginFolder } from '../manifest/read.js';
import type { Registry } from '../registry/registry.js';
import { tokens } from '../tokens.js';
import { hashFolder } from './fingerprint.js';
import { dropGeneration, isGeneration, takeGeneration } from './generation.js';
import { type Newcomer, Probation } from './probation.js';

/** Tries to find a folder that is not being written to. */
const settleAttempts = 5;

/**
 * Brings the plugins that run in line with the folders on disk and the configuration: new ones are added, changed ones are swapped, and
 * those that are gone drain and go. It looks at what is, never at what has happened. A version that cannot be read, validated or started
 * never replaces one that works.
 */
@injectable()
export class Reconciler {
  readonly #registry: Registry;
  readonly #logger: Logger;
  readonly #fingerprints = new Map<string, string>();
  /** Versions that did not start, so that they are not tried again until they change. */
  readonly #failures = new Map<string, { readonly fingerprint: string; readonly reason: EaselError }>();
  /** A copy of each version that runs, for the way back to it. */
  readonly #copies = new Map<string, PluginFolder>();
  readonly #probation = new Probation();
  #queue: Promise<void>;
  #candidate: GuardedPlugin | undefined;
  #isClosed = false;
  #rejected: readonly EaselError[] = [];
  #configuration: Configuration;

  constructor(
    @inject(tokens.registry) registry: Registry,
    @inject(tokens.configuration) { current: configuration }: Live<Configuration>,
    @inject(tokens.logger) logger: Logger,
  ) {
    this.#registry = registry;
    this.#configuration = configuration;
    this.#logger = logger;
    this.#queue = this.#remember();
  }

  /** Resolves when disk and configuration, as they are from now on, have taken effect; runs one at a time. */
  async reconcile(configuration?: Configuration): Promise<void> {
    const run = this.#queue.then(() => this.#run(configuration ?? this.#configuration));
    this.#queue = run.catch(() => {});
    await run;
  }

  /** Gives up a version that is being started, and does nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#candidate?.close();
    await this.#queue;
    await this.#probation.close();
    for (const copy of this.#copies.values()) await dropGeneration(copy);
  }

  async #remember(): Promise<void> {
    for (const { plugin } of this.#registry.plugins) {
      const fingerprint = await this.#fingerprint(plugin, this.#configuration);
      this.#fingerprints.set(plugin.manifest.id, fingerprint);
      this.#copies.set(plugin.manifest.id, await takeGeneration(plugin, fingerprint));
    }
  }

  async #run(configuration: Configuration): Promise<void> {
    const discovery = discoverPlugins(configuration.pluginFolders, sdkVersion);
    for (const plugin of discovery.plugins) await this.#bringUp(plugin, configuration);
    if (this.#isClosed) return;
    await this.#switch(configuration);
    const broken = new Set(discovery.rejected.map(({ folder }) => folder));
    for (const known of this.#registry.plugins) {
      const { id } = known.manifest;
      const isThere = discovery.plugins.some(({ manifest }) => manifest.id === id);
      // A folder whose manifest is broken at the moment is not gone.
      if (!isThere && !broken.has(known.plugin.path)) this.#remove(known);
    }
    this.#configuration = configuration;
    this.#rejected = discovery.rejected.map(({ reason }) => reason);
    this.#report();
  }

  #report(): void {
    const failures = [...this.#failures.values()].map(({ reason }) => reason);
    this.#registry.report([...this.#rejected, ...failures]);
  }

  async #bringUp(found: PluginFolder, configuration: Configuration): Promise<void> {
    const settled = await this.#settle(found, configuration);
    // It is being written; the end of that will be noticed.
    if (!settled) return;
    const { plugin, fingerprint } = settled;
    const { id } = plugin.manifest;
    if (this.#isClosed || this.#failures.get(id)?.fingerprint === fingerprint) return;
    if (this.#fingerprints.get(id) === fingerprint) {
      // Whatever was not taken before has been taken back.
      this.#failures.delete(id);
      return;
    }
    const known = this.#registry.plugins.find(({ manifest }) => manifest.id === id);
    const generation = await takeGeneration(plugin, fingerprint);
    try {
      const options = { predecessor: known, onCrash: this.#onCrash };
      const replacement = this.#registry.create(generation, configuration, options);
      if (known) await this.#swap(known, replacement);
      else this.#registry.add(replacement);
      await this.#keep(replacement, fingerprint);
      const what = `The plugin "${id}" ${plugin.manifest.version} was ${known ? 'swapped in' : 'added'}.`;
      this.#logger.info(what, { plugin: id });
    } catch (error) {
      this.#failures.set(id, { fingerprint, reason: this.#notTaken(plugin, error) });
      await dropGeneration(generation);
    }
  }

  /** A manifest and a hash that belong together: the manifest is read between two equal hashes. */
  async #settle(
    found: PluginFolder,
    configuration: Configuration,
  ): Promise<{ plugin: PluginFolder; fingerprint: string } | undefined> {
    for (let attempt = 0; attempt < settleAttempts; attempt++) {
      const fingerprint = await this.#fingerprint(found, configuration);
      let plugin: PluginFolder;
      try {
        plugin = readPluginFolder(found.path);
      } catch {
        return undefined;
      }
      if ((await this.#fingerprint(plugin, configuration)) === fingerprint) return { plugin, fingerprint };
    }
    return undefined;
  }

  /** Remembers what runs now, and the way back to what ran before. */
  async #keep(plugin: GuardedPlugin, fingerprint: string): Promise<void> {
    const { id } = plugin.manifest;
    const [before, copy] = [this.#fingerprints.get(id), this.#copies.get(id)];
    this.#copies.set(id, await takeGeneration(plugin.plugin, fingerprint));
    this.#fingerprints.set(id, fingerprint);
    this.#failures.delete(id);
    if (before === undefined || copy === undefined || !isGeneration(copy)) return;
    this.#probation.begin({ plugin, fingerprint, predecessor: { plugin: copy, fingerprint: before } });
  }

  readonly #onCrash = (plugin: GuardedPlugin, reason: EaselError): void => {
    const newcomer = this.#probation.take(plugin);
    if (newcomer && !this.#isClosed) this.#queue = this.#queue.then(() => this.#rollBack(newcomer, reason));
  };

  /** Brings the version before back, and does not try the newcomer again until it has changed. */
  async #rollBack({ plugin, fingerprint, predecessor }: Newcomer, reason: EaselError): Promise<void> {
    const { id } = plugin.manifest;
    try {
      const restored = this.#registry.create(predecessor.plugin, this.#configuration, {
        predecessor: plugin,
      });
      await this.#swap(plugin, restored);
      await dropGeneration(this.#copies.get(id) ?? plugin.plugin);
      this.#copies.set(id, await takeGeneration(predecessor.plugin, predecessor.fingerprint));
      this.#fingerprints.set(id, predecessor.fingerprint);
      this.#failures.set(id, { fingerprint, reason: this.#notTaken(plugin.plugin, reason) });
      this.#report();
    } catch (error) {
      this.#logger.error(`The plugin "${id}" could not be taken back: ${(error as Error).message}`, {
        plugin: id,
      });
    }
  }

  /** Starts the new version before the table is swapped; what the old one is working on, it finishes. */
  async #swap(known: GuardedPlugin, replacement: GuardedPlugin): Promise<void> {
    if (replacement.supervisor.state !== 'disabled') {
      this.#candidate = replacement;
      try {
        await replacement.supervisor.running();
      } catch (error) {
        await replacement.close();
        throw error;
      } finally {
        this.#candidate = undefined;
      }
    }
    this.#registry.replace(known, replacement);
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
    this.#failures.delete(id);
    this.#logger.info(`The plugin "${id}" was removed.`, { plugin: id });
  }

  async #fingerprint(plugin: PluginFolder, { plugins }: Configuration): Promise<string> {
    return `${await hashFolder(plugin.folder)} ${JSON.stringify(plugins[plugin.manifest.id]?.options ?? {})}`;
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
