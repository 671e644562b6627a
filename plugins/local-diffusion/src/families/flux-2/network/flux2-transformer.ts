import type { Component } from '../../../checkpoint/component.js';
import { appendTokens, partTokens, rotationBy, silu } from '../../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../../graph/builder.js';
import type { Graph } from '../../../graph/graph.js';
import type { Streams } from '../../../networks/diffusion-transformer/joint-attention.js';
import {
  blockModulation,
  modulatedNorm,
  modulationOf,
  modulationParts,
} from '../../../networks/diffusion-transformer/modulation.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';
import { embeddingLayers, sinusoids } from '../../../networks/unet/time-embedding.js';
import { type Flux2Scope, flux2DoubleBlock, flux2SingleBlock } from './flux2-blocks.js';
import { type Flux2Config, readFlux2Config } from './flux2-config.js';

/** What times and guidance scales are multiplied by before they are embedded. */
const embeddingFactor = 1000;

/**
 * Writes the graph of a `Flux2Transformer2DModel` (Black Forest Labs' FLUX.2; diffusers
 * models/transformers/transformer_flux2.py).
 *
 * Inputs, all float32: `hidden_states` [batch, image tokens, in_channels]; `encoder_hidden_states` [batch,
 * text tokens, joint_attention_dim]; `timestep` [1 or batch], 0 to 1; with guidance_embeds `guidance` [1 or
 * batch]; positions `img_ids` [image tokens, 4] and `txt_ids` [text tokens, 4]. Output: `out_hidden_states`
 * [batch, image tokens, out_channels].
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function flux2TransformerGraph(component: Component): Graph {
  const config = readFlux2Config(component);
  const { inputChannels, outputChannels, textWidth, width, heads, headWidth, innerWidth } = config;
  const graph = new GraphBuilder(component);
  const hidden = graph.input('hidden_states', 'float32', ['batch', 'image_tokens', inputChannels]);
  const context = graph.input('encoder_hidden_states', 'float32', ['batch', 'text_tokens', textWidth]);
  const imageIds = graph.input('img_ids', 'float32', ['image_tokens', 4]);
  const textIds = graph.input('txt_ids', 'float32', ['text_tokens', 4]);
  const embedding = silu(graph, embedCondition(graph, config));
  const modulate = (path: string, parts: number) =>
    modulationParts(graph, embedding, `${path}.linear`, { width, parts, bias: false });
  // One for all blocks of a kind.
  const double = {
    text: blockModulation(modulate('double_stream_modulation_txt', 6)),
    image: blockModulation(modulate('double_stream_modulation_img', 6)),
  };
  const single = modulationOf(modulate('single_stream_modulation', 3));
  const positions = graph.node('Concat', [textIds, imageIds], { axis: 0 });
  const rotation = rotationBy(graph, positions, config.rotaryWidths, config.rotaryBase);
  const scope: Flux2Scope = {
    ...{ graph, width, heads, headWidth, innerWidth, rotation },
    normsHeads: true,
    hasBiases: false,
  };
  const embed = (x: Value, path: string, inputs: number) =>
    tokenLinear(graph, x, path, { inputs, outputs: width, bias: false });
  let streams: Streams = {
    text: embed(context, 'context_embedder', textWidth),
    image: embed(hidden, 'x_embedder', inputChannels),
  };
  for (let index = 0; index < config.doubleBlocks; index += 1)
    streams = flux2DoubleBlock(scope, streams, `transformer_blocks.${index}`, double);
  let tokens = appendTokens(graph, streams.text, streams.image);
  for (let index = 0; index < config.singleBlocks; index += 1)
    tokens = flux2SingleBlock(scope, tokens, `single_transformer_blocks.${index}`, single);
  const [, image] = partTokens(graph, tokens, context);
  const [scale, shift] = modulate('norm_out', 2) as [Value, Value];
  const normal = modulatedNorm(graph, image, { scale, shift }, width);
  const shape = { inputs: width, outputs: outputChannels, bias: false };
  graph.output('out_hidden_states', tokenLinear(graph, normal, 'proj_out', shape));
  return graph.finish();
}

/** The embedding of time and guidance: [batch, width]. */
function embedCondition(graph: GraphBuilder, { width, timeWidth, readsGuidance }: Flux2Config): Value {
  const embedNumber = (name: string, path: string) => {
    const numbers = graph.input(name, 'float32', [`${name}s`]);
    const angles = sinusoids(graph, graph.node('Mul', [numbers, graph.floats([embeddingFactor])]), {
      width: timeWidth,
      cosineFirst: true,
      frequencyShift: 0,
    });
    const shape = { inputs: timeWidth, width, bias: false };
    return embeddingLayers(graph, angles, `time_guidance_embed.${path}`, shape);
  };
  const time = embedNumber('timestep', 'timestep_embedder');
  if (!readsGuidance) return time;
  return graph.node('Add', [time, embedNumber('guidance', 'guidance_embedder')]);
}
