import type { Component } from '../../checkpoint/component.js';
import {
  attention,
  geluTanh,
  joinTokens,
  linear,
  lookUp,
  rmsNorm,
  tokensByImage,
} from '../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { maskBias } from '../attention-mask.js';
import { distanceBias } from './distance-bias.js';
import { readT5Config, type T5Config } from './t5-config.js';

export interface T5EncoderOptions {
  /** Whether some tokens are not to be seen: the input `attention_mask`; absent means that all are. */
  readonly masked?: boolean;
}

/**
 * Writes the graph of a `T5EncoderModel` (Raffel et al. 2020, arXiv 1910.10683; transformers
 * models/t5/modeling_t5.py).
 *
 * Input: `input_ids` int64 [batch, tokens]; with `masked` also `attention_mask` int64 [batch, tokens], 1 for
 * tokens that are seen. Output: `last_hidden_state` float32 [batch, tokens, width], after the final norm.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function t5EncoderGraph(component: Component, { masked = false }: T5EncoderOptions = {}): Graph {
  const config = readT5Config(component);
  const { vocabularySize, width, layers, epsilon } = config;
  const graph = new GraphBuilder(component);
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = masked ? graph.input('attention_mask', 'int64', ['batch', 'tokens']) : undefined;

  const distances = distanceBias(
    graph,
    ids,
    `${blockPath(0)}.0.SelfAttention.relative_attention_bias`,
    config,
  );
  const bias = mask ? graph.node('Add', [distances, maskBias(graph, mask)]) : distances;
  // Some files have the table twice, some under one of the names alone.
  const table = graph.has('shared.weight') ? 'shared' : 'encoder.embed_tokens';
  let tokens = joinTokens(graph, lookUp(graph, ids, table, [vocabularySize, width]), width);
  for (let layer = 0; layer < layers; layer += 1) {
    tokens = encoderBlock(graph, tokens, blockPath(layer), config, { bias, ids });
  }
  const result = rmsNorm(graph, tokens, 'encoder.final_layer_norm', { width, epsilon });
  graph.output('last_hidden_state', tokensByImage(graph, result, ids, width));
  return graph.finish();
}

const blockPath = (layer: number): string => `encoder.block.${layer}.layer`;

/** `T5Block`: [batch * tokens, width] to the same. */
function encoderBlock(
  graph: GraphBuilder,
  tokens: Value,
  path: string,
  { width, heads, headWidth, feedForwardWidth, epsilon }: T5Config,
  { bias, ids }: { readonly bias: Value; readonly ids: Value },
): Value {
  const inner = heads * headWidth;
  const attended = rmsNorm(graph, tokens, `${path}.0.layer_norm`, { width, epsilon });
  const project = (name: string) => {
    const shape = { inputs: width, outputs: inner, bias: false };
    return tokensByImage(
      graph,
      linear(graph, attended, `${path}.0.SelfAttention.${name}`, shape),
      ids,
      inner,
    );
  };
  const seen = attention(graph, {
    query: project('q'),
    key: project('k'),
    value: project('v'),
    heads,
    bias,
    scale: 1,
  });
  const output = linear(graph, joinTokens(graph, seen, inner), `${path}.0.SelfAttention.o`, {
    inputs: inner,
    outputs: width,
    bias: false,
  });
  const sum = graph.node('Add', [tokens, output]);

  const normal = rmsNorm(graph, sum, `${path}.1.layer_norm`, { width, epsilon });
  const widen = (name: string) =>
    linear(graph, normal, `${path}.1.DenseReluDense.${name}`, {
      inputs: width,
      outputs: feedForwardWidth,
      bias: false,
    });
  const gated = graph.node('Mul', [geluTanh(graph, widen('wi_0')), widen('wi_1')]);
  const result = linear(graph, gated, `${path}.1.DenseReluDense.wo`, {
    inputs: feedForwardWidth,
    outputs: width,
    bias: false,
  });
  return graph.node('Add', [sum, result]);
}
