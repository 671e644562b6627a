import type { Component } from '../../../checkpoint/component.js';
import { convolution, imageToTokens, silu, tokensByImage } from '../../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../../graph/builder.js';
import type { Graph } from '../../../graph/graph.js';
import type { Streams } from '../../../networks/diffusion-transformer/joint-attention.js';
import { modulatedNorm } from '../../../networks/diffusion-transformer/modulation.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';
import { embeddingLayers, sinusoids } from '../../../networks/unet/time-embedding.js';
import { lastSd3Block, modulate, type Sd3Scope, sd3Block } from './sd3-blocks.js';
import { patchEdge, readSd3Config, type Sd3Config } from './sd3-config.js';

const sinusoidSize = 256;

export interface Sd3GraphOptions {
  /** Whether a run may leave blocks out: the input `kept_blocks`. Absent: it runs all. */
  readonly leavesOut?: boolean;
}

/**
 * Writes the graph of an `SD3Transformer2DModel` (Stable Diffusion 3 and 3.5; Esser et al. 2024, arXiv
 * 2403.03206; diffusers models/transformers/transformer_sd3.py).
 *
 * Inputs: `hidden_states` [batch, in_channels, height, width], `encoder_hidden_states` [batch, text tokens,
 * joint_attention_dim], `pooled_projections` [batch, pooled_projection_dim], `timestep` [1 or batch] from 0
 * to 1000, all float32; `positions` int64 [image tokens], which row of the table each has; with `leavesOut`
 * also `kept_blocks` float32 [batch, blocks], 0 for those that are left out and 1 otherwise. Output:
 * `out_hidden_states`, like the input.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function sd3TransformerGraph(component: Component, options: Sd3GraphOptions = {}): Graph {
  const config = readSd3Config(component);
  const { inputChannels, textWidth, width, layers, dualLayers } = config;
  const graph = new GraphBuilder(component);
  const latents = graph.input('hidden_states', 'float32', ['batch', inputChannels, 'height', 'width']);
  const context = graph.input('encoder_hidden_states', 'float32', ['batch', 'text_tokens', textWidth]);
  const patches = convolution(graph, latents, 'pos_embed.proj', {
    ...{ inputs: inputChannels, outputs: width, kernel: patchEdge, stride: patchEdge, padding: 0 },
  });
  const scope: Sd3Scope = { graph, ...config, embedding: silu(graph, embedCondition(graph, config)) };
  const kept = options.leavesOut ? graph.input('kept_blocks', 'float32', ['batch', layers]) : undefined;

  let streams: Streams = {
    text: tokenLinear(graph, context, 'context_embedder', { inputs: textWidth, outputs: width }),
    image: graph.node('Add', [
      tokensByImage(graph, imageToTokens(graph, patches, width), latents, width),
      positionsOf(graph, config),
    ]),
  };
  for (let index = 0; index < layers - 1; index += 1) {
    const path = `transformer_blocks.${index}`;
    const next = sd3Block(scope, streams, path, dualLayers.includes(index));
    streams = kept ? chooseStreams(graph, kept, index, next, streams) : next;
  }
  const last = lastSd3Block(scope, streams, `transformer_blocks.${layers - 1}`);
  const image = kept ? choose(graph, kept, layers - 1, last, streams.image) : last;
  const [scale, shift] = modulate(scope, 'norm_out.linear', 2) as [Value, Value];
  const normal = modulatedNorm(graph, image, { shift, scale }, width);
  const outputs = patchEdge ** 2 * config.outputChannels;
  const tokens = tokenLinear(graph, normal, 'proj_out', { inputs: width, outputs });
  graph.output('out_hidden_states', unpatch(graph, tokens, patches, latents, config));
  return graph.finish();
}

/** The embedding of time and pooled text: [batch, width]. */
function embedCondition(graph: GraphBuilder, { width, pooledWidth }: Sd3Config): Value {
  const pooled = graph.input('pooled_projections', 'float32', ['batch', pooledWidth]);
  const angles = sinusoids(graph, graph.input('timestep', 'float32', ['timesteps']), {
    ...{ width: sinusoidSize, cosineFirst: true, frequencyShift: 0 },
  });
  const path = 'time_text_embed';
  return graph.node('Add', [
    embeddingLayers(graph, angles, `${path}.timestep_embedder`, { inputs: sinusoidSize, width }),
    embeddingLayers(graph, pooled, `${path}.text_embedder`, { inputs: pooledWidth, width }),
  ]);
}

/** What is added to the tokens for their places: [1, tokens, width]. */
function positionsOf(graph: GraphBuilder, { tableEdge, width }: Sd3Config): Value {
  const rows = graph.input('positions', 'int64', ['image_tokens']);
  return graph.node('Gather', [graph.mount('pos_embed.pos_embed', [1, tableEdge ** 2, width]), rows], {
    axis: 1,
  });
}

/** What a block has made where it is kept, and what it was given where it is left out. */
function choose(graph: GraphBuilder, kept: Value, block: number, made: Value, given: Value): Value {
  const isKept = graph.once(`whether block ${block} is kept`, () => {
    const column = graph.node('Gather', [kept, graph.integers([block])], { axis: 1 });
    const shares = graph.node('Unsqueeze', [column, graph.integers([2])]);
    return graph.node('GreaterOrEqual', [shares, graph.floats([0.5])]);
  });
  return graph.node('Where', [isKept, made, given]);
}

const chooseStreams = (
  graph: GraphBuilder,
  kept: Value,
  block: number,
  made: Streams,
  given: Streams,
): Streams => ({
  text: choose(graph, kept, block, made.text, given.text),
  image: choose(graph, kept, block, made.image, given.image),
});

/** Tokens [batch, tokens, rows * columns * channels] to an image as large as `latents`. */
function unpatch(
  graph: GraphBuilder,
  tokens: Value,
  patches: Value,
  latents: Value,
  { outputChannels }: Sd3Config,
): Value {
  const batch = graph.node('Shape', [latents], { start: 0, end: 1 });
  const grid = graph.node('Shape', [patches], { start: 2, end: 4 });
  const size = graph.node('Shape', [latents], { start: 2, end: 4 });
  const inner = graph.integers([patchEdge, patchEdge, outputChannels]);
  const apart = graph.node('Reshape', [tokens, graph.node('Concat', [batch, grid, inner], { axis: 0 })]);
  const ordered = graph.node('Transpose', [apart], { perm: [0, 5, 1, 3, 2, 4] });
  const whole = graph.node('Concat', [batch, graph.integers([outputChannels]), size], { axis: 0 });
  return graph.node('Reshape', [ordered, whole]);
}
