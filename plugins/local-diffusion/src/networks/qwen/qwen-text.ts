import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import {
  attention,
  lookUp,
  type Rotation,
  rmsNorm,
  rotate,
  rotationBy,
  rotationBySections,
} from '../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { elementTypes } from '../../graph/onnx/element-types.js';
import { causalBias } from '../attention-mask.js';
import { headNorm, tokenLinear } from '../diffusion-transformer/token-layers.js';
import { gatedLayers } from '../gated-layers.js';
import { type QwenTextConfig, readQwenTextConfig } from './qwen-text-config.js';

/**
 * The tokens after so many layers, 0 for those that go into the first; or after all layers and the final
 * norm.
 */
export type HiddenState = number | 'normed';

export interface QwenTextOptions {
  /** What is read. Layers that come after all of it are not written, and their weights not opened. */
  readonly states: readonly HiddenState[];
  /** Whether texts have images in them. Absent: they have none. */
  readonly seesImages?: boolean;
}

/**
 * Writes the graph of a `Qwen3ForCausalLM`'s text model (Yang et al. 2025, arXiv 2505.09388; transformers
 * models/qwen3/modeling_qwen3.py), or of that of a `Qwen2_5_VLForConditionalGeneration` (Bai et al. 2025,
 * arXiv 2502.13923; transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py).
 *
 * Inputs, int64 [batch, tokens]: `input_ids`, and `attention_mask` with 1 for tokens that are seen. Output:
 * `hidden_states` float32 [batch, tokens, states * width], the states of each token side by side. With images
 * also `image_rows` float32 [rows, width], what stands for their tokens; `image_index` int64 [batch, tokens],
 * the row of each token, 0 for those of text; and `positions` float32 [tokens, 3].
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported, fewer layers than are read, and weights
 * that do not fit
 */
export function qwenTextGraph(component: Component, { states, seesImages = false }: QwenTextOptions): Graph {
  const config = readQwenTextConfig(component);
  const { vocabularySize, width, headWidth, rotaryBase, layers, epsilon, path } = config;
  const last = Math.max(...states.map((state) => (state === 'normed' ? layers : state)));
  if (last > layers) {
    throw invalidFiles(
      `${component.configFile}: "num_hidden_layers" is ${layers}, and the tokens after ${last} layers are read.`,
      'Use the text encoder that belongs to the model.',
    );
  }
  const graph = new GraphBuilder(component);
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = graph.input('attention_mask', 'int64', ['batch', 'tokens']);
  const count = graph.node('Shape', [ids], { start: 1, end: 2 });
  const numbers = graph.node('Range', [graph.integers([0]), count, graph.integers([1])]);
  const scope = {
    bias: causalBias(graph, numbers, mask),
    rotation: seesImages
      ? rotationBySections(
          graph,
          graph.input('positions', 'float32', ['tokens', 3]),
          config.sections,
          rotaryBase,
        )
      : rotationBy(graph, inOneRow(graph, numbers), [headWidth], rotaryBase),
  };
  const words = lookUp(graph, ids, `${path}.embed_tokens`, [vocabularySize, width]);
  let tokens = seesImages ? withImages(graph, words, width) : words;
  const read = new Map([[0, tokens]]);
  for (let layer = 0; layer < last; layer += 1) {
    tokens = decoderLayer(graph, tokens, `${path}.layers.${layer}`, config, scope);
    read.set(layer + 1, tokens);
  }
  const normed = () => rmsNorm(graph, tokens, `${path}.norm`, { width, epsilon });
  const chosen = states.map((state) => (state === 'normed' ? normed() : read.get(state)!));
  graph.output(
    'hidden_states',
    chosen.length === 1 ? chosen[0]! : graph.node('Concat', chosen, { axis: -1 }),
  );
  return graph.finish();
}

/** Numbers of tokens as positions: [tokens, 1]. */
const inOneRow = (graph: GraphBuilder, numbers: Value): Value =>
  graph.node('Unsqueeze', [graph.node('Cast', [numbers], { to: elementTypes.float32 }), graph.integers([1])]);

/** Rows of images in place of the words that stand for them. */
function withImages(graph: GraphBuilder, words: Value, width: number): Value {
  const rows = graph.input('image_rows', 'float32', ['rows', width]);
  const index = graph.input('image_index', 'int64', ['batch', 'tokens']);
  const isImage = graph.node('Less', [
    graph.integers([0]),
    graph.node('Unsqueeze', [index, graph.integers([2])]),
  ]);
  return graph.node('Where', [isImage, graph.node('Gather', [rows, index]), words]);
}

interface LayerScope {
  readonly bias: Value;
  readonly rotation: Rotation;
}

/** `Qwen3DecoderLayer` or `Qwen2_5_VLDecoderLayer`: [batch, tokens, width] to the same. */
function decoderLayer(
  graph: GraphBuilder,
  tokens: Value,
  path: string,
  config: QwenTextConfig,
  scope: LayerScope,
): Value {
  const { width, epsilon, feedForwardWidth } = config;
  const norm = (x: Value, name: string) => rmsNorm(graph, x, `${path}.${name}`, { width, epsilon });
  const attended = attend(graph, norm(tokens, 'input_layernorm'), `${path}.self_attn`, config, scope);
  const sum = graph.node('Add', [tokens, attended]);
  const change = gatedLayers(graph, norm(sum, 'post_attention_layernorm'), `${path}.mlp`, {
    width,
    inner: feedForwardWidth,
    names: { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' },
  });
  return graph.node('Add', [sum, change]);
}

/**
 * Attention whose heads of keys and values each serve several of queries (Ainslie et al. 2023, arXiv
 * 2305.13245).
 */
function attend(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { width, heads, keyHeads, headWidth, epsilon, normsHeads, hasBiases }: QwenTextConfig,
  { bias, rotation }: LayerScope,
): Value {
  const project = (name: string, count: number) =>
    tokenLinear(graph, x, `${path}.${name}`, { inputs: width, outputs: count * headWidth, bias: hasBiases });
  const turned = (name: string, norm: string, count: number) => {
    const own = project(name, count);
    const shape = { heads: count, headWidth, epsilon };
    const normal = normsHeads ? headNorm(graph, own, `${path}.${norm}`, shape) : own;
    return rotate(graph, normal, rotation, count, 'halves');
  };
  const shared = (value: Value) => {
    if (heads === keyHeads) return value;
    const each = graph.node('Reshape', [value, graph.integers([0, 0, keyHeads, 1, headWidth])]);
    const repeated = graph.node('Expand', [each, graph.integers([1, 1, 1, heads / keyHeads, 1])]);
    return graph.node('Reshape', [repeated, graph.integers([0, 0, heads * headWidth])]);
  };
  const seen = attention(graph, {
    query: turned('q_proj', 'q_norm', heads),
    key: shared(turned('k_proj', 'k_norm', keyHeads)),
    value: shared(project('v_proj', keyHeads)),
    heads,
    bias,
  });
  return tokenLinear(graph, seen, `${path}.o_proj`, {
    inputs: heads * headWidth,
    outputs: width,
    bias: false,
  });
}
