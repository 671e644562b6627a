import type {
  ErrorCode,
  GenerationRequest,
  Image,
  SamplerLabel,
  ValidGenerationResult,
  Warning,
} from '@easel/plugin-sdk';
import type { ParameterValues } from '../models/parameters.js';

/** One try of one plugin. */
export interface Attempt {
  readonly plugin: string;
  readonly model: string;
  readonly pipelineType: string;
  readonly outcome: 'ok' | ErrorCode;
  /** Milliseconds, waiting included. */
  readonly durationMs: number;
}

/**
 * The values that made the pictures, after defaults, rounding and dropping. Together with the model they make
 * them again.
 */
export interface UsedParameters
  extends Readonly<ParameterValues>,
    Readonly<Pick<GenerationRequest, 'prompt' | 'width' | 'height' | 'n'>> {
  /** How AUTOMATIC1111 calls the sampler. Absent: the plugin does not tell. */
  readonly samplerLabel?: SamplerLabel | undefined;
  /** The model's and the request's provider options. Absent: none. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** Where pictures come from. */
export interface Provenance {
  readonly model: string;
  readonly pipelineType: string;
  readonly plugin: { readonly id: string; readonly version: string };
  readonly parameters: UsedParameters;
  /** The prompts as they were written, where something in them was chosen. Absent: nothing was. */
  readonly template?:
    | { readonly prompt?: string | undefined; readonly negativePrompt?: string | undefined }
    | undefined;
  readonly attempts: readonly Attempt[];
}

/** What `generateImage` answers. */
export interface ImageResult {
  /** In the order of their seeds; at least one. */
  readonly images: readonly Image[];
  /** Whatever was asked for and not done exactly so. */
  readonly warnings: readonly Warning[];
  /** Absent: unknown, or nothing. */
  readonly cost?: ValidGenerationResult['cost'];
  /** Milliseconds by phase, as the plugin tells them, and `total` as the kernel measured it. */
  readonly timings: Readonly<Record<string, number>>;
  readonly provenance: Provenance;
}
