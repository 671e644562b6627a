import { convolution, joinTokens, linear, silu } from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';
import { embeddingLayers, sinusoids } from './time-embedding.js';
import { downBlock, type Features, middleBlock, type UnetScope } from './unet-blocks.js';
import type { UnetConfig } from './unet-config.js';

/** A UNet up to its blocks. */
export interface UnetBeginning {
  readonly scope: UnetScope;
  /** What the first convolution makes of the latents. */
  readonly first: Features;
}

/**
 * Declares the inputs of a UNet and writes what comes before its blocks.
 *
 * @param further embeddings, [1 or batch, timeWidth], that are added to that of the timestep
 */
export function beginUnet(
  graph: GraphBuilder,
  config: UnetConfig,
  further: readonly Value[] = [],
): UnetBeginning {
  const { inputChannels, contextWidth, downLevels, timeWidth } = config;
  const channels = downLevels[0]!.channels;
  const sample = graph.input('sample', 'float32', ['batch', inputChannels, 'height', 'width']);
  const timestep = graph.input('timestep', 'float32', ['timesteps']);
  const context = graph.input('encoder_hidden_states', 'float32', ['batch', 'tokens', contextWidth]);
  const embedding = [embedTime(graph, timestep, config), ...further].reduce((sum, each) =>
    graph.node('Add', [sum, each]),
  );
  const value = convolution(graph, centered(graph, sample, config), 'conv_in', {
    inputs: inputChannels,
    outputs: channels,
    kernel: config.inputKernel,
  });
  const contextTokens = joinTokens(graph, context, contextWidth);
  return {
    scope: { graph, config, time: { value: silu(graph, embedding), width: timeWidth }, contextTokens },
    first: { value, channels },
  };
}

/** The way down and the middle of a UNet. */
export function unetWayDown(
  scope: UnetScope,
  first: Features,
): { readonly middle: Features; readonly skips: Features[] } {
  const { downLevels } = scope.config;
  let hidden = first;
  const skips = [hidden];
  for (const [index, level] of downLevels.entries()) {
    const downsample = index < downLevels.length - 1;
    hidden = downBlock(scope, hidden, `down_blocks.${index}`, level, { downsample, skips });
  }
  return { middle: middleBlock(scope, hidden), skips };
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
