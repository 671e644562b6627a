import { EaselError, type MemoryPlan, type NetworkCost } from '@easel/plugin-sdk';
import type { ModelCache } from '../models/model-cache.js';
import type { Arithmetic, ModelFiles } from '../models/model-files.js';
import type { OpenedModel } from '../models/opened-model.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import { makeFirstPass } from '../pipelines/first-pass.js';
import { generateLatents, generatePictures, type PicturesResult } from '../pipelines/generate-pictures.js';
import type { RgbPicture } from '../pipelines/lanczos.js';
import type { PictureRequest, Source } from '../pipelines/picture-request.js';
import { toRgb } from '../pipelines/pixels.js';
import { Previewer } from '../pipelines/preview.js';
import type { TextualInversion } from '../prompt/textual-inversion.js';
import { TorchGenerator } from '../sampling/noise/torch-generator.js';
import { planMemory } from '../session/memory-plan.js';
import type { NetworkMemory } from '../session/network-memory.js';
import type { CallProgress, PassPosition } from './call-progress.js';
import { controlsOf } from './controls-of.js';
import type { EngineCall, Refiner } from './engine-call.js';
import { whyNotHandedOver } from './hand-over.js';
import type { Made, Picture } from './protocol.js';

/** What the engine's worker keeps between calls. */
export interface Kept {
  readonly models: ModelCache;
  /** Where the models' networks are opened. */
  readonly memory: NetworkMemory;
}

/** Who waits for a call. */
export interface CallListener {
  readonly signal: AbortSignal;
  readonly progress: CallProgress;
}

/** An image that another model goes on with. */
export interface UnfinishedImage {
  readonly request: PictureRequest;
  readonly latents: Float32Array;
}

/** A call with what it names read from the disk. */
export interface ReadCall {
  readonly call: EngineCall;
  readonly inversions: readonly TextualInversion[];
  /** Absent: text to image. */
  readonly source: Source | undefined;
  /** Images to follow, one for each of the call's controls. */
  readonly followed: readonly RgbPicture[];
  /** What the user is told where sampling begins from it. */
  readonly sourceWarnings: readonly string[];
}

/** The images of one call, in the making. */
export class ImageRun {
  readonly #kept: Kept;
  readonly #call: EngineCall;
  readonly #read: ReadCall;
  readonly #listener: CallListener;
  readonly #pictures: Picture[] = [];
  readonly #warnings: Set<string>;
  readonly #timings = { load: 0, network: 0, make: 0 };
  readonly #previewers = new Map<DiffusionModel, Previewer>();
  #sampler = '';
  #arithmetic: Arithmetic = 'exact';

  constructor(kept: Kept, read: ReadCall, listener: CallListener) {
    this.#kept = kept;
    this.#call = read.call;
    this.#read = read;
    this.#listener = listener;
    this.#warnings = new Set(read.call.warnings);
  }

  /** Adds sentences for the user; each is told once. */
  warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#warnings.add(warning);
  }

  /** What has been made so far. */
  made(): Made {
    return {
      pictures: this.#pictures,
      sampler: this.#sampler,
      arithmetic: this.#arithmetic,
      warnings: [...this.#warnings],
      timings: this.#timings,
    };
  }

  /**
   * What the call's own model, and its refiner, would hold; nothing is opened. Undefined where nobody knows
   * before they run.
   *
   * @throws ERR_MODEL_FILES_INVALID, and ERR_REQUEST_INVALID for what the model cannot do
   */
  async plan(): Promise<MemoryPlan | undefined> {
    const model = await this.#kept.models.get(this.#call.model);
    const request = this.#lastPassOf(0, model, this.#sourceOfLastPass());
    const refiner = this.#refinerAfter(model, request);
    const costs = await model.costsOf?.(request, refiner === undefined);
    const later = refiner && costs ? await this.#refinerCosts(refiner) : [];
    return costs && later && planMemory([...costs, ...later], this.#kept.memory);
  }

  /** What the last pass begins with, as far as planning needs it: an enlarged image is any of its size. */
  #sourceOfLastPass(): Source | undefined {
    const { firstPass, width, height } = this.#call;
    return firstPass ? { kind: 'picture', planes: new Float32Array(3 * width * height) } : this.#read.source;
  }

  /** The call's refiner; undefined, with a warning, where the model finishes its images itself. */
  #refinerAfter(model: OpenedModel, lastPass: PictureRequest): Refiner | undefined {
    const { refiner } = this.#call;
    if (!refiner) return undefined;
    const why = whyNotHandedOver(model, lastPass, refiner.switchAt);
    if (why === undefined) return refiner;
    this.warn([why]);
    this.#listener.progress.withoutRefiner();
    return undefined;
  }

  async #refinerCosts({ path, switchAt }: Refiner): Promise<readonly NetworkCost[] | undefined> {
    const { width, height, model: own, firstPass, steps } = this.#call;
    const model = await this.#kept.models.get({ path, arithmetic: own.arithmetic });
    const { factor, latentChannels } = model;
    const latents = new Float32Array((latentChannels * width * height) / factor ** 2);
    const position = { image: 0, pass: this.#listener.progress.ownPasses };
    const request: PictureRequest = {
      ...this.#requestOf(position, model, { kind: 'latents', latents }),
      steps: firstPass?.steps ?? steps,
      denoisingStart: switchAt,
    };
    return await model.costsOf?.(request, true);
  }

  /**
   * Makes an image with the call's own model. Where there is a refiner, it stops before the end.
   *
   * @param image of the call's, from 0
   * @returns what the refiner goes on from; empty where the image is finished
   */
  async begin(image: number): Promise<UnfinishedImage[]> {
    const { firstPass, loraWeights } = this.#call;
    return await this.#withModel(this.#call.model, async (model) => {
      model.weighLoras(loraWeights);
      let { source } = this.#read;
      const refiner = this.#refinerAfter(model, this.#lastPassOf(image, model, this.#sourceOfLastPass()));
      if (!model.editing) this.warn(this.#read.sourceWarnings);
      if (firstPass) {
        const request = this.#requestOf({ image, pass: 0 }, model, source);
        const { warnings, ...made } = await makeFirstPass(model, request, firstPass);
        source = made.source;
        this.warn(warnings);
      }
      const lastPass = this.#lastPassOf(image, model, source);
      const request: PictureRequest = { ...lastPass, denoisingEnd: refiner?.switchAt };
      if (refiner) return [{ request, latents: this.#told(await generateLatents(model, request)).latents }];
      await this.#finish(model, request);
      return [];
    });
  }

  /** Ends what {@link begin} has given, with the refiner. */
  async refine(image: number, { request, latents }: UnfinishedImage): Promise<void> {
    const { path, switchAt } = this.#call.refiner!;
    await this.#withModel({ path, arithmetic: this.#call.model.arithmetic }, async (model) => {
      const { factor, latentChannels } = model;
      if (latents.length !== (latentChannels * request.width * request.height) / factor ** 2) {
        throw new EaselError({
          code: 'ERR_REQUEST_INVALID',
          message: `refiner: ${path} has ${latentChannels} channels of latents, and not those of the model before it.`,
        });
      }
      const { generators, steps, earlierSteps } = request;
      const position = { image, pass: this.#listener.progress.ownPasses };
      const finishing: PictureRequest = {
        ...this.#requestOf(position, model, { kind: 'latents', latents }),
        steps,
        earlierSteps,
        denoisingStart: switchAt,
        generators,
      };
      await this.#finish(model, finishing);
    });
  }

  async #finish(model: DiffusionModel, request: PictureRequest): Promise<void> {
    const { planes } = this.#told(await generatePictures(model, request));
    const { width, height } = request;
    this.#pictures.push({ rgb: toRgb(planes), width, height });
  }

  /** Keeps what is told of a result. */
  #told<Result extends Pick<PicturesResult, 'sampler' | 'warnings'>>(result: Result): Result {
    this.warn(result.warnings);
    this.#sampler = result.sampler;
    return result;
  }

  /** What the call's own model does last. */
  #lastPassOf(image: number, model: OpenedModel, source: Source | undefined): PictureRequest {
    const { firstPass, steps: earlierSteps } = this.#call;
    const pass = this.#listener.progress.ownPasses - 1;
    return {
      ...this.#requestOf({ image, pass }, model, source),
      ...(firstPass && { steps: firstPass.steps, strength: firstPass.strength, earlierSteps }),
    };
  }

  /** With the noise that the seed gives to any image, whatever was made before. */
  #requestOf(position: PassPosition, model: OpenedModel, source: Source | undefined): PictureRequest {
    const { prompt, negativePrompt, seeds, ...call } = this.#call;
    const isOwn = position.pass < this.#listener.progress.ownPasses;
    const previewer = this.#previewers.get(model) ?? new Previewer(model);
    this.#previewers.set(model, previewer);
    return {
      ...call,
      prompts: [prompt],
      negativePrompts: negativePrompt === undefined ? undefined : [negativePrompt],
      inversions: [...this.#read.inversions, ...model.inversions],
      // A refiner has no ControlNets.
      controls: isOwn ? controlsOf(this.#call, this.#read.followed, model.controlNets) : [],
      source,
      generators: [new TorchGenerator(seeds[position.image]!)],
      signal: this.#listener.signal,
      onStep: (step) => this.#listener.progress.step(position, step, previewer),
    };
  }

  async #withModel<T>(files: ModelFiles, make: (model: OpenedModel) => Promise<T>): Promise<T> {
    const { models, memory } = this.#kept;
    const from = performance.now();
    const model = await models.get(files);
    const readMs = performance.now() - from;
    const openingFrom = memory.openingMs;
    const networkFrom = model.networkMs;
    const made = await make(model);
    const openingMs = memory.openingMs - openingFrom;
    this.#timings.load += readMs + openingMs;
    this.#timings.network += model.networkMs - networkFrom;
    this.#timings.make += performance.now() - from - readMs - openingMs;
    if (model.arithmetic !== 'exact') this.#arithmetic = model.arithmetic;
    this.warn(model.warnings);
    return made;
  }
}
