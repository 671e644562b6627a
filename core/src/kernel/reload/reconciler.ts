import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import type { HostLogger } from '../../observe/plugin-logger.js';
import { sdkVersion } from '../../version.js';
import { Events } from '../events.js';
import { prepareGenerations } from '../generations/generation.js';
import type { Live } from '../live.js';
import { discoverPlugins, isThere } from '../manifest/discover.js';
import type { PluginFolder } from '../manifest/read.js';
import { Registry } from '../registry/registry.js';
import { SerialQueue } from '../serial-queue.js';
import { tokens } from '../tokens.js';
import { RefusedVersions } from './refused-versions.js';
import { settle } from './settle.js';
import { VersionInstaller } from './version-installer.js';

/**
 * Brings the plugins that run in line with the folders on disk and the configuration: new ones are added,
 * changed ones are swapped, and those that are gone drain and go. It looks at what is, never at what has
 * happened. A version that cannot be read, validated or started never replaces one that works.
 */
@injectable()
export class Reconciler {
  readonly #registry: Registry;
  readonly #refused: RefusedVersions;
  readonly #installer: VersionInstaller;
  readonly #queue = new SerialQueue();
  /** Ids of plugins that are to be started anew although nothing has changed. */
  readonly #forced = new Set<string>();
  /** The one that the plugins are in line with. */
  #configuration: Configuration;

  constructor(
    @inject(Registry) registry: Registry,
    @inject(tokens.configuration) { current: configuration }: Live<Configuration>,
    @inject(tokens.logger) logger: HostLogger,
    @inject(Events) events: Events,
  ) {
    this.#registry = registry;
    this.#configuration = configuration;
    this.#refused = new RefusedVersions(
      logger,
      registry.problems.map(({ message }) => message),
    );
    this.#installer = new VersionInstaller({
      registry,
      events,
      logger,
      refused: this.#refused,
      schedule: (rollBack) => void this.#queue.run(() => rollBack(this.#configuration)),
    });
    void this.#queue.run(() => this.#begin()).catch(() => {});
  }

  /** Resolves when disk and configuration, as they are from now on, have taken effect; runs one at a time. */
  async reconcile(configuration: Configuration): Promise<void> {
    await this.#queue.run(() => this.#run(configuration));
  }

  /**
   * Starts a plugin anew from its folder, changed or not, and swaps it in. Rejects with the reason where that
   * version is not taken.
   */
  async reload(id: string): Promise<void> {
    if (!isThere(discoverPlugins(this.#configuration, sdkVersion), id)) this.#registry.get(id);
    this.#forced.add(id);
    await this.#queue.join(() => this.#run(this.#configuration));
    const reason = this.#refused.reasonOf(id);
    if (reason) throw reason;
    this.#registry.get(id);
  }

  /** Gives up a version that is being started, and does nothing more. */
  async close(): Promise<void> {
    await this.#installer.stop();
    await this.#queue.idle();
    await this.#installer.close();
  }

  async #begin(): Promise<void> {
    await prepareGenerations(this.#configuration.storageFolder);
    for (const { plugin } of this.#registry.plugins) await this.#installer.note(plugin, this.#configuration);
  }

  async #run(configuration: Configuration): Promise<void> {
    const discovery = discoverPlugins(configuration, sdkVersion);
    for (const plugin of discovery.plugins) await this.#update(plugin, configuration);
    if (this.#installer.isClosed) return;
    this.#refused.keepOnly(discovery);
    await this.#switch(configuration);
    const broken = new Set(discovery.rejected.map(({ folder }) => folder));
    for (const known of this.#registry.plugins) {
      const { id } = known.manifest;
      const isOnDisk = discovery.plugins.some(({ manifest }) => manifest.id === id);
      // A folder whose manifest is broken at the moment is not gone.
      if (!isOnDisk && !broken.has(known.plugin.path)) this.#installer.remove(known);
    }
    this.#configuration = configuration;
    this.#refused.setRejected(discovery.rejected);
    this.#registry.report(this.#refused.reasons);
  }

  async #update(found: PluginFolder, configuration: Configuration): Promise<void> {
    const settled = await settle(found, configuration, this.#installer.closing);
    if (!settled || this.#installer.isClosed) return;
    const { fingerprint } = settled;
    const { id } = settled.plugin.manifest;
    if (!this.#forced.delete(id)) {
      if (this.#refused.has(id, fingerprint)) return;
      if (this.#installer.isRunning(id, fingerprint)) {
        // Whatever was not taken before has been taken back.
        this.#refused.delete(id);
        return;
      }
    }
    await this.#installer.install(settled, configuration);
  }

  /**
   * Only what the configuration says otherwise than before: a switch that somebody has thrown by hand stays.
   */
  async #switch(configuration: Configuration): Promise<void> {
    const isEnabled = ({ plugins }: Configuration, id: string) => plugins[id]?.enabled !== false;
    for (const { manifest } of this.#registry.plugins) {
      const wanted = isEnabled(configuration, manifest.id);
      if (wanted === isEnabled(this.#configuration, manifest.id)) continue;
      if (wanted) await this.#registry.enable(manifest.id);
      else void this.#registry.disable(manifest.id);
    }
  }
}
