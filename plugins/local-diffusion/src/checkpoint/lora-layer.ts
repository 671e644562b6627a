import type { TensorLocation } from './safetensors.js';

/** What a LoRA adds to one layer's weight: scale * factor * up @ down, kernels taken as rows. */
export interface LoraLayer {
  /** [rank, inputs], or [rank, inputs, kernel, kernel]. */
  readonly down: TensorLocation;
  /** [outputs, rank], with or without trailing dimensions of 1. */
  readonly up: TensorLocation;
  readonly rank: number;
  /** alpha / rank. */
  readonly factor: number;
}

/** What one LoRA adds to one network. */
export interface ComponentLora {
  readonly file: string;
  /** By the path of the layer, e.g. `mid_block.attentions.0.proj_in`. */
  readonly layers: ReadonlyMap<string, LoraLayer>;
}
