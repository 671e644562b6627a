import type { Component } from '../../../checkpoint/component.js';
import {
  appendTokens,
  linear,
  partTokens,
  plainLayerNorm,
  type Rotation,
  rmsNorm,
  rotationBy,
  silu,
} from '../../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../../graph/builder.js';
import type { Graph } from '../../../graph/graph.js';
import { modulationParts } from '../../../networks/diffusion-transformer/modulation.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';
import { sinusoids } from '../../../networks/unet/time-embedding.js';
import { modulationInputs, zImageBlock } from './z-image-block.js';
import { readZImageConfig, type ZImageConfig } from './z-image-config.js';

/** Latents of a token: two by two. */
export const latentsPerToken = 4;
const sinusoidSize = 256;
const innerTimeWidth = 1024;

/**
 * Writes the graph of a `ZImageTransformer2DModel` (Z-Image Team 2025, arXiv 2511.22699; diffusers
 * models/transformers/transformer_z_image.py), for images and texts of one size.
 *
 * Inputs, all float32: `hidden_states` [batch, image tokens, 4 * in_channels] and `encoder_hidden_states`
 * [batch, text tokens, cap_feat_dim], each filled up; `image_padding` [image tokens, 1] and `text_padding`
 * [text tokens, 1], 1 for tokens that fill up and learned ones stand for; positions `image_ids` [image
 * tokens, 3] and `text_ids` [text tokens, 3]; `timestep` [1 or batch], from 0 at the start to 1. Output:
 * `out_hidden_states` [batch, image tokens, 4 * in_channels].
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function zImageTransformerGraph(component: Component): Graph {
  const config = readZImageConfig(component);
  const { width, channels, textWidth, epsilon, rotaryWidths, rotaryBase } = config;
  const graph = new GraphBuilder(component);
  const embedding = embedTime(graph, config);
  const placesOf = (name: string, tokens: string): Rotation =>
    rotationBy(graph, graph.input(name, 'float32', [tokens, 3]), rotaryWidths, rotaryBase);

  const latents = graph.input('hidden_states', 'float32', [
    'batch',
    'image_tokens',
    latentsPerToken * channels,
  ]);
  let image = tokenLinear(graph, latents, 'all_x_embedder.2-1', {
    inputs: latentsPerToken * channels,
    outputs: width,
  });
  image = fillUp(
    graph,
    image,
    'x_pad_token',
    graph.input('image_padding', 'float32', ['image_tokens', 1]),
    width,
  );
  const imagePlaces = placesOf('image_ids', 'image_tokens');
  for (let index = 0; index < config.refiners; index += 1) {
    image = zImageBlock(graph, image, `noise_refiner.${index}`, config, { rotation: imagePlaces, embedding });
  }

  const read = graph.input('encoder_hidden_states', 'float32', ['batch', 'text_tokens', textWidth]);
  const normal = rmsNorm(graph, read, 'cap_embedder.0', { width: textWidth, epsilon });
  let text = tokenLinear(graph, normal, 'cap_embedder.1', { inputs: textWidth, outputs: width });
  text = fillUp(
    graph,
    text,
    'cap_pad_token',
    graph.input('text_padding', 'float32', ['text_tokens', 1]),
    width,
  );
  const textPlaces = placesOf('text_ids', 'text_tokens');
  for (let index = 0; index < config.refiners; index += 1) {
    text = zImageBlock(graph, text, `context_refiner.${index}`, config, { rotation: textPlaces });
  }

  const rotation = {
    cosines: graph.node('Concat', [imagePlaces.cosines, textPlaces.cosines], { axis: 0 }),
    sines: graph.node('Concat', [imagePlaces.sines, textPlaces.sines], { axis: 0 }),
  };
  let tokens = appendTokens(graph, image, text);
  for (let index = 0; index < config.blocks; index += 1) {
    tokens = zImageBlock(graph, tokens, `layers.${index}`, config, { rotation, embedding });
  }
  const [made] = partTokens(graph, tokens, image);
  graph.output('out_hidden_states', lastLayer(graph, made, embedding, config));
  return graph.finish();
}

/** Learned tokens in place of those that fill up. */
function fillUp(graph: GraphBuilder, tokens: Value, name: string, padding: Value, width: number): Value {
  const own = graph.node('Mul', [tokens, graph.node('Sub', [graph.floats([1]), padding])]);
  return graph.node('Add', [own, graph.node('Mul', [padding, graph.mount(name, [1, width])])]);
}

/** Two layers behind sinusoids: [1 or batch, modulationInputs]. */
function embedTime(graph: GraphBuilder, config: ZImageConfig): Value {
  const times = graph.input('timestep', 'float32', ['timesteps']);
  const angles = sinusoids(graph, graph.node('Mul', [times, graph.floats([config.timeFactor])]), {
    width: sinusoidSize,
    cosineFirst: true,
    frequencyShift: 0,
  });
  const hidden = linear(graph, angles, 't_embedder.mlp.0', { inputs: sinusoidSize, outputs: innerTimeWidth });
  return linear(graph, silu(graph, hidden), 't_embedder.mlp.2', {
    inputs: innerTimeWidth,
    outputs: modulationInputs(config),
  });
}

/** A norm that is scaled by the time, and the layer to latents. diffusers: `FinalLayer`. */
function lastLayer(graph: GraphBuilder, tokens: Value, embedding: Value, config: ZImageConfig): Value {
  const { width, channels } = config;
  const path = 'all_final_layer.2-1';
  const [scale] = modulationParts(graph, silu(graph, embedding), `${path}.adaLN_modulation.1`, {
    width,
    parts: 1,
    inputs: modulationInputs(config),
  });
  const normal = plainLayerNorm(graph, tokens, { width, epsilon: 1e-6 });
  const scaled = graph.node('Mul', [normal, graph.node('Add', [scale!, graph.floats([1])])]);
  return tokenLinear(graph, scaled, `${path}.linear`, { inputs: width, outputs: latentsPerToken * channels });
}
