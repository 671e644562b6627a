import { EaselError } from '@easel/plugin-sdk';
import type { ModelCache } from '../models/model-cache.js';
import type { ModelFiles } from '../models/model-files.js';
import type { OpenedModel } from '../models/opened-model.js';
import { progressOf } from '../pipelines/call-progress.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import { makeFirstPass } from '../pipelines/first-pass.js';
import { generateLatents } from '../pipelines/generate-pictures.js';
import type { PictureRequest, PictureStep, Source } from '../pipelines/picture-request.js';
import { toRgb } from '../pipelines/pixels.js';
import { createPreviewSchedule, Previewer } from '../pipelines/preview.js';
import { readTextualInversion, type TextualInversion } from '../prompt/textual-inversion.js';
import { TorchGenerator } from '../sampling/noise/torch-generator.js';
import type { NetworkMemory } from '../session/network-memory.js';
import type { EngineProgress, Made, Picture, PictureJob } from './protocol.js';
import { readSource } from './read-source.js';

/** Telling wakes two processes, on cores that the network is using: a small model's steps are shorter than this. */
const progressIntervalMs = 50;

export interface PicturesCall {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EngineProgress) => void;
}

/** A picture that another model goes on with. */
interface Unfinished {
  readonly request: PictureRequest;
  readonly latents: Float32Array;
}

/** What the engine's worker keeps between calls. */
export interface Kept {
  readonly models: ModelCache;
  /** Where the models' networks are opened. */
  readonly memory: NetworkMemory;
}

/**
 * Makes the pictures of one call, one after the other: on a processor a batch is no faster, and a picture's pixels must not depend on
 * those that it is made with. Where there is a refiner, all of them go through the first model before any goes through the second:
 * there may be room for only one at a time.
 */
export async function makePictures(
  kept: Kept,
  jobs: readonly PictureJob[],
  call: PicturesCall,
): Promise<Made> {
  const [first] = jobs;
  // Once for all jobs, and before a model is loaded in vain.
  const inversions = await Promise.all(
    (first?.embeddings ?? []).map(({ path, word }) => readTextualInversion(path, word)),
  );
  const making = new Making(kept, jobs, inversions, call);
  const read = first?.source && (await readSource(first.source, first.width, first.height));
  making.warn(read?.warnings ?? []);
  const unfinished: Unfinished[] = [];
  for (const index of jobs.keys()) unfinished.push(...(await making.begin(index, read?.source)));
  for (const [index, picture] of unfinished.entries()) await making.refine(index, picture);
  call.onProgress({ stage: 'finish', fraction: 1 });
  return making.made();
}

class Making {
  readonly #kept: Kept;
  readonly #jobs: readonly PictureJob[];
  readonly #inversions: readonly TextualInversion[];
  readonly #call: PicturesCall;
  readonly #pictures: Picture[] = [];
  readonly #warnings: Set<string>;
  readonly #timings = { load: 0, network: 0, make: 0 };
  readonly #isPreviewDue: readonly ((done: number) => boolean)[];
  /** Runs through a schedule before a refiner's, of one picture. */
  readonly #ownPasses: 1 | 2;
  /** Of one picture. */
  readonly #passes: number;
  readonly #previewers = new Map<DiffusionModel, Previewer>();
  #sampler = '';
  #toldAt = 0;
  #fraction = 0;

  constructor(
    kept: Kept,
    jobs: readonly PictureJob[],
    inversions: readonly TextualInversion[],
    call: PicturesCall,
  ) {
    this.#kept = kept;
    this.#jobs = jobs;
    this.#inversions = inversions;
    this.#call = call;
    this.#warnings = new Set(jobs.flatMap(({ warnings }) => warnings));
    this.#isPreviewDue = jobs.map(({ previews }) => createPreviewSchedule(previews));
    this.#ownPasses = jobs[0]?.firstPass ? 2 : 1;
    this.#passes = this.#ownPasses + (jobs[0]?.refiner ? 1 : 0);
  }

  warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#warnings.add(warning);
  }

  made(): Made {
    return {
      pictures: this.#pictures,
      sampler: this.#sampler,
      warnings: [...this.#warnings],
      timings: this.#timings,
    };
  }

  /** Makes a picture with the job's own model, but for the end where it has a refiner: then it gives what that goes on from. */
  async begin(index: number, given: Source | undefined): Promise<Unfinished[]> {
    const job = this.#jobs[index]!;
    const { firstPass, refiner } = job;
    return await this.#withModel(job.model, async (model) => {
      model.weighLoras(job.loraWeights);
      let source = given;
      if (firstPass) {
        const request = this.#requestOf(index, model, { source, pass: 0 });
        const { warnings, ...made } = await makeFirstPass(model, request, firstPass);
        source = made.source;
        this.warn(warnings);
      }
      const request: PictureRequest = {
        ...this.#requestOf(index, model, { source, pass: this.#ownPasses - 1 }),
        ...(firstPass && { steps: firstPass.steps, strength: firstPass.strength }),
        denoisingEnd: refiner?.switchAt,
      };
      const latents = await this.#run(model, request, refiner === undefined);
      return refiner ? [{ request, latents }] : [];
    });
  }

  /** Ends what {@link begin} has given, with the refiner. */
  async refine(index: number, { request, latents }: Unfinished): Promise<void> {
    const { path, switchAt } = this.#jobs[index]!.refiner!;
    await this.#withModel({ path }, async (model) => {
      const { length } = latents;
      const { factor, latentChannels } = model;
      if (length !== (latentChannels * request.width * request.height) / factor ** 2) {
        throw new EaselError({
          code: 'ERR_REQUEST_INVALID',
          message: `refiner: ${path} has ${latentChannels} channels of latents, and not those of the model before it.`,
        });
      }
      const { generators } = request;
      const finishing: PictureRequest = {
        ...this.#requestOf(index, model, { source: { kind: 'latents', latents }, pass: this.#ownPasses }),
        steps: request.steps,
        denoisingStart: switchAt,
        generators,
      };
      await this.#run(model, finishing, true);
    });
  }

  async #run(model: DiffusionModel, request: PictureRequest, isLast: boolean): Promise<Float32Array> {
    const { latents, shape, sampler, warnings } = await generateLatents(model, request);
    this.warn(warnings);
    this.#sampler = sampler;
    const { width, height } = request;
    if (isLast) this.#pictures.push({ rgb: toRgb(await model.decode(latents, shape)), width, height });
    return latents;
  }

  /** With the noise that the seed gives to any picture, whatever was made before. */
  #requestOf(
    index: number,
    model: DiffusionModel,
    { source, pass }: { source: Source | undefined; pass: number },
  ): PictureRequest {
    const job = this.#jobs[index]!;
    const previewer = this.#previewers.get(model) ?? new Previewer(model);
    this.#previewers.set(model, previewer);
    return {
      ...job,
      prompts: [job.prompt],
      negativePrompts: job.negativePrompt === undefined ? undefined : [job.negativePrompt],
      inversions: this.#inversions,
      source,
      generators: [new TorchGenerator(job.seed)],
      signal: this.#call.signal,
      onStep: (step) => this.#tell(index, pass, step, previewer),
    };
  }

  async #tell(index: number, pass: number, step: PictureStep, previewer: Previewer): Promise<void> {
    const done = (pass + (step.index + 1) / step.of) / this.#passes;
    const rawPreview = this.#isPreviewDue[index]!(done)
      ? await previewer.show(step.original(), step.shape, step.networkMs)
      : undefined;
    if (!rawPreview && performance.now() - this.#toldAt < progressIntervalMs) return;
    this.#toldAt = performance.now();
    const position = {
      ...{ picture: index, pictures: this.#jobs.length, index: step.index, of: step.of },
      ...this.#passesBefore(index, pass),
    };
    const progress = progressOf(position);
    this.#fraction = progress.fraction ?? this.#fraction;
    this.#call.onProgress(rawPreview ? { ...progress, rawPreview: { ...rawPreview, index } } : progress);
  }

  /** The refiner's passes come after all the others. */
  #passesBefore(index: number, pass: number): { passesDone: number; passes: number } {
    const { length } = this.#jobs;
    const isRefining = pass === this.#ownPasses;
    const passesDone = isRefining ? length * this.#ownPasses + index : index * this.#ownPasses + pass;
    return { passesDone, passes: length * this.#passes };
  }

  async #withModel<T>(files: ModelFiles, make: (model: OpenedModel) => Promise<T>): Promise<T> {
    const { models, memory } = this.#kept;
    memory.onOpening = () => this.#call.onProgress({ stage: 'load', fraction: this.#fraction });
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
    this.warn(model.warnings);
    return made;
  }
}
