import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GenerationRequest, generationRequestSchema } from '../generation.js';
import type { Image } from '../image.js';
import type { Manifest } from '../manifest.js';
import { type Model, modelSchema } from '../model.js';
import { generationResultSchema } from '../result.js';
import { type LoadedPlugin, loadPlugin } from './load-plugin.js';
import type { PluginTestOptions, RequestChange } from './options.js';
import { Recorder } from './recorder.js';
import { type Answer, StartedPlugin } from './started-plugin.js';

/** The plugin that is looked at: loaded once, started once for all checks that do not start it themselves. */
export class Subject {
  readonly options: PluginTestOptions;
  /** Absolute path of the plugin's folder. */
  readonly folder: string;
  readonly recorder = new Recorder();
  readonly #load: () => Promise<LoadedPlugin>;
  #loaded: Promise<LoadedPlugin> | undefined;
  #started: Promise<StartedPlugin> | undefined;
  #answer: Promise<Answer> | undefined;

  /** `load` says where the plugin comes from. Absent: from its folder, as the kernel loads it. */
  constructor(options: PluginTestOptions, load?: () => Promise<LoadedPlugin>) {
    this.options = options;
    // A URL of a folder mostly ends with a slash, which resolve() takes away.
    this.folder = resolve(options.folder instanceof URL ? fileURLToPath(options.folder) : options.folder);
    this.#load = load ?? (() => loadPlugin(this.folder));
  }

  loaded(): Promise<LoadedPlugin> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  /** Starts it once more, for a check that closes it itself. */
  async start(): Promise<StartedPlugin> {
    const config = this.options.config ?? {};
    return await StartedPlugin.start(
      await this.loaded(),
      { config, secrets: await this.secrets(), storageFolder: await this.#makeStorageFolder() },
      this.recorder,
    );
  }

  /** A new one for each start, where the manifest asks for one; the system clears its temporary files. */
  async #makeStorageFolder(): Promise<string | undefined> {
    const { permissions } = (await this.loaded()).manifest;
    return permissions.storage ? await mkdtemp(join(tmpdir(), 'easel-plugin-')) : undefined;
  }

  /** The start that the checks share. */
  started(): Promise<StartedPlugin> {
    this.#started ??= this.start();
    return this.#started;
  }

  /** One ordinary call, made once: as many pictures as one call may ask for, but no more than two. */
  answer(): Promise<Answer> {
    const make = async () => {
      const { supports } = await this.model();
      const n = Math.min(2, supports.images);
      return await (await this.started()).generate(await this.request({ n }));
    };
    this.#answer ??= make();
    return this.#answer;
  }

  /** Closes the shared start, where there is one; the next check that needs it starts it again. */
  async close(): Promise<void> {
    const started = this.#started;
    this.#started = undefined;
    await (await started?.catch(() => undefined))?.close();
  }

  async secrets(): Promise<Readonly<Record<string, string>>> {
    if (this.options.secrets) return this.options.secrets;
    const { manifest } = await this.loaded();
    return Object.fromEntries(
      [...manifest.permissions.secrets, ...manifest.permissions.optionalSecrets].map((name) => [
        name,
        `canary-${name.toLowerCase()}-5f3a9c1e7b`,
      ]),
    );
  }

  async model(): Promise<Model> {
    return modelSchema.parse(this.options.model ?? madeUpModel((await this.loaded()).manifest));
  }

  /** A request as the kernel would hand it over: what the options ask for, under what the check changes. */
  async request(change: RequestChange = {}): Promise<GenerationRequest> {
    const model = await this.model();
    const { request, options } = this.options;
    return generationRequestSchema.parse({
      prompt: 'a yellow star at night',
      ...model.defaults,
      n: 1,
      ...(model.supports.seed ? { seed: 7 } : {}),
      outputFormat: 'png',
      inputImages: [],
      ...request,
      ...change,
      model,
      options: { ...model.options, ...options, ...request?.options, ...change.options },
    });
  }
}

/** The pictures of an answer. Throws where it is not of the contract. */
export const picturesOf = (answer: Answer): readonly Image[] =>
  generationResultSchema.parse(answer.result).images;

const madeUpModel = ({ id, handles }: Manifest) => ({
  id,
  name: id,
  pipelineType: handles[0]?.type,
  source: { type: 'provider', id },
  defaults: { width: 64, height: 64 },
  supports: { minimumEdge: 8, maximumEdge: 1024, edgeMultiple: 8, images: 2 },
});
