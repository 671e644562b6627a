import type { Component } from '../../checkpoint/component.js';
import {
  attention,
  gelu,
  joinTokens,
  linear,
  linearRows,
  type Rotation,
  rmsNorm,
  rotate,
  rotationBy,
} from '../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { maskBias } from '../attention-mask.js';
import { gatedLayers } from '../gated-layers.js';
import { framesPerPatch, type QwenVisionConfig, readQwenVisionConfig } from './qwen-vision-config.js';

const epsilon = 1e-6;
const rotaryBase = 10_000;

/**
 * Writes the graph of the vision tower of a `Qwen2_5_VLForConditionalGeneration` (Bai et al. 2025, arXiv
 * 2502.13923; transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py) for one image.
 *
 * Inputs: `patches` float32 [tokens, patches of one, 3 * 2 * edge * edge]; `places` float32 [patches, 2], row
 * and column; of windows of `windowEdge` squared patches: `window_order` int64 [windows, patches of one],
 * which patch is where, `window_mask` likewise, 0 where there is none, and `window_places` int64 [tokens,
 * patches of one], where each patch is. Output: `tokens` float32 [tokens, width of the text model].
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function qwenVisionGraph(component: Component): Graph {
  const config = readQwenVisionConfig(component);
  const { width, heads, patchEdge, mergedEdge, outputWidth, path } = config;
  const graph = new GraphBuilder(component);
  const inputs = 3 * framesPerPatch * patchEdge ** 2;
  const perToken = mergedEdge ** 2;
  const patches = graph.input('patches', 'float32', ['tokens', perToken, inputs]);
  const places = graph.input('places', 'float32', ['patches', 2]);
  const kernel = graph.mount(`${path}.patch_embed.proj.weight`, [
    ...[width, 3, framesPerPatch],
    ...[patchEdge, patchEdge],
  ]);
  const matrix = graph.node('Reshape', [kernel, graph.integers([width, inputs])]);
  // One batch of all of them, as rotations and attention take it.
  let tokens = graph.node('Unsqueeze', [
    graph.node('Gemm', [joinTokens(graph, patches, inputs), matrix], { transB: 1 }),
    graph.integers([0]),
  ]);
  const headWidth = width / heads;
  const scope = {
    graph,
    config,
    rotation: rotationBy(graph, places, [headWidth / 2, headWidth / 2], rotaryBase),
    windows: readWindows(graph, config),
  };
  for (let layer = 0; layer < config.layers; layer += 1)
    tokens = visionLayer(scope, tokens, `${path}.blocks.${layer}`, config.wholeLayers.includes(layer));
  const normal = rmsNorm(graph, tokens, `${path}.merger.ln_q`, { width, epsilon });
  const inner = width * perToken;
  const merged = graph.node('Reshape', [normal, graph.integers([-1, inner])]);
  const widened = linear(graph, merged, `${path}.merger.mlp.0`, { inputs: inner, outputs: inner });
  const shape = { inputs: inner, outputs: outputWidth };
  graph.output('tokens', linear(graph, gelu(graph, widened), `${path}.merger.mlp.2`, shape));
  return graph.finish();
}

interface Windows {
  /** Which patch is where. */
  readonly order: Value;
  /** Added to scores: [windows, 1, patches of one, patches of one]. */
  readonly bias: Value;
  /** Where each patch is. */
  readonly places: Value;
}

interface VisionScope {
  readonly graph: GraphBuilder;
  readonly config: QwenVisionConfig;
  readonly rotation: Rotation;
  readonly windows: Windows;
}

function readWindows(graph: GraphBuilder, { windowEdge, mergedEdge }: QwenVisionConfig): Windows {
  const size = windowEdge ** 2;
  const order = graph.input('window_order', 'int64', ['windows', size]);
  const mask = graph.input('window_mask', 'int64', ['windows', size]);
  const places = graph.input('window_places', 'int64', ['tokens', mergedEdge ** 2]);
  const rows = graph.floats(new Float32Array(size), [1, 1, size, 1]);
  return { order, places, bias: graph.node('Add', [rows, maskBias(graph, mask)]) };
}

/** `Qwen2_5_VLVisionBlock`: [1, patches, width] to the same. */
function visionLayer(scope: VisionScope, tokens: Value, path: string, isWhole: boolean): Value {
  const { graph, config } = scope;
  const { width, feedForwardWidth: inner } = config;
  const norm = (x: Value, name: string) => rmsNorm(graph, x, `${path}.${name}`, { width, epsilon });
  const seen = attend(scope, norm(tokens, 'norm1'), `${path}.attn`, isWhole);
  const sum = graph.node('Add', [tokens, seen]);
  const names = { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' };
  const shape = { width, inner, names, bias: true };
  return graph.node('Add', [sum, gatedLayers(graph, norm(sum, 'norm2'), `${path}.mlp`, shape)]);
}

function attend(
  { graph, config: { width, heads }, rotation, windows }: VisionScope,
  x: Value,
  path: string,
  isWhole: boolean,
): Value {
  const rows = joinTokens(graph, x, width);
  const whole = { inputs: width, outputs: 3 * width };
  const project = (part: number) => {
    const own = linearRows(graph, rows, `${path}.qkv`, whole, { first: part * width, count: width });
    return graph.node('Unsqueeze', [own, graph.integers([0])]);
  };
  const turned = (part: number) => rotate(graph, project(part), rotation, heads, 'halves');
  const inWindows = (value: Value) => {
    if (isWhole) return value;
    return graph.node('Gather', [joinTokens(graph, value, width), windows.order], { axis: 0 });
  };
  const seen = attention(graph, {
    query: inWindows(turned(0)),
    key: inWindows(turned(1)),
    value: inWindows(project(2)),
    heads,
    ...(!isWhole && { bias: windows.bias }),
  });
  const apart = joinTokens(graph, seen, width);
  const sorted = isWhole
    ? apart
    : joinTokens(graph, graph.node('Gather', [apart, windows.places], { axis: 0 }), width);
  const result = linear(graph, sorted, `${path}.proj`, { inputs: width, outputs: width });
  return graph.node('Unsqueeze', [result, graph.integers([0])]);
}
