import { EaselError, type Logger } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import { sdkVersion } from '../../version.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { Live } from '../live.js';
import { discoverPlugins } from '../manifest/discover.js';
import type { PluginFolder } from '../manifest/read.js';
import type { Registry } from '../registry/registry.js';
import { tokens } from '../tokens.js';
import { hashFolder } from './fingerprint.js';
import { takeGeneration } from './generation.js';

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
  #queue: Promise<void>;
  #candidate: GuardedPlugin | undefined;
  #isClosed = false;
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
  }

  async #remember(): Promise<void> {
    for (const { plugin } of this.#registry.plugins) {
      this.#fingerprints.set(plugin.manifest.id, await this.#fingerprint(plugin, this.#configuration));
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
    const failures = [...this.#failures.values()].map(({ reason }) => reason);
    this.#registry.report([...discovery.rejected.map(({ reason }) => reason), ...failures]);
  }

  async #bringUp(plugin: PluginFolder, configuration: Configuration): Promise<void> {
    const { id } = plugin.manifest;
    const fingerprint = await this.#fingerprint(plugin, configuration);
    if (this.#fingerprints.get(id) === fingerprint || this.#failures.get(id)?.fingerprint === fingerprint)
      return;
    if (this.#isClosed) return;
    const known = this.#registry.plugins.find(({ manifest }) => manifest.id === id);
    try {
      const generation = await takeGeneration(plugin, fingerprint);
      const replacement = this.#registry.create(generation, configuration, known);
      if (known) await this.#swap(known, replacement);
      else this.#registry.add(replacement);
      this.#fingerprints.set(id, fingerprint);
      this.#failures.delete(id);
      this.#logger.info(
        `The plugin "${id}" ${plugin.manifest.version} was ${known ? 'swapped in' : 'added'}.`,
        { plugin: id },
      );
    } catch (error) {
      this.#failures.set(id, { fingerprint, reason: this.#notTaken(plugin, error) });
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
