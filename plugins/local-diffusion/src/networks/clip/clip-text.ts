import type { Component } from '../../checkpoint/component.js';
import {
  attention,
  gelu,
  joinTokens,
  layerNorm,
  linear,
  lookUp,
  quickGelu,
  tokensByImage,
} from '../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { elementTypes } from '../../graph/onnx/element-types.js';
import { type ClipTextConfig, readClipTextConfig } from './clip-text-config.js';

export interface ClipTextOptions {
  /**
   * How many of the last layers `last_hidden_state` leaves out; the pooled output has them all. Absent means
   * none.
   */
  readonly clipSkip?: number;
  /** Whether to output the hidden states as well; absent means no. */
  readonly hiddenStates?: boolean;
  /** Whether ids beyond the vocabulary stand for rows of the input `extra_rows`; absent means no. */
  readonly extraRows?: boolean;
}

/**
 * Until transformers 4.31 every config said 2, whatever the end token was; the largest id was taken for it.
 */
const legacyEndToken = 2;

/**
 * Writes the graph of a `CLIPTextModel` or `CLIPTextModelWithProjection` (transformers
 * models/clip/modeling_clip.py).
 *
 * Input: `input_ids` int64 [batch, tokens], at most max_position_embeddings tokens. Outputs, float32:
 * `last_hidden_state` [batch, tokens, width], after the final norm; `pooler_output` [batch, width], or with a
 * projection `text_embeds` [batch, projection_dim]. With `hiddenStates` also `hidden_states.N` [batch,
 * tokens, width], 0 being the embeddings and N the result of layer N, before the final norm. With `extraRows`
 * the input `extra_rows` float32 [rows, width] as well, at least one: the id vocab_size + i stands for its
 * row i.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function clipTextGraph(component: Component, options: ClipTextOptions = {}): Graph {
  const { clipSkip = 0, hiddenStates = false, extraRows = false } = options;
  const config = readClipTextConfig(component);
  const { width, layers, projectionWidth } = config;
  const graph = new GraphBuilder(component);
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const extra = extraRows ? graph.input('extra_rows', 'float32', ['rows', width]) : undefined;

  const states = [embed(graph, ids, config, extra)];
  for (let layer = 0; layer < layers; layer += 1) {
    states.push(encoderLayer(graph, states[layer]!, `text_model.encoder.layers.${layer}`, config, ids));
  }
  const finalNorm = (state: Value) =>
    layerNorm(graph, state, 'text_model.final_layer_norm', { width, epsilon: config.epsilon });
  const output = (name: string, state: Value) => graph.output(name, tokensByImage(graph, state, ids, width));

  const last = finalNorm(states[layers]!);
  output('last_hidden_state', clipSkip === 0 ? last : finalNorm(states[Math.max(0, layers - clipSkip)]!));
  const pooled = poolAtEnd(graph, ids, tokensByImage(graph, last, ids, width), config, extraRows);
  if (projectionWidth === undefined) {
    graph.output('pooler_output', pooled);
  } else {
    const shape = { inputs: width, outputs: projectionWidth, bias: false };
    const projected = linear(graph, pooled, 'text_projection', shape);
    graph.output('text_embeds', projected);
  }
  if (hiddenStates) {
    for (const [index, state] of states.entries()) output(`hidden_states.${index}`, state);
  }
  return graph.finish();
}

/** [batch, tokens] to [batch * tokens, width]. */
function embed(
  graph: GraphBuilder,
  ids: Value,
  { vocabularySize, width, maximumTokens }: ClipTextConfig,
  extra: Value | undefined,
): Value {
  const path = 'text_model.embeddings';
  const wordsOf = (own: Value) => lookUp(graph, own, `${path}.token_embedding`, [vocabularySize, width]);
  const words = extra ? extendWords(graph, ids, wordsOf, extra, vocabularySize) : wordsOf(ids);
  const places = graph.mount(`${path}.position_embedding.weight`, [maximumTokens, width]);
  const tokens = graph.node('Shape', [ids], { start: 1, end: 2 });
  const used = graph.node('Slice', [places, graph.integers([0]), tokens]);
  return joinTokens(graph, graph.node('Add', [words, used]), width);
}

/**
 * Looks ids up in a table that goes on in `extra`; both halves are asked for all ids, each within its bounds.
 */
function extendWords(
  graph: GraphBuilder,
  ids: Value,
  wordsOf: (ids: Value) => Value,
  extra: Value,
  vocabularySize: number,
): Value {
  const known = wordsOf(graph.node('Min', [ids, graph.integers([vocabularySize - 1])]));
  const beyond = graph.node('Sub', [ids, graph.integers([vocabularySize])]);
  const learned = graph.node('Gather', [extra, graph.node('Max', [beyond, graph.integers([0])])]);
  const isBeyond = graph.node('GreaterOrEqual', [ids, graph.integers([vocabularySize])]);
  const byToken = graph.node('Unsqueeze', [isBeyond, graph.integers([-1])]);
  return graph.node('Where', [byToken, learned, known]);
}

/** [batch * tokens, width] to the same; `ids` tells the size of the batch. */
function encoderLayer(
  graph: GraphBuilder,
  tokens: Value,
  path: string,
  { width, feedForwardWidth, heads, activation, epsilon }: ClipTextConfig,
  ids: Value,
): Value {
  const square = { inputs: width, outputs: width };
  const normal = layerNorm(graph, tokens, `${path}.layer_norm1`, { width, epsilon });
  const project = (name: string) =>
    tokensByImage(graph, linear(graph, normal, `${path}.self_attn.${name}`, square), ids, width);
  const seen = attention(graph, {
    query: project('q_proj'),
    key: project('k_proj'),
    value: project('v_proj'),
    heads,
    causal: true,
  });
  const attended = linear(graph, joinTokens(graph, seen, width), `${path}.self_attn.out_proj`, square);
  const sum = graph.node('Add', [attended, tokens]);

  const inner = linear(
    graph,
    layerNorm(graph, sum, `${path}.layer_norm2`, { width, epsilon }),
    `${path}.mlp.fc1`,
    { inputs: width, outputs: feedForwardWidth },
  );
  const active = activation === 'gelu' ? gelu(graph, inner) : quickGelu(graph, inner);
  const result = linear(graph, active, `${path}.mlp.fc2`, { inputs: feedForwardWidth, outputs: width });
  return graph.node('Add', [result, sum]);
}

/** The state at the first end token: [batch, tokens, width] to [batch, width]. */
function poolAtEnd(
  graph: GraphBuilder,
  ids: Value,
  states: Value,
  { endToken, vocabularySize }: ClipTextConfig,
  extraRows: boolean,
): Value {
  const takesLargest = endToken === legacyEndToken;
  // The end token is the largest id of the vocabulary, not of all.
  const isOwn = takesLargest && extraRows && graph.node('Less', [ids, graph.integers([vocabularySize])]);
  const own = isOwn ? graph.node('Where', [isOwn, ids, graph.integers([0])]) : ids;
  const isEnd = takesLargest ? own : graph.node('Equal', [ids, graph.integers([endToken])]);
  const ranks = graph.node('Cast', [isEnd], { to: elementTypes.int32 });
  const first = graph.node('ArgMax', [ranks], { axis: 1, keepdims: 1, select_last_index: 0 });
  return graph.node('GatherND', [states, first], { batch_dims: 1 });
}
