/**
 * What the main thread and the engine's worker say to each other.
 *
 * @module
 */
import type { ErrorCode, MemoryPlan, Progress } from '@easel/plugin-sdk';
import type { Arithmetic } from '../models/model-files.js';
import type { PreviewPicture } from '../pipelines/preview.js';
import type { EngineCall } from './engine-call.js';

/** Raw pixels, three bytes each, rows from the top. */
export interface Picture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Progress as the worker tells it: the main thread encodes the preview, so that the worker goes on with the
 * image.
 */
export type EngineProgress = Progress & { readonly rawPreview?: PreviewPicture & { readonly index: number } };

/** What came of a call. */
export interface Made {
  readonly pictures: readonly Picture[];
  /** Usual name of the sampler that was used. */
  readonly sampler: string;
  /** What the denoising network was computed with, or one of them where there are two. */
  readonly arithmetic: Arithmetic;
  readonly warnings: readonly string[];
  /** Milliseconds by phase; `network` is the time inside of ONNX Runtime's runs. */
  readonly timings: Readonly<Record<string, number>>;
}

export type ToWorker =
  | { readonly type: 'run' | 'plan'; readonly id: number; readonly call: EngineCall }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'progress'; readonly id: number; readonly progress: EngineProgress }
  | { readonly type: 'made'; readonly id: number; readonly made: Made }
  | { readonly type: 'planned'; readonly id: number; readonly plan: MemoryPlan | undefined }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly error: { readonly code?: ErrorCode; readonly message: string; readonly hint?: string };
    };
