import type { NetworkCost } from '@easel/plugin-sdk';
import type { Lora } from '../checkpoint/lora.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import type { PictureRequest } from '../pipelines/picture-request.js';
import type { TextualInversion } from '../prompt/textual-inversion.js';
import type { NetworkMemory } from '../session/network-memory.js';
import type { Arithmetic, ArithmeticSetting, TinyDecoder } from './model-files.js';

/** A model as the engine keeps it. */
export interface OpenedModel extends DiffusionModel {
  /** All that it was read from. */
  readonly files: readonly string[];
  /** Sentences about what had to be assumed, and what was asked for and could not be had. */
  readonly warnings: readonly string[];
  /** What its denoising network is computed with. */
  readonly arithmetic: Arithmetic;
  /** Words that its LoRAs brought along. */
  readonly inversions: readonly TextualInversion[];
  /**
   * What its networks would hold in a request; nothing is opened. Absent: nobody knows before they run.
   *
   * @param isDecoded whether it makes the image itself, and not another model after it
   */
  costsOf?(request: PictureRequest, isDecoded: boolean): Promise<readonly NetworkCost[]>;
  /** From now on its LoRAs have these weights, in their order; 1 is the whole of one. */
  weighLoras(weights: readonly number[]): void;
}

/** What a checkpoint is opened with. */
export interface MountOptions {
  /** Where its networks are opened. */
  readonly memory: NetworkMemory;
  /** What changes its weights. */
  readonly loras: readonly Lora[];
  /** Absent: none. */
  readonly tinyDecoder?: TinyDecoder | undefined;
  /** Absent: exact. */
  readonly arithmetic?: ArithmeticSetting | undefined;
}
