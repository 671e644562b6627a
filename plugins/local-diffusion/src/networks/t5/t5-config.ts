import { z } from 'zod';
import type { Component } from '../../checkpoint/component.js';
import { count, only, parseConfig } from '../config.js';

export interface T5Config {
  readonly vocabularySize: number;
  readonly width: number;
  readonly feedForwardWidth: number;
  readonly layers: number;
  readonly heads: number;
  readonly headWidth: number;
  /** Of distances between tokens, how many kinds are told apart, half of them to either side. */
  readonly distanceBuckets: number;
  /** From this distance on all are of one kind. */
  readonly maximumDistance: number;
  readonly epsilon: number;
}

/**
 * Keys and defaults of `T5Config`; what has no default here is not that of the version which image models
 * use.
 */
const schema = z.looseObject({
  vocab_size: count.default(32128),
  d_model: count.default(512),
  d_kv: count.default(64),
  d_ff: count.default(2048),
  num_layers: count.default(6),
  num_heads: count.default(8),
  relative_attention_num_buckets: count.multipleOf(4).default(32),
  relative_attention_max_distance: count.default(128),
  layer_norm_epsilon: z.number().positive().default(1e-6),
  feed_forward_proj: only('gated-gelu'),
});

/**
 * Reads the config of a `T5EncoderModel` (transformers models/t5/configuration_t5.py), of T5 version 1.1.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readT5Config(component: Component): T5Config {
  const json = parseConfig(component, schema);
  return {
    vocabularySize: json.vocab_size,
    width: json.d_model,
    feedForwardWidth: json.d_ff,
    layers: json.num_layers,
    heads: json.num_heads,
    headWidth: json.d_kv,
    distanceBuckets: json.relative_attention_num_buckets,
    maximumDistance: json.relative_attention_max_distance,
    epsilon: json.layer_norm_epsilon,
  };
}
