import { setImmediate } from 'node:timers/promises';
import { EaselError, type ImageRequest, type Model, type Webhook } from '@easel/plugin-sdk';
import type { DependencyContainer } from 'tsyringe';
import type { Configuration } from '../config/configuration.js';
import { assertUsable } from '../models/assert-usable.js';
import { type AvailableModel, listModels, type ModelNames } from '../models/available-models.js';
import { type Catalogue, readCatalogue } from '../models/catalogue.js';
import { findModel } from '../models/find-model.js';
import { firstModel } from '../models/first-model.js';
import { measureHealth, type ServiceHealth } from '../observe/health.js';
import { Metrics } from '../observe/metrics.js';
import type { ImageResult } from '../results/image-result.js';
import { createContainer, type KernelOptions } from './container.js';
import { Events, type KernelEventName, type KernelListener } from './events.js';
import { handSecret } from './hand-secret.js';
import type { Live } from './live.js';
import { logTrouble } from './log-trouble.js';
import { Registry } from './registry/registry.js';
import { HotLoader } from './reload/hot-loader.js';
import { Reconciler } from './reload/reconciler.js';
import { Dispatcher } from './routing/dispatch.js';
import type { ExplainedCandidate, PlannedCall } from './routing/explain.js';
import type { FixedChoices } from './routing/fixed-request.js';
import type { GenerateOptions } from './routing/generate-options.js';
import { tokens } from './tokens.js';

/** One call in front of every image model. */
export class ImageServiceManager implements AsyncDisposable {
  readonly #container: DependencyContainer;
  readonly #events: Events;
  readonly #metrics: Metrics | undefined;
  readonly #configuration: Live<Configuration>;
  readonly #catalogue: Live<Catalogue>;
  readonly #registry: Registry;
  readonly #dispatcher: Dispatcher;
  readonly #hotLoader: HotLoader | undefined;
  #currentModel: string | undefined;
  #closing: Promise<{ forced: string[] }> | undefined;

  constructor(options: KernelOptions) {
    const container = createContainer(options);
    this.#container = container;
    this.#events = container.resolve(Events);
    logTrouble(this.#events, container.resolve(tokens.logger));
    this.#configuration = container.resolve(tokens.configuration);
    this.#catalogue = container.resolve(tokens.catalogue);
    this.#registry = container.resolve(Registry);
    this.#dispatcher = container.resolve(Dispatcher);
    if (options.metrics) this.#metrics = new Metrics(this.#events, this.#registry);
    const { currentModel } = this.#configuration.current;
    this.#currentModel =
      currentModel === undefined ? this.#firstModel() : findModel(this.#catalogue.current, currentModel).id;
    this.#registry.activate();
    if (options.hotLoad) {
      this.#hotLoader = container.resolve(HotLoader);
      this.#hotLoader.start(this.#onReload);
    }
  }

  /**
   * Makes images. Rejects with an `EaselError`, always by the deadline: `timeoutMs` of the request, or the
   * plugin's `runtime.callMs`.
   *
   * @example
   * const { images } = await manager.generateImage({ prompt: 'a red circle on a blue background', seed: 7 });
   * await writeFile('circle.png', images[0].bytes);
   */
  async generateImage(request: ImageRequest, options: GenerateOptions = {}): Promise<ImageResult> {
    if (this.#closing)
      throw new EaselError({
        code: 'ERR_KERNEL_CLOSED',
        message: 'The image service manager has been closed.',
      });
    return await this.#dispatcher.dispatch(request, this.#currentModel, options);
  }

  /**
   * Decides what a request leaves open, for a call that may be carried out more than once: its model, seed
   * and choices in prompts, as plain JSON. Rejects as `generateImage` does before anybody is asked.
   *
   * @example
   * const call = { requestId: randomUUID(), fixed: await manager.fixRequest(request) }; // keep it
   * const { images } = await manager.generateImage(request, call); // again after a crash: nothing is paid twice
   */
  async fixRequest(request: ImageRequest): Promise<FixedChoices> {
    return await this.#dispatcher.fix(request, this.#currentModel);
  }

  /**
   * Who would be asked for a request at this moment, in their order and why, and what speaks against whom;
   * nobody is asked for images. Where the request has a `maxCost` or prefers the cheapest, plugins are started
   * and asked what it would cost. Rejects with what `generateImage` would reject with before anybody is asked.
   */
  async explain(request: ImageRequest): Promise<ExplainedCandidate[]> {
    return await this.#dispatcher.explain(request, this.#currentModel);
  }

  /**
   * What a request would hold in memory, as the plugin that would be asked first plans it: it is started for
   * that, and makes no image.
   */
  async planMemory(
    request: ImageRequest,
    options: Pick<GenerateOptions, 'signal' | 'fileAccess'> = {},
  ): Promise<PlannedCall> {
    return await this.#dispatcher.planMemory(request, this.#currentModel, options);
  }

  /** The models of the catalogue, or the wanted ones, with whether a plugin can make their pictures. */
  getAvailableModels(isWanted: (model: ModelNames) => boolean = () => true): AvailableModel[] {
    const fallback = this.#configuration.current.fallbackPipelineType;
    return listModels(this.#catalogue.current, this.#registry.table, fallback, this.#currentModel, isWanted);
  }

  /** Takes over at once what stands in the catalogue folders now. */
  refreshModels(): void {
    this.#catalogue.current = readCatalogue(this.#configuration.current);
    this.#onReload(this.#configuration.current, this.#configuration.current);
  }

  /** The configuration as it stands, everything filled in. */
  get configuration(): Configuration {
    return this.#configuration.current;
  }

  /** The state of every plugin at this moment, and what could not be used. */
  getServiceHealth(): ServiceHealth {
    return measureHealth(this.#registry, this.#catalogue.current, this.#hotLoader?.waitingSettings);
  }

  /** Id of the model that requests without one go to; undefined where the catalogue is empty. */
  get currentModel(): string | undefined {
    return this.#currentModel;
  }

  /**
   * Makes another model the current one, for calls that begin later. Throws ERR_MODEL_UNKNOWN with those that
   * exist, and what is wrong with one that no images can be made with: ERR_MODEL_NOT_INSTALLED, ERR_NO_ROUTE
   * or ERR_SECRET_MISSING.
   */
  switchModel(id: string): Model {
    const model = findModel(this.#catalogue.current, id);
    for (const listed of this.getAvailableModels()) if (listed.id === model.id) assertUsable(listed);
    this.#currentModel = model.id;
    return model;
  }

  /**
   * Gives a plugin calls again, one that was disabled or one that had crashed too often; the configuration
   * file stays as it is.
   */
  async enablePlugin(id: string): Promise<void> {
    await this.#registry.enable(id);
  }

  /**
   * Gives a plugin no more calls. Resolves when those that it has are finished, within its `runtime.drainMs`,
   * and it has stopped; the configuration file stays as it is.
   */
  async disablePlugin(id: string): Promise<void> {
    await this.#registry.disable(id);
  }

  /**
   * Starts a plugin anew from its folder, changed or not, and swaps it in without losing a call. Rejects with
   * the reason where it does not start; what runs then stays.
   */
  async reloadPlugin(id: string): Promise<void> {
    await this.#container.resolve(Reconciler).reload(id);
  }

  /**
   * Keeps a secret that a plugin asks for in the secrets file, and hands it to the plugin. Answers the ids of
   * the plugins that ask for it. Rejects with ERR_CONFIG_INVALID for a name that nobody asks for, and where
   * the host or the environment has the secrets.
   */
  async setSecret(name: string, value: string): Promise<readonly string[]> {
    return await handSecret(this.#container, name, value);
  }

  /**
   * Hands a plugin what a provider has sent to the address that the plugin was given: `server.publicUrl` with
   * `/api/webhooks/` and its id. The plugin checks where it comes from; one that does not run is not started.
   * Rejects with ERR_REQUEST_INVALID where there is no such plugin, and with what went wrong there.
   */
  async receiveWebhook(plugin: string, webhook: Webhook): Promise<void> {
    await this.#registry.receiveWebhook(plugin, webhook);
  }

  /**
   * Lets calls through the circuits of a plugin again, whatever has failed; of one pipeline type, or of all
   * that it handles.
   */
  resetBreakers(id: string, pipelineType?: string): void {
    this.#registry.resetBreakers(id, pipelineType);
  }

  /**
   * Calls the listener for each event of that name from now on; the function that it answers takes the
   * listener off again.
   *
   * @example
   * const off = manager.on('circuit-open', ({ plugin, pipelineType }) => page(`${plugin} fails at ${pipelineType}`));
   */
  on<Name extends KernelEventName>(name: Name, listener: KernelListener<Name>): () => void {
    return this.#events.on(name, listener);
  }

  /** Metrics as Prometheus reads them. Rejects with ERR_CONFIG_INVALID in a kernel without `metrics: true`. */
  async getMetrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    if (this.#metrics) return await this.#metrics.print();
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: 'This kernel does not count.',
      hint: 'Create it with createImageServiceManager({ metrics: true }).',
    });
  }

  /**
   * Stops every plugin, each within its `runtime.drainMs`; calls in flight may finish until then. Idempotent.
   * Answers the ids of the plugins that had to be ended by force.
   */
  async close(): Promise<{ readonly forced: readonly string[] }> {
    this.#closing ??= this.#end();
    return await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<{ forced: string[] }> {
    await this.#hotLoader?.close();
    // Calls that were made before find their plugin first.
    await setImmediate();
    return { forced: await this.#registry.close() };
  }

  readonly #firstModel = () => firstModel(this.getAvailableModels(), this.#catalogue.current);

  /** Takes over a current model that the configuration has changed, and gives up one that is gone. */
  readonly #onReload = (before: Configuration, now: Configuration): void => {
    const { models, aliases } = this.#catalogue.current;
    const named = aliases.get(now.currentModel ?? '') ?? now.currentModel;
    if (now.currentModel !== before.currentModel && models.has(named ?? '')) this.#currentModel = named;
    if (!models.has(this.#currentModel ?? '')) this.#currentModel = this.#firstModel();
  };
}
