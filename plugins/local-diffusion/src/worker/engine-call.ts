import type { InputImage } from '@easel/plugin-sdk';
import type { ModelFiles } from '../models/model-files.js';
import type { ControlSettings } from '../pipelines/control.js';
import type { FirstPass } from '../pipelines/first-pass.js';
import type { PromptSyntax } from '../pipelines/picture-request.js';
import type { PromptStyle } from '../prompt/text-encoding.js';
import type { TimestepSpacing } from '../sampling/scheduler-config/scheduler-config.js';

/** The encoded images that a call starts from. */
export interface SourceFiles {
  readonly image: InputImage;
  /** Further ones, for models that edit several at once. Absent: none. */
  readonly others?: readonly InputImage[];
  /** White where to paint anew. Absent: everywhere. */
  readonly mask: InputImage | undefined;
}

/** An image to follow. */
export interface ControlFile extends Omit<ControlSettings, 'net'> {
  readonly image: InputImage;
  /** Absolute path of the ControlNet, which is one of the model's. Absent: the model's own. */
  readonly path?: string | undefined;
}

/** A textual inversion on disk. */
export interface EmbeddingFile {
  /** Absolute path of a .safetensors file. */
  readonly path: string;
  /** What stands for it in a prompt. Absent: what the file says, or its name. */
  readonly word?: string | undefined;
}

/** Another model that finishes what one has begun. */
export interface Refiner {
  /** Absolute path of a diffusers folder or a .safetensors file. */
  readonly path: string;
  /** Between 0 and 1: the share of the noise schedule after which it takes over. */
  readonly switchAt: number;
}

/** What a call asks of the engine: all of it holds for each of its images, but for the seeds. */
export interface EngineCall {
  /** One an image, in their order. */
  readonly seeds: readonly number[];
  readonly model: ModelFiles;
  /** One for each of the model's LoRAs. */
  readonly loraWeights: readonly number[];
  readonly prompt: string;
  /** Absent: none. */
  readonly negativePrompt: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidanceScale: number;
  /** Absent: the model's own scheduler. */
  readonly sampler: string | undefined;
  readonly clipSkip: number;
  readonly guidanceRescale: number;
  /** Shares of the steps, 0 to 1, between which there is guidance. */
  readonly guidanceStart: number;
  readonly guidanceEnd: number;
  /** Of so many calls of the denoising network one runs all of it. */
  readonly deepCacheInterval: number;
  readonly eta: number;
  /** Absent: as the model's scheduler config says. */
  readonly timestepSpacing: TimestepSpacing | undefined;
  readonly promptStyle: PromptStyle;
  /** What of webui's syntax is read beside weights. */
  readonly promptSyntax: PromptSyntax;
  /** Textual inversions. */
  readonly embeddings: readonly EmbeddingFile[];
  /** What only the model's family reads, as its `readOptions` gives it. */
  readonly familyOptions: unknown;
  /** Absent: none. */
  readonly refiner: Refiner | undefined;
  /** Absent: each image is made at its size from the first. */
  readonly firstPass: FirstPass | undefined;
  readonly controls: readonly ControlFile[];
  /** Absent: text to image. */
  readonly source: SourceFiles | undefined;
  /** 0 to 1: how far to go from the source. */
  readonly strength: number;
  /** Whether the request names it. */
  readonly isStrengthAsked: boolean;
  /** How many looks at each unfinished image to send. */
  readonly previews: number;
  /** A sentence for each option that has no effect. */
  readonly warnings: readonly string[];
}
