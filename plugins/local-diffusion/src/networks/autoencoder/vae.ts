import type { Component } from '../../checkpoint/component.js';
import { convolution, groupNorm, silu, upsampleTwice } from '../../graph/blocks/blocks.js';
import { GraphBuilder } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { resnets, vaeEpsilon, vaeMiddle } from './vae-blocks.js';
import { readVaeConfig } from './vae-config.js';

/**
 * Writes the decoder of an `AutoencoderKL` (diffusers models/autoencoders/autoencoder_kl.py, vae.py
 * `Decoder`).
 *
 * Input: `latent_sample` float32 [batch, latent_channels, height, width], scaling and shift already undone.
 * Output: `sample` float32 [batch, out_channels, height * factor, width * factor], about -1 to 1.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function vaeDecoderGraph(component: Component): Graph {
  const config = readVaeConfig(component);
  const { latentChannels, outputChannels, groups } = config;
  const channels = config.decoderChannels.toReversed();
  const coarsest = channels[0]!;
  const finest = channels.at(-1)!;
  const graph = new GraphBuilder(component);

  let hidden = graph.input('latent_sample', 'float32', ['batch', latentChannels, 'height', 'width']);
  if (config.hasPostQuantConvolution) {
    const shape = { inputs: latentChannels, outputs: latentChannels, kernel: 1 };
    hidden = convolution(graph, hidden, 'post_quant_conv', shape);
  }
  hidden = convolution(graph, hidden, 'decoder.conv_in', {
    inputs: latentChannels,
    outputs: coarsest,
    kernel: 3,
  });
  hidden = vaeMiddle(graph, hidden, 'decoder.mid_block', { ...config, width: coarsest });
  for (const [index, outputs] of channels.entries()) {
    const path = `decoder.up_blocks.${index}`;
    const inputs = channels[index - 1] ?? coarsest;
    hidden = resnets(graph, hidden, path, { inputs, outputs, layers: config.layers + 1, groups });
    if (index < channels.length - 1) {
      const shape = { inputs: outputs, outputs, kernel: 3 };
      hidden = convolution(graph, upsampleTwice(graph, hidden), `${path}.upsamplers.0.conv`, shape);
    }
  }
  const normal = groupNorm(graph, hidden, 'decoder.conv_norm_out', {
    channels: finest,
    groups,
    epsilon: vaeEpsilon,
  });
  const picture = convolution(graph, silu(graph, normal), 'decoder.conv_out', {
    inputs: finest,
    outputs: outputChannels,
    kernel: 3,
  });
  graph.output('sample', picture);
  return graph.finish();
}

/**
 * Writes the encoder of an `AutoencoderKL` (diffusers models/autoencoders/autoencoder_kl.py, vae.py
 * `Encoder`).
 *
 * Input: `sample` float32 [batch, in_channels, height, width], -1 to 1. Output: `latent_parameters` float32
 * [batch, 2 * latent_channels, height / factor, width / factor]: the means, then the logarithms of the
 * variances (not yet clamped to -30..20). A size that does not halve evenly is rounded down.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function vaeEncoderGraph(component: Component): Graph {
  const config = readVaeConfig(component);
  const { inputChannels, channels, layers, groups } = config;
  const finest = channels[0]!;
  const coarsest = channels.at(-1)!;
  const moments = 2 * config.latentChannels;
  const graph = new GraphBuilder(component);

  const picture = graph.input('sample', 'float32', ['batch', inputChannels, 'image_height', 'image_width']);
  let hidden = convolution(graph, picture, 'encoder.conv_in', {
    inputs: inputChannels,
    outputs: finest,
    kernel: 3,
  });
  for (const [index, outputs] of channels.entries()) {
    const path = `encoder.down_blocks.${index}`;
    hidden = resnets(graph, hidden, path, { inputs: channels[index - 1] ?? finest, outputs, layers, groups });
    if (index < channels.length - 1) {
      hidden = convolution(graph, hidden, `${path}.downsamplers.0.conv`, {
        inputs: outputs,
        outputs,
        kernel: 3,
        stride: 2,
        padding: [0, 0, 1, 1],
      });
    }
  }
  hidden = vaeMiddle(graph, hidden, 'encoder.mid_block', { ...config, width: coarsest });
  const normal = groupNorm(graph, hidden, 'encoder.conv_norm_out', {
    channels: coarsest,
    groups,
    epsilon: vaeEpsilon,
  });
  hidden = convolution(graph, silu(graph, normal), 'encoder.conv_out', {
    inputs: coarsest,
    outputs: moments,
    kernel: 3,
  });
  if (config.hasQuantConvolution) {
    hidden = convolution(graph, hidden, 'quant_conv', { inputs: moments, outputs: moments, kernel: 1 });
  }
  graph.output('latent_parameters', hidden);
  return graph.finish();
}
