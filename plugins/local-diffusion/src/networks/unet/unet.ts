import type { Component } from '../../checkpoint/component.js';
import { convolution, groupNorm, joinTokens, linear, silu } from '../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { embeddingLayers, sinusoids } from './time-embedding.js';
import { downBlock, type Features, middleBlock, type UnetScope, upBlock } from './unet-blocks.js';
import { readUnetConfig, type UnetConfig } from './unet-config.js';

/**
 * Writes the graph of a `UNet2DConditionModel` (diffusers models/unets/unet_2d_condition.py): Stable
 * Diffusion 1.x, 2.x and XL, inpainting and LCM.
 *
 * Inputs, all float32: `sample` [batch, in_channels, height, width]; `timestep` [1 or batch];
 * `encoder_hidden_states` [batch, tokens, cross_attention_dim]; with text_time embeddings `text_embeds`
 * [batch, n] and `time_ids` [batch, numbers]; with time_cond_proj_dim `timestep_cond` [batch,
 * time_cond_proj_dim]. Output: `out_sample` [batch, out_channels, height, width]. Height and width are free
 * at each run and need not halve evenly.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function unetGraph(component: Component): Graph {
  const config = readUnetConfig(component);
  const { inputChannels, outputChannels, contextWidth, downLevels, upLevels } = config;
  const channels = downLevels[0]!.channels;
  const graph = new GraphBuilder(component);

  const sample = graph.input('sample', 'float32', ['batch', inputChannels, 'height', 'width']);
  const timestep = graph.input('timestep', 'float32', ['timesteps']);
  const context = graph.input('encoder_hidden_states', 'float32', ['batch', 'tokens', contextWidth]);
  const scope: UnetScope = {
    graph,
    config,
    time: { value: silu(graph, embedTime(graph, timestep, config)), width: config.timeWidth },
    contextTokens: joinTokens(graph, context, contextWidth),
  };

  const first = convolution(graph, centered(graph, sample, config), 'conv_in', {
    inputs: inputChannels,
    outputs: channels,
    kernel: config.inputKernel,
  });
  let hidden: Features = { value: first, channels };
  const skips = [hidden];
  const last = downLevels.length - 1;
  for (const [index, level] of downLevels.entries()) {
    hidden = downBlock(scope, hidden, `down_blocks.${index}`, level, { downsample: index < last, skips });
  }
  hidden = middleBlock(scope, hidden);
  for (const [index, level] of upLevels.entries()) {
    hidden = upBlock(scope, hidden, `up_blocks.${index}`, level, { upsample: index < last, skips });
  }
  const { groups, epsilon } = config;
  const normal = groupNorm(graph, hidden.value, 'conv_norm_out', { channels, groups, epsilon });
  const result = convolution(graph, silu(graph, normal), 'conv_out', {
    inputs: channels,
    outputs: outputChannels,
    kernel: config.outputKernel,
  });
  graph.output('out_sample', result);
  return graph.finish();
}

/** The embedding of timestep, guidance and SDXL's sizes: [1 or batch, timeWidth]. */
function embedTime(graph: GraphBuilder, timestep: Value, config: UnetConfig): Value {
  const { cosineFirst, frequencyShift, timeWidth, guidanceEmbeddingSize, textTime } = config;
  const channels = config.downLevels[0]!.channels;
  let time = sinusoids(graph, timestep, { width: channels, cosineFirst, frequencyShift });
  if (guidanceEmbeddingSize !== undefined) {
    const guidance = graph.input('timestep_cond', 'float32', ['batch', guidanceEmbeddingSize]);
    const shape = { inputs: guidanceEmbeddingSize, outputs: channels, bias: false };
    time = graph.node('Add', [time, linear(graph, guidance, 'time_embedding.cond_proj', shape)]);
  }
  const embedding = embeddingLayers(graph, time, 'time_embedding', { inputs: channels, width: timeWidth });
  if (textTime === undefined) return embedding;

  const text = graph.input('text_embeds', 'float32', ['batch', 'text_width']);
  const numbers = graph.input('time_ids', 'float32', ['batch', 'numbers']);
  const each = sinusoids(graph, numbers, { width: textTime.sinusoidSize, cosineFirst, frequencyShift });
  const sizes = graph.node('Reshape', [each, graph.integers([0, -1])]);
  const both = graph.node('Concat', [text, sizes], { axis: -1 });
  const shape = { inputs: textTime.inputSize, width: timeWidth };
  return graph.node('Add', [embedding, embeddingLayers(graph, both, 'add_embedding', shape)]);
}

/** From 0 to 1 into -1 to 1, for a model that was trained so. */
function centered(graph: GraphBuilder, sample: Value, { centerInput }: UnetConfig): Value {
  if (!centerInput) return sample;
  return graph.node('Sub', [graph.node('Mul', [sample, graph.floats([2])]), graph.floats([1])]);
}
