import { isDeepStrictEqual } from 'node:util';
import { EaselError } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import { type ConfigurationSource, configurationFileOf } from '../../config/configuration-source.js';
import { readConfiguration } from '../../config/read-configuration.js';
import { keepRestartSettings } from '../../config/restart-settings.js';
import { type Catalogue, readCatalogue } from '../../models/catalogue.js';
import type { HostLogger } from '../../observe/plugin-logger.js';
import { Events } from '../events.js';
import type { Live } from '../live.js';
import { Registry } from '../registry/registry.js';
import { tokens } from '../tokens.js';
import { Reconciler } from './reconciler.js';
import { type Watcher, watchPaths } from './watcher.js';

/**
 * Reads configuration, catalogue and plugin folders again whenever something below them changes, and brings
 * the kernel in line with them.
 */
@injectable()
export class HotLoader {
  readonly #source: ConfigurationSource;
  readonly #configuration: Live<Configuration>;
  readonly #catalogue: Live<Catalogue>;
  readonly #registry: Registry;
  readonly #reconciler: Reconciler;
  readonly #events: Events;
  readonly #logger: HostLogger;
  /** What the kernel began with. */
  readonly #started: Configuration;
  #waiting: readonly string[] = [];
  #refused = '';
  #watcher: Watcher | undefined;

  constructor(
    @inject(tokens.configurationSource) source: ConfigurationSource,
    @inject(tokens.configuration) configuration: Live<Configuration>,
    @inject(tokens.catalogue) catalogue: Live<Catalogue>,
    @inject(Registry) registry: Registry,
    @inject(Reconciler) reconciler: Reconciler,
    @inject(Events) events: Events,
    @inject(tokens.logger) logger: HostLogger,
  ) {
    this.#logger = logger;
    this.#started = configuration.current;
    this.#source = source;
    this.#configuration = configuration;
    this.#catalogue = catalogue;
    this.#registry = registry;
    this.#reconciler = reconciler;
    this.#events = events;
  }

  /** Settings that have changed in the file and take effect at the next start. */
  get waitingSettings(): readonly string[] {
    return this.#waiting;
  }

  /** Begins to watch; `onReload` is told when something has taken effect. */
  start(onReload: (before: Configuration, now: Configuration) => void): void {
    const paths = () => {
      const { pluginPackages, pluginFolders, catalogueFolders } = this.#configuration.current;
      return [...pluginPackages, ...pluginFolders, ...catalogueFolders, configurationFileOf(this.#source)];
    };
    // What is under way when the kernel closes rejects.
    this.#watcher = watchPaths(paths, () => this.#reload(onReload).catch(() => {}));
  }

  /** A configuration that does not validate changes nothing and is reported. */
  async #reload(onReload: (before: Configuration, now: Configuration) => void): Promise<void> {
    const before = this.#configuration.current;
    const { now, problem } = this.#read();
    await this.#reconciler.reconcile(now);
    this.#configuration.current = now;
    this.#catalogue.current = readCatalogue(now);
    if (problem) {
      this.#registry.report([problem, ...this.#registry.problems]);
      this.#events.emit('configuration-refused', { error: problem });
    } else if (!isDeepStrictEqual(before, now)) this.#events.emit('configuration-changed', {});
    onReload(before, now);
  }

  /** What is to be in effect now. What cannot be, is told of once. */
  #read(): { readonly now: Configuration; readonly problem?: EaselError } {
    try {
      const { configuration: now, waiting } = keepRestartSettings(
        this.#started,
        readConfiguration(this.#source),
      );
      const isNew = !isDeepStrictEqual(waiting, this.#waiting);
      this.#waiting = waiting;
      this.#refused = '';
      if (isNew && waiting.length > 0)
        this.#logger.warn(`Changed settings take effect when Easel is started again: ${waiting.join(', ')}.`);
      return { now };
    } catch (error) {
      if (!EaselError.isInstance(error)) throw error;
      if (error.message !== this.#refused)
        this.#logger.warn(`The configuration stays as it was. ${error.message}`, { code: error.code });
      this.#refused = error.message;
      return { now: this.#configuration.current, problem: error };
    }
  }

  async close(): Promise<void> {
    await this.#watcher?.close();
    await this.#reconciler.close();
  }
}
