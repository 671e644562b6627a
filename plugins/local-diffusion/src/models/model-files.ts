import type { PredictionType } from '../families/prediction-type.js';

/** A small decoder that shows about what the autoencoder's own does, for a hundredth of its time. */
export interface TinyDecoder {
  /**
   * Absolute path of a folder in diffusers' layout, of an `AutoencoderTiny`, or of a file such as
   * `taesd_decoder.safetensors`.
   */
  readonly path: string;
  /** Whether it makes the pictures too, or only the previews. */
  readonly use: 'previews' | 'always';
}

/** What images are computed with: `exact` is what the weights say, `fast` rounds linear layers to int8. */
export const arithmetics = ['exact', 'fast'] as const;
export type Arithmetic = (typeof arithmetics)[number];

/** `auto` is `fast` where a large network is sooner done with it on this processor, else `exact`. */
export const arithmeticSettings = [...arithmetics, 'auto'] as const;
export type ArithmeticSetting = (typeof arithmeticSettings)[number];

/** The files that a model is made of. */
export interface ModelFiles {
  /** Absolute path of a diffusers folder, or of a single .safetensors file. */
  readonly path: string;
  /** Absolute path of another autoencoder. Absent: the model's own. */
  readonly vae?: string | undefined;
  /** Absolute paths of what changes its weights. Absent: none. */
  readonly loras?: readonly string[] | undefined;
  /** Absolute paths of ControlNets: files, or folders with a config. Absent: none beside its own. */
  readonly controlNets?: readonly string[] | undefined;
  /** Absent: none. */
  readonly tinyDecoder?: TinyDecoder | undefined;
  /** What its denoising network predicts. Absent: as the files say. */
  readonly predictionType?: PredictionType | undefined;
  /** Absent: exact. */
  readonly arithmetic?: ArithmeticSetting | undefined;
}
