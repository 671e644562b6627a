/**
 * What the main thread and the engine's worker say to each other.
 *
 * @module
 */
import type { ErrorCode, InputImage, Progress } from '@easel/plugin-sdk';

/** The encoded pictures that a job starts from. */
export interface SourceFiles {
  readonly image: InputImage;
  /** White where to paint anew. Absent: everywhere. */
  readonly mask: InputImage | undefined;
}

/** One picture to make. */
export interface PictureJob {
  /** Absolute path of a diffusers folder. */
  readonly modelFolder: string;
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
  /** Absent: text to image. All jobs of a call have the same. */
  readonly source: SourceFiles | undefined;
  /** 0 to 1: how far to go from the source. */
  readonly strength: number;
}

/** Raw pixels, three bytes each, rows from the top. */
export interface Picture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

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
  | { readonly type: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly type: 'made'; readonly id: number; readonly made: Made }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly error: { readonly code?: ErrorCode; readonly message: string; readonly hint?: string };
    };
