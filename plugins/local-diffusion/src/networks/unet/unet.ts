import type { Component } from '../../checkpoint/component.js';
import { convolution, groupNorm, silu } from '../../graph/blocks/blocks.js';
import { GraphBuilder } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { type Features, upBlock } from './unet-blocks.js';
import { beginUnet, unetWayDown } from './unet-body.js';
import { readUnetConfig } from './unet-config.js';

export interface UnetOptions {
  /** Whether ControlNets add to what the way down and the middle make. Absent: nothing is added. */
  readonly isControlled?: boolean;
}

/**
 * Writes the graph of a `UNet2DConditionModel` (diffusers models/unets/unet_2d_condition.py): Stable
 * Diffusion 1.x, 2.x and XL, inpainting and LCM.
 *
 * Inputs, all float32: `sample` [batch, in_channels, height, width]; `timestep` [1 or batch];
 * `encoder_hidden_states` [batch, tokens, cross_attention_dim]; with text_time embeddings `text_embeds`
 * [batch, n] and `time_ids` [batch, numbers]; with time_cond_proj_dim `timestep_cond` [batch,
 * time_cond_proj_dim]; where it is controlled, `down_residual.0` and so on, one for each skip connection,
 * and `middle_residual`, in their shapes. Output: `out_sample` [batch, out_channels, height, width]. Height
 * and width are free at each run and need not halve evenly.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function unetGraph(component: Component, { isControlled = false }: UnetOptions = {}): Graph {
  const config = readUnetConfig(component);
  const { outputChannels, downLevels, upLevels, groups, epsilon } = config;
  const graph = new GraphBuilder(component);
  const { scope, first } = beginUnet(graph, config);
  const down = unetWayDown(scope, first);
  const control = (features: Features, name: string) =>
    isControlled ? addResidual(graph, features, name) : features;
  const skips = down.skips.map((skip, index) => control(skip, `down_residual.${index}`));
  let hidden = control(down.middle, 'middle_residual');
  for (const [index, level] of upLevels.entries()) {
    const upsample = index < upLevels.length - 1;
    hidden = upBlock(scope, hidden, `up_blocks.${index}`, level, { upsample, skips });
  }
  const { channels } = downLevels[0]!;
  const normal = groupNorm(graph, hidden.value, 'conv_norm_out', { channels, groups, epsilon });
  const result = convolution(graph, silu(graph, normal), 'conv_out', {
    inputs: channels,
    outputs: outputChannels,
    kernel: config.outputKernel,
  });
  graph.output('out_sample', result);
  return graph.finish();
}

/** Declares what is added to some features. */
function addResidual(graph: GraphBuilder, { value, channels }: Features, name: string): Features {
  const residual = graph.input(name, 'float32', value.shape);
  return { value: graph.node('Add', [value, residual]), channels };
}
