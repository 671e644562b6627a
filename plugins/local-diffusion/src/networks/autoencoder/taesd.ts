import { z } from 'zod';
import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { convolution, relu, upsampleTwice } from '../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { count, only, parseConfig } from '../config.js';

/** Keys and defaults of `AutoencoderTiny.__init__`. */
const schema = z.looseObject({
  in_channels: count.default(3),
  out_channels: count.default(3),
  encoder_block_out_channels: z.array(count).min(1).default([64, 64, 64, 64]),
  decoder_block_out_channels: z.array(count).min(1).default([64, 64, 64, 64]),
  num_encoder_blocks: z.array(count).min(1).default([1, 3, 3, 3]),
  num_decoder_blocks: z.array(count).min(1).default([3, 3, 3, 1]),
  act_fn: only('relu'),
  upsample_fn: only('nearest'),
  latent_channels: count.default(4),
  upsampling_scaling_factor: only(2),
});

/** The decoder first squeezes latents into -3..3 (`DecoderTiny.forward`). */
const latentRange = 3;

/** What a model has to agree with. */
export function readTinyConfig(component: Component): {
  readonly latentChannels: number;
  readonly factor: number;
} {
  const { latent_channels, num_decoder_blocks } = parseConfig(component, schema);
  return { latentChannels: latent_channels, factor: 2 ** (num_decoder_blocks.length - 1) };
}

/**
 * Writes the decoder of an `AutoencoderTiny`, TAESD (diffusers models/autoencoders/autoencoder_tiny.py,
 * vae.py `DecoderTiny`).
 *
 * Input: `latent_sample` float32 [batch, latent_channels, height, width], as the UNet gives them (not
 * unscaled). Output: `sample` float32 [batch, out_channels, height * factor, width * factor], about -1 to 1.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function tinyDecoderGraph(component: Component): Graph {
  const config = parseConfig(component, schema);
  const channels = evenChannels(component, 'decoder', config);
  const { latent_channels: latentChannels, out_channels: outputs, num_decoder_blocks: blocks } = config;
  const graph = new GraphBuilder(component);
  const path = layerPaths('decoder');

  const latents = graph.input('latent_sample', 'float32', ['batch', latentChannels, 'height', 'width']);
  const range = graph.floats([latentRange]);
  const squeezed = graph.node('Mul', [graph.node('Tanh', [graph.node('Div', [latents, range])]), range]);
  const first = { inputs: latentChannels, outputs: channels, kernel: 3 };
  let hidden = relu(graph, convolution(graph, squeezed, path(), first));
  path(); // the activation takes a number of its own, and so does each upsampling
  for (const [level, layers] of blocks.entries()) {
    hidden = tinyBlocks(graph, hidden, path, { channels, layers });
    const isLast = level === blocks.length - 1;
    if (!isLast) {
      path();
      hidden = upsampleTwice(graph, hidden);
    }
    const shape = { inputs: channels, outputs: isLast ? outputs : channels, kernel: 3, bias: isLast };
    hidden = convolution(graph, hidden, path(), shape);
  }
  const picture = graph.node('Sub', [graph.node('Mul', [hidden, graph.floats([2])]), graph.floats([1])]);
  graph.output('sample', picture);
  return graph.finish();
}

/**
 * Writes the encoder of an `AutoencoderTiny` (diffusers models/autoencoders/vae.py `EncoderTiny`).
 *
 * Input: `sample` float32 [batch, in_channels, height, width], -1 to 1. Output: `latent_sample` float32
 * [batch, latent_channels, height / factor, width / factor], as the UNet takes them.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function tinyEncoderGraph(component: Component): Graph {
  const config = parseConfig(component, schema);
  const channels = evenChannels(component, 'encoder', config);
  const { latent_channels: latentChannels, in_channels: inputs } = config;
  const graph = new GraphBuilder(component);
  const path = layerPaths('encoder');

  const picture = graph.input('sample', 'float32', ['batch', inputs, 'image_height', 'image_width']);
  const shifted = graph.node('Add', [picture, graph.floats([1])]);
  let hidden = graph.node('Div', [shifted, graph.floats([2])]);
  for (const [level, layers] of config.num_encoder_blocks.entries()) {
    const shape =
      level === 0
        ? { inputs, outputs: channels, kernel: 3 }
        : { inputs: channels, outputs: channels, kernel: 3, stride: 2, bias: false };
    hidden = convolution(graph, hidden, path(), shape);
    hidden = tinyBlocks(graph, hidden, path, { channels, layers });
  }
  const latents = convolution(graph, hidden, path(), {
    inputs: channels,
    outputs: latentChannels,
    kernel: 3,
  });
  graph.output('latent_sample', latents);
  return graph.finish();
}

/** Source: diffusers `AutoencoderTinyBlock` (models/unets/unet_2d_blocks.py), as many channels out as in. */
function tinyBlocks(
  graph: GraphBuilder,
  x: Value,
  path: () => string,
  { channels, layers }: { channels: number; layers: number },
): Value {
  const shape = { inputs: channels, outputs: channels, kernel: 3 };
  let sum = x;
  for (let layer = 0; layer < layers; layer += 1) {
    const name = path();
    let hidden = relu(graph, convolution(graph, sum, `${name}.conv.0`, shape));
    hidden = relu(graph, convolution(graph, hidden, `${name}.conv.2`, shape));
    hidden = convolution(graph, hidden, `${name}.conv.4`, shape);
    sum = relu(graph, graph.node('Add', [hidden, sum]));
  }
  return sum;
}

/** Names the layers of a `torch.nn.Sequential` one after the other. */
function layerPaths(half: string): () => string {
  let index = 0;
  return () => `${half}.layers.${index++}`;
}

/** The one number of channels that all levels have: diffusers itself can build no other. */
function evenChannels(
  component: Component,
  half: 'encoder' | 'decoder',
  config: z.output<typeof schema>,
): number {
  const channels = config[`${half}_block_out_channels`];
  const blocks = config[`num_${half}_blocks`];
  if (channels.length !== blocks.length || new Set(channels).size !== 1) {
    throw invalidFiles(
      `${component.configFile}: "${half}_block_out_channels" is [${channels}] with ${blocks.length} levels: one width for all levels is needed.`,
    );
  }
  return channels[0]!;
}
