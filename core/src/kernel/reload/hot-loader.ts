import { isDeepStrictEqual } from 'node:util';
import { EaselError } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import {
  type ConfigurationSource,
  configurationFileOf,
  readConfiguration,
} from '../../config/read-configuration.js';
import { type Catalogue, readCatalogue } from '../../models/catalogue.js';
import { Events } from '../events.js';
import type { Live } from '../live.js';
import { Registry } from '../registry/registry.js';
import { tokens } from '../tokens.js';
import { Reconciler } from './reconciler.js';
import { type Watcher, watchPaths } from './watcher.js';

/** Reads configuration, catalogue and plugin folders again whenever something below them changes, and brings the kernel in line with them. */
@injectable()
export class HotLoader {
  readonly #source: ConfigurationSource;
  readonly #configuration: Live<Configuration>;
  readonly #catalogue: Live<Catalogue>;
  readonly #registry: Registry;
  readonly #reconciler: Reconciler;
  readonly #events: Events;
  #watcher: Watcher | undefined;

  constructor(
    @inject(tokens.configurationSource) source: ConfigurationSource,
    @inject(tokens.configuration) configuration: Live<Configuration>,
    @inject(tokens.catalogue) catalogue: Live<Catalogue>,
    @inject(Registry) registry: Registry,
    @inject(Reconciler) reconciler: Reconciler,
    @inject(Events) events: Events,
  ) {
    this.#source = source;
    this.#configuration = configuration;
    this.#catalogue = catalogue;
    this.#registry = registry;
    this.#reconciler = reconciler;
    this.#events = events;
  }

  /** Begins to watch; `onReload` is told when something has taken effect. */
  start(onReload: (before: Configuration, now: Configuration) => void): void {
    const paths = () => {
      const { pluginPackages, pluginFolders, catalogueFolders } = this.#configuration.current;
      return [...pluginPackages, ...pluginFolders, ...catalogueFolders, configurationFileOf(this.#source)];
    };
    this.#watcher = watchPaths(paths, () => this.#reload(onReload).catch(() => {}));
  }

  /** A configuration that does not validate changes nothing and is reported. */
  async #reload(onReload: (before: Configuration, now: Configuration) => void): Promise<void> {
    const before = this.#configuration.current;
    let now = before;
    let problem: EaselError | undefined;
    try {
      now = readConfiguration(this.#source);
    } catch (error) {
      if (!EaselError.isInstance(error)) throw error;
      problem = error;
    }
    await this.#reconciler.reconcile(now);
    this.#configuration.current = now;
    this.#catalogue.current = readCatalogue(now.catalogueFolders);
    if (problem) {
      this.#registry.report([problem, ...this.#registry.problems]);
      this.#events.emit('configuration-refused', { error: problem });
    } else if (!isDeepStrictEqual(before, now)) this.#events.emit('configuration-changed', {});
    onReload(before, now);
  }

  async close(): Promise<void> {
    await this.#watcher?.close();
    await this.#reconciler.close();
  }
}
