import { z } from 'zod';
import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { count, only, parseConfig } from '../config.js';

export interface QwenVisionConfig {
  readonly width: number;
  readonly feedForwardWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** Pixels along the edge of a patch. */
  readonly patchEdge: number;
  /** Patches along the edge of what becomes one token. */
  readonly mergedEdge: number;
  /** Patches along the edge of a window. */
  readonly windowEdge: number;
  /** Layers in which a patch sees all others and not those of its window alone. */
  readonly wholeLayers: readonly number[];
  /** Of a token of the text model. */
  readonly outputWidth: number;
  /** Of the layers' names, e.g. `visual`. */
  readonly path: string;
}

/** Frames of a patch; an image stands twice. */
export const framesPerPatch = 2;

/** Keys and defaults of `Qwen2_5_VLVisionConfig`. */
const schema = z.looseObject({
  depth: count.default(32),
  hidden_size: count.default(1280),
  intermediate_size: count.default(3420),
  num_heads: count.default(16),
  patch_size: count.default(14),
  spatial_merge_size: count.default(2),
  temporal_patch_size: z.literal(framesPerPatch).default(framesPerPatch),
  window_size: count.default(112),
  out_hidden_size: count.default(3584),
  fullatt_block_indexes: z.array(z.int().nonnegative()).default([7, 15, 23, 31]),
  hidden_act: only('silu'),
});

/**
 * Reads the config of the vision tower of a `Qwen2_5_VLForConditionalGeneration` (transformers
 * models/qwen2_5_vl/configuration_qwen2_5_vl.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readQwenVisionConfig(component: Component): QwenVisionConfig {
  const { vision_config: config = {} } = component.config as { readonly vision_config?: unknown };
  const json = parseConfig({ ...component, config }, schema);
  const { patch_size: patchEdge, spatial_merge_size: mergedEdge, window_size: windowSize } = json;
  const unit = patchEdge * mergedEdge;
  const headWidth = json.hidden_size / json.num_heads;
  if (headWidth % 4 !== 0) {
    throw invalidFiles(
      `${component.configFile}: "hidden_size" of the vision part is ${json.hidden_size}, which "num_heads" of ${json.num_heads} do not divide into multiples of 4.`,
    );
  }
  return {
    width: json.hidden_size,
    feedForwardWidth: json.intermediate_size,
    layers: json.depth,
    heads: json.num_heads,
    patchEdge,
    mergedEdge,
    windowEdge: Math.max(1, Math.floor(windowSize / unit)) * mergedEdge,
    wholeLayers: json.fullatt_block_indexes,
    outputWidth: json.out_hidden_size,
    path: component.tensors.has('model.visual.merger.ln_q.weight') ? 'model.visual' : 'visual',
  };
}
