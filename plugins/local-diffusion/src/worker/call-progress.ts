import type { Progress } from '@easel/plugin-sdk';
import type { PictureStep } from '../pipelines/picture-request.js';
import { createPreviewSchedule, type Previewer } from '../pipelines/preview.js';
import type { EngineCall } from './engine-call.js';
import type { EngineProgress } from './protocol.js';

/** Share of a call's progress that loading the model is given. */
const loadShare = 0.1;

/**
 * Telling wakes two processes, on cores that the network is using: a small model's steps are shorter than
 * this.
 */
const intervalMs = 50;

/** Which run through a schedule a step belongs to. */
export interface PassPosition {
  /** Of the call's images, from 0. */
  readonly image: number;
  /** Of the image's own passes, from 0. */
  readonly pass: number;
}

/**
 * Tells how far a call is. Its images are made one after the other, each in one pass through a schedule or in
 * several.
 */
export class CallProgress {
  readonly #images: number;
  /** Passes of one image before a refiner's. */
  readonly ownPasses: 1 | 2;
  /** Of one image. */
  #passes: number;
  readonly #isPreviewDue: readonly ((done: number) => boolean)[];
  readonly #tell: (progress: EngineProgress) => void;
  #toldAt = 0;
  #fraction = 0;

  constructor({ seeds, previews, firstPass, refiner }: EngineCall, tell: (progress: EngineProgress) => void) {
    this.#images = seeds.length;
    this.ownPasses = firstPass ? 2 : 1;
    this.#passes = this.ownPasses + (refiner ? 1 : 0);
    this.#isPreviewDue = seeds.map(() => createPreviewSchedule(previews));
    this.#tell = tell;
  }

  /** The refiner is not asked after all. */
  withoutRefiner(): void {
    this.#passes = this.ownPasses;
  }

  /** A network is about to be opened. */
  loading(): void {
    this.#tell({ stage: 'load', fraction: this.#fraction });
  }

  /** So much of the codes that a network is computed with, 0 to 1, has been written. */
  repacking(share: number): void {
    if (share < 1 && performance.now() - this.#toldAt < intervalMs) return;
    this.#toldAt = performance.now();
    const message = `preparing the weights for the first time, ${Math.floor(100 * share)} %`;
    this.#tell({ stage: 'load', fraction: this.#fraction, message });
  }

  /** A call of the denoising network has been made. */
  async step(position: PassPosition, step: PictureStep, previewer: Previewer): Promise<void> {
    const { image, pass } = position;
    const done = (pass + (step.index + 1) / step.of) / this.#passes;
    const rawPreview = this.#isPreviewDue[image]!(done)
      ? await previewer.show(step.denoised, step.shape, step.networkMs)
      : undefined;
    if (!rawPreview && performance.now() - this.#toldAt < intervalMs) return;
    this.#toldAt = performance.now();
    const progress = this.#progressAt(position, step);
    this.#fraction = progress.fraction ?? this.#fraction;
    this.#tell(rawPreview ? { ...progress, rawPreview: { ...rawPreview, index: image } } : progress);
  }

  /** All images have been made. */
  finish(): void {
    this.#tell({ stage: 'finish', fraction: 1 });
  }

  /** Steps are counted where an image is one pass; passes of different lengths are told in words. */
  #progressAt(position: PassPosition, { index, of }: Pick<PictureStep, 'index' | 'of'>): Progress {
    const { image } = position;
    const images = this.#images;
    const passes = images * this.#passes;
    const passesDone = this.#passesBefore(position);
    // The decoder's run counts as one step more.
    const done = (passesDone + (index + 1) / (of + 1)) / passes;
    const name = images === 1 ? '' : `image ${image + 1} of ${images}`;
    const fraction = loadShare + (1 - loadShare) * done;
    if (passes > images) {
      const message = `${name}${name && ', '}pass ${passesDone + 1} of ${passes}, step ${index + 1} of ${of}`;
      return { stage: 'generate', fraction, message };
    }
    const counts = { step: image * of + index + 1, steps: images * of };
    return { stage: 'generate', fraction, ...counts, ...(name && { message: name }) };
  }

  /** The refiner's passes come after all the others. */
  #passesBefore({ image, pass }: PassPosition): number {
    const isRefining = pass === this.ownPasses;
    return isRefining ? this.#images * this.ownPasses + image : image * this.ownPasses + pass;
  }
}
