import type { Component } from '../../../checkpoint/component.js';
import { GraphBuilder, type Value } from '../../../graph/builder.js';
import type { Graph } from '../../../graph/graph.js';
import { maskBias } from '../../../networks/attention-mask.js';
import { fluxInputs, writeFluxBody } from '../../flux/network/flux-body.js';
import { readChromaConfig } from './chroma-config.js';
import { chromaModulations } from './chroma-modulations.js';

export interface ChromaGraphOptions {
  /** Whether some tokens of the text are not to be seen: the input `attention_mask`. Absent: all are. */
  readonly masked?: boolean;
}

/**
 * Writes the graph of a `ChromaTransformer2DModel` (Lodestone's Chroma, made of FLUX.1 schnell; diffusers
 * models/transformers/transformer_chroma.py).
 *
 * Inputs, all float32: `hidden_states` [batch, image tokens, in_channels]; `encoder_hidden_states` [batch,
 * text tokens, joint_attention_dim]; `timestep` [1 or batch], 0 to 1; positions `img_ids` [image tokens, 3]
 * and `txt_ids` [text tokens, 3]; with `masked` also `attention_mask` [batch, text and image tokens], 1 for
 * tokens that are seen. Output: `out_hidden_states`, like `hidden_states`.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function chromaTransformerGraph(
  component: Component,
  { masked = false }: ChromaGraphOptions = {},
): Graph {
  const config = readChromaConfig(component);
  const graph = new GraphBuilder(component);
  const inputs = fluxInputs(graph, config);
  const modulations = chromaModulations(graph, config);
  const bias = masked ? spreadMask(graph, inputs.positions) : undefined;
  writeFluxBody(graph, config, inputs, modulations, { bias });
  return graph.finish();
}

/**
 * The same row for each query: ONNX Runtime's fused attention takes a whole matrix of what is added to
 * scores.
 */
function spreadMask(graph: GraphBuilder, positions: Value): Value {
  const tokens = graph.node('Shape', [positions], { start: 0, end: 1 });
  const mask = graph.input('attention_mask', 'float32', ['batch', positions.shape[0]!]);
  const shape = graph.node('Concat', [graph.integers([1, 1]), tokens, graph.integers([1])], { axis: 0 });
  return graph.node('Expand', [maskBias(graph, mask), shape]);
}
