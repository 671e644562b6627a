import type { Component } from '../../checkpoint/component.js';
import { convolution, silu, upsampleTwice } from '../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { channelNorm, frameConvolution, wanMiddle, wanResidual } from './wan-vae-blocks.js';
import { readWanVaeConfig } from './wan-vae-config.js';

/**
 * Writes the decoder of an `AutoencoderKLQwenImage` (that of Wan 2.1, Wan Team 2025, arXiv 2503.20314;
 * diffusers models/autoencoders/autoencoder_kl_qwenimage.py) for films of one frame.
 *
 * Input: `latent_sample` float32 [batch, z_dim, height, width], means and deviations already undone. Output:
 * `sample` float32 [batch, 3, height * factor, width * factor], -1 to 1.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function wanDecoderGraph(component: Component): Graph {
  const { latentChannels, channels: levels, layers } = readWanVaeConfig(component);
  const channels = levels.toReversed();
  const [coarsest, finest] = [channels[0]!, channels.at(-1)!];
  const graph = new GraphBuilder(component);
  const latents = graph.input('latent_sample', 'float32', ['batch', latentChannels, 'height', 'width']);
  const same = { inputs: latentChannels, outputs: latentChannels };
  let hidden = convolution(graph, latents, 'post_quant_conv', { ...same, kernel: 1 });
  hidden = frameConvolution(graph, hidden, 'decoder.conv_in', { inputs: latentChannels, outputs: coarsest });
  hidden = wanMiddle(graph, hidden, 'decoder.mid_block', coarsest);
  for (const [level, outputs] of channels.entries()) {
    const path = `decoder.up_blocks.${level}`;
    // What enlarges the level before has halved its channels.
    const before = level === 0 ? coarsest : channels[level - 1]! / 2;
    for (let layer = 0; layer <= layers; layer += 1) {
      const shape = { inputs: layer === 0 ? before : outputs, outputs };
      hidden = wanResidual(graph, hidden, `${path}.resnets.${layer}`, shape);
    }
    if (level < channels.length - 1) {
      const shape = { inputs: outputs, outputs: outputs / 2, kernel: 3 };
      hidden = convolution(graph, upsampleTwice(graph, hidden), `${path}.upsamplers.0.resample.1`, shape);
    }
  }
  const normal = silu(graph, channelNorm(graph, hidden, 'decoder.norm_out', finest));
  const image = frameConvolution(graph, normal, 'decoder.conv_out', { inputs: finest, outputs: 3 });
  const bounded = graph.node('Max', [graph.node('Min', [image, graph.floats([1])]), graph.floats([-1])]);
  graph.output('sample', bounded);
  return graph.finish();
}

/**
 * Writes the encoder of an `AutoencoderKLQwenImage` for films of one frame.
 *
 * Input: `sample` float32 [batch, 3, height, width], -1 to 1. Output: `latent_parameters` float32 [batch, 2 *
 * z_dim, height / factor, width / factor]: the means, then the logarithms of the variances (not yet clamped
 * to -30..20).
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function wanEncoderGraph(component: Component): Graph {
  const { latentChannels, channels, layers } = readWanVaeConfig(component);
  const [finest, coarsest] = [channels[0]!, channels.at(-1)!];
  const graph = new GraphBuilder(component);
  const image = graph.input('sample', 'float32', ['batch', 3, 'image_height', 'image_width']);
  let hidden: Value = frameConvolution(graph, image, 'encoder.conv_in', { inputs: 3, outputs: finest });
  // The blocks of all levels are numbered as one row.
  let block = 0;
  for (const [level, outputs] of channels.entries()) {
    for (let layer = 0; layer < layers; layer += 1, block += 1) {
      const shape = { inputs: layer === 0 ? (channels[level - 1] ?? finest) : outputs, outputs };
      hidden = wanResidual(graph, hidden, `encoder.down_blocks.${block}`, shape);
    }
    if (level < channels.length - 1) {
      const path = `encoder.down_blocks.${block}.resample.1`;
      const shape = { inputs: outputs, outputs, kernel: 3, stride: 2, padding: [0, 0, 1, 1] } as const;
      hidden = convolution(graph, hidden, path, shape);
      block += 1;
    }
  }
  hidden = wanMiddle(graph, hidden, 'encoder.mid_block', coarsest);
  const normal = silu(graph, channelNorm(graph, hidden, 'encoder.norm_out', coarsest));
  const moments = 2 * latentChannels;
  hidden = frameConvolution(graph, normal, 'encoder.conv_out', { inputs: coarsest, outputs: moments });
  const shape = { inputs: moments, outputs: moments, kernel: 1 };
  graph.output('latent_parameters', convolution(graph, hidden, 'quant_conv', shape));
  return graph.finish();
}
