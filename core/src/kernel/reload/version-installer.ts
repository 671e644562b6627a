import { EaselError } from '@easel/plugin-sdk';
import type { Configuration } from '../../config/configuration.js';
import type { HostLogger } from '../../observe/plugin-logger.js';
import type { Events } from '../events.js';
import { dropGeneration, takeGeneration } from '../generations/generation.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { PluginFolder } from '../manifest/read.js';
import type { Registry } from '../registry/registry.js';
import { type Newcomer, Probation } from './probation.js';
import type { RefusedVersions } from './refused-versions.js';
import { RunningVersions } from './running-versions.js';
import { fingerprintOf, type Settled } from './settle.js';
import { areExclusive, swapIn } from './swap.js';

export interface VersionInstallerOptions {
  readonly registry: Registry;
  readonly events: Events;
  readonly logger: HostLogger;
  readonly refused: RefusedVersions;
  /** Runs a roll-back when nothing else works on the plugins, with the configuration that counts then. */
  readonly schedule: (rollBack: (configuration: Configuration) => Promise<void>) => void;
}

/** Adds plugins, swaps one version for another, and goes back to the one before where the new one fails. */
export class VersionInstaller {
  readonly #options: VersionInstallerOptions;
  readonly #running = new RunningVersions();
  readonly #probation: Probation;
  /** A version that is being started in order to replace another. */
  #candidate: GuardedPlugin | undefined;
  readonly #closing = new AbortController();

  constructor(options: VersionInstallerOptions) {
    this.#options = options;
    this.#probation = new Probation({
      onPassed: (plugin) => options.registry.settle(plugin),
      onFailed: (newcomer, reason) => {
        if (this.isClosed) return;
        const letGo = this.#holdCalls(newcomer.plugin);
        options.schedule((configuration) => this.#rollBack(newcomer, reason, configuration).finally(letGo));
      },
    });
  }

  /** Aborted when the kernel closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  isRunning(id: string, fingerprint: string): boolean {
    return this.#running.get(id)?.fingerprint === fingerprint;
  }

  /** Notes a version that the kernel has begun with. */
  async note(plugin: PluginFolder, configuration: Configuration): Promise<void> {
    const fingerprint = await fingerprintOf(plugin, configuration, this.closing);
    await this.#running.copy(plugin, fingerprint, configuration.storageFolder, this.closing);
  }

  /**
   * Adds a plugin, or swaps in another version of one. Where that does not work, the version is refused and
   * what runs stays.
   */
  async install({ plugin, fingerprint }: Settled, configuration: Configuration): Promise<void> {
    const { registry, refused, events, logger } = this.#options;
    const { id, version } = plugin.manifest;
    const known = registry.plugins.find(({ manifest }) => manifest.id === id);
    const generation = await takeGeneration(plugin, fingerprint, configuration.storageFolder, this.closing);
    if (!generation) return;
    try {
      const onFailure = (failed: GuardedPlugin, reason: EaselError) => this.#probation.fail(failed, reason);
      const replacement = registry.create(generation, configuration, { predecessor: known, onFailure });
      if (known) await this.#swapNew(known, replacement, configuration);
      else await this.#add(replacement);
      await this.#keep(replacement, fingerprint, configuration);
      logger.info(`The plugin "${id}" ${version} was ${known ? 'swapped in' : 'added'}.`, { plugin: id });
    } catch (error) {
      await dropGeneration(generation);
      // Nothing is wrong with what was given up.
      if (this.isClosed) return;
      const reason = refused.add(plugin, fingerprint, error);
      events.emit('plugin-refused', { plugin: id, version, error: reason });
    }
  }

  /** Takes a plugin out that is no longer on disk; the calls that it has, it finishes. */
  remove(plugin: GuardedPlugin): void {
    const { id } = plugin.manifest;
    this.#options.registry.remove(plugin);
    void this.#probation.end(id);
    void this.#running.remove(id);
    this.#options.logger.info(`The plugin "${id}" was removed.`, { plugin: id });
  }

  /** Gives up a version that is being started, and goes back to none any more. */
  async stop(): Promise<void> {
    this.#closing.abort(
      new EaselError({ code: 'ERR_KERNEL_CLOSED', message: 'The kernel is being closed.' }),
    );
    await this.#candidate?.close();
  }

  /** Removes all copies; to be called when nothing works on the plugins any more. */
  async close(): Promise<void> {
    await this.#probation.close();
    await this.#running.close();
  }

  /**
   * Code that cannot be loaded is refused. What fails later, such as a provider that is down, is in the
   * plugin's health.
   */
  async #add(plugin: GuardedPlugin): Promise<void> {
    const { registry } = this.#options;
    const { supervisor } = plugin;
    if (supervisor.state !== 'disabled') await this.#asCandidate(plugin, () => supervisor.load());
    registry.add(plugin);
    if (supervisor.state !== 'disabled' && supervisor.missingSecrets.length === 0)
      void supervisor.probe().catch(() => {});
  }

  /** Swaps in a newcomer; the version before answers for it where it fails, if the two may run at once. */
  async #swapNew(
    known: GuardedPlugin,
    replacement: GuardedPlugin,
    configuration: Configuration,
  ): Promise<void> {
    const { registry } = this.#options;
    const { id } = known.manifest;
    const percent = configuration.plugins[id]?.rolloutPercent ?? 100;
    const before = this.#running.get(id)?.copy;
    // Where nothing could be written, the copy is the folder itself, which has changed.
    if (before?.copy && percent === 100 && !areExclusive(before.manifest, replacement.manifest)) {
      const standIn = registry.create(before, configuration, { predecessor: known });
      registry.succession.keep(replacement, standIn);
    }
    try {
      await this.#swap(known, replacement, percent);
    } catch (error) {
      await registry.succession.settle(replacement)?.close();
      throw error;
    }
  }

  async #swap(known: GuardedPlugin, replacement: GuardedPlugin, percent = 100): Promise<void> {
    const { registry } = this.#options;
    await this.#asCandidate(replacement, () => swapIn(registry, known, replacement, percent));
  }

  /** Does something with a plugin that is not in use yet; it is given up when the kernel closes. */
  async #asCandidate(plugin: GuardedPlugin, work: () => Promise<void>): Promise<void> {
    this.#candidate = plugin;
    try {
      await work();
    } catch (error) {
      await plugin.close();
      throw error;
    } finally {
      this.#candidate = undefined;
    }
  }

  /** Notes what runs now, and the way back to what ran before. */
  async #keep(plugin: GuardedPlugin, fingerprint: string, { storageFolder }: Configuration): Promise<void> {
    const { id } = plugin.manifest;
    const before = this.#running.get(id);
    await this.#running.copy(plugin.plugin, fingerprint, storageFolder, this.closing);
    this.#options.refused.delete(id);
    // Where nothing could be written, the copy is the folder itself, which has changed.
    if (!before?.copy?.copy) return;
    const predecessor = { plugin: before.copy, fingerprint: before.fingerprint };
    this.#probation.begin({ plugin, fingerprint, predecessor });
  }

  /**
   * Lets calls of a version that has failed wait for the one that takes its place, instead of failing at its
   * open circuit. The answered function, or the kernel's closing, ends that.
   */
  #holdCalls(failed: GuardedPlugin): () => void {
    const { registry } = this.#options;
    let decide: (inPlace: GuardedPlugin) => void = () => {};
    registry.succession.hold(failed, new Promise((resolve) => (decide = resolve)));
    const letGo = () => {
      this.closing.removeEventListener('abort', letGo);
      decide(registry.plugins.find(({ manifest }) => manifest.id === failed.manifest.id) ?? failed);
    };
    this.closing.addEventListener('abort', letGo, { once: true });
    return letGo;
  }

  /** Brings the version before back, and does not try the newcomer again until it has changed. */
  async #rollBack(
    { plugin, fingerprint, predecessor }: Newcomer,
    error: EaselError,
    configuration: Configuration,
  ): Promise<void> {
    const { registry, refused, events, logger } = this.#options;
    const { id, version } = plugin.manifest;
    try {
      await this.#running.dropCopy(id);
      if (registry.revert(plugin))
        this.#running.set(id, { fingerprint: predecessor.fingerprint, copy: predecessor.plugin });
      else {
        const restored =
          registry.succession.settle(plugin) ??
          registry.create(predecessor.plugin, configuration, { predecessor: plugin });
        await this.#swap(plugin, restored);
        await this.#running.copy(
          predecessor.plugin,
          predecessor.fingerprint,
          configuration.storageFolder,
          this.closing,
        );
      }
      refused.add(plugin.plugin, fingerprint, error);
      registry.report(refused.reasons);
      const to = predecessor.plugin.manifest.version;
      events.emit('plugin-rolled-back', { plugin: id, version, to, error });
    } catch (failure) {
      const what = `The plugin "${id}" could not be taken back: ${(failure as Error).message}`;
      logger.error(what, { plugin: id });
    }
  }
}
