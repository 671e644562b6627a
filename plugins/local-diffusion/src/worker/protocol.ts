/**
 * What the main thread and the engine's worker say to each other.
 *
 * @module
 */
import type { ErrorCode, InputImage, Progress } from '@easel/plugin-sdk';
import type { ModelFiles } from '../models/model-files.js';
import type { FirstPass } from '../pipelines/first-pass.js';
import type { PreviewPicture } from '../pipelines/preview.js';
import type { PromptStyle } from '../prompt/text-encoding.js';
import type { TimestepSpacing } from '../sampling/scheduler-config/scheduler-config.js';

/** The encoded pictures that a job starts from. */
export interface SourceFiles {
  readonly image: InputImage;
  /** White where to paint anew. Absent: everywhere. */
  readonly mask: InputImage | undefined;
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

/** One picture to make. */
export interface PictureJob {
  readonly model: ModelFiles;
  /** One for each of the model's LoRAs. */
  readonly loraWeights: readonly number[];
  readonly prompt: string;
  /** Absent: none. */
  readonly negativePrompt: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly steps: number;
  readonly guidanceScale: number;
  /** Absent: the model's own scheduler. */
  readonly sampler: string | undefined;
  readonly clipSkip: number;
  readonly guidanceRescale: number;
  readonly eta: number;
  /** Absent: as the model's scheduler config says. */
  readonly timestepSpacing: TimestepSpacing | undefined;
  readonly promptStyle: PromptStyle;
  /** Textual inversions. All jobs of a call have the same. */
  readonly embeddings: readonly EmbeddingFile[];
  /** What only the model's family reads, as its `readOptions` gives it. */
  readonly familyOptions: unknown;
  /** Absent: none. All jobs of a call have the same. */
  readonly refiner: Refiner | undefined;
  /** Absent: the picture is made at its size from the first. All jobs of a call have the same. */
  readonly firstPass: FirstPass | undefined;
  /** Absent: text to image. All jobs of a call have the same. */
  readonly source: SourceFiles | undefined;
  /** 0 to 1: how far to go from the source. */
  readonly strength: number;
  /** How many looks at the unfinished picture to send. */
  readonly previews: number;
  /** A sentence for each option that has no effect on it. */
  readonly warnings: readonly string[];
}

/** Raw pixels, three bytes each, rows from the top. */
export interface Picture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Progress as the worker tells it: the main thread encodes the preview, so that the worker goes on with the picture. */
export type EngineProgress = Progress & { readonly rawPreview?: PreviewPicture & { readonly index: number } };

/** What a call's jobs made, together. */
export interface Made {
  readonly pictures: readonly Picture[];
  /** Usual name of the sampler that was used. */
  readonly sampler: string;
  readonly warnings: readonly string[];
  /** Milliseconds by phase; `network` is the time inside of ONNX Runtime's runs. */
  readonly timings: Readonly<Record<string, number>>;
}

export type ToWorker =
  | { readonly type: 'run'; readonly id: number; readonly jobs: readonly PictureJob[] }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'progress'; readonly id: number; readonly progress: EngineProgress }
  | { readonly type: 'made'; readonly id: number; readonly made: Made }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly error: { readonly code?: ErrorCode; readonly message: string; readonly hint?: string };
    };
