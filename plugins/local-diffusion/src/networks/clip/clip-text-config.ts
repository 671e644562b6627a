import { z } from 'zod';
import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { count, parseConfig } from '../config.js';

export interface ClipTextConfig {
  readonly vocabularySize: number;
  readonly width: number;
  readonly feedForwardWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** The most tokens that a text may have. */
  readonly maximumTokens: number;
  readonly activation: 'quick_gelu' | 'gelu';
  readonly epsilon: number;
  readonly endToken: number;
  /** Width of `text_embeds`; absent means that the encoder does not project. */
  readonly projectionWidth?: number;
}

/** Keys and defaults of `CLIPTextConfig`. */
const schema = z.looseObject({
  vocab_size: count.default(49408),
  hidden_size: count.default(512),
  intermediate_size: count.default(2048),
  projection_dim: count.default(512),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(8),
  max_position_embeddings: count.default(77),
  hidden_act: z.enum(['quick_gelu', 'gelu']).default('quick_gelu'),
  layer_norm_eps: z.number().positive().default(1e-5),
  eos_token_id: z.int().nonnegative().default(49407),
});

/**
 * Reads the config of a `CLIPTextModel` or `CLIPTextModelWithProjection` (transformers
 * models/clip/configuration_clip.py). Which of the two it is, the weights say: older configs do not.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readClipTextConfig(component: Component): ClipTextConfig {
  const json = parseConfig(component, schema);
  if (json.hidden_size % json.num_attention_heads !== 0) {
    throw invalidFiles(
      `${component.configFile}: "num_attention_heads" is ${json.num_attention_heads}, which does not divide the "hidden_size" of ${json.hidden_size}.`,
    );
  }
  return {
    vocabularySize: json.vocab_size,
    width: json.hidden_size,
    feedForwardWidth: json.intermediate_size,
    layers: json.num_hidden_layers,
    heads: json.num_attention_heads,
    maximumTokens: json.max_position_embeddings,
    activation: json.hidden_act,
    epsilon: json.layer_norm_eps,
    endToken: json.eos_token_id,
    ...(component.tensors.has('text_projection.weight') && { projectionWidth: json.projection_dim }),
  };
}
