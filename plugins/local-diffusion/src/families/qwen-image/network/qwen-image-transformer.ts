import type { Component } from '../../../checkpoint/component.js';
import { rmsNorm, rotationBy, silu } from '../../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../../graph/builder.js';
import type { Graph } from '../../../graph/graph.js';
import type { Streams } from '../../../networks/diffusion-transformer/joint-attention.js';
import { type BlockScope, jointBlock } from '../../../networks/diffusion-transformer/joint-block.js';
import {
  blockModulation,
  modulatedNorm,
  modulationParts,
} from '../../../networks/diffusion-transformer/modulation.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';
import { embeddingLayers, sinusoids } from '../../../networks/unet/time-embedding.js';
import { readQwenImageConfig } from './qwen-image-config.js';

/** The base of the rotary embeddings' frequencies. */
const rotaryBase = 10_000;
/** What times are multiplied by before they are embedded. */
const embeddingFactor = 1000;
const sinusoidSize = 256;

/**
 * Writes the graph of a `QwenImageTransformer2DModel` (Wu et al. 2025, "Qwen-Image Technical Report", arXiv
 * 2508.02324; diffusers models/transformers/transformer_qwenimage.py).
 *
 * Inputs, all float32: `hidden_states` [batch, image tokens, in_channels]; `encoder_hidden_states` [batch,
 * text tokens, joint_attention_dim]; `timestep` [1 or batch], 0 to 1; positions `img_ids` [image tokens, 3]
 * and `txt_ids` [text tokens, 3]; with zero_cond_t `is_source` [image tokens, 1], 1 for tokens of images that
 * are changed. Output: `out_hidden_states` [batch, image tokens, 4 * out_channels].
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function qwenImageTransformerGraph(component: Component): Graph {
  const config = readQwenImageConfig(component);
  const { inputChannels, outputChannels, textWidth, width, heads, headWidth, tellsSources } = config;
  const graph = new GraphBuilder(component);
  const hidden = graph.input('hidden_states', 'float32', ['batch', 'image_tokens', inputChannels]);
  const context = graph.input('encoder_hidden_states', 'float32', ['batch', 'text_tokens', textWidth]);
  const imageIds = graph.input('img_ids', 'float32', ['image_tokens', 3]);
  const textIds = graph.input('txt_ids', 'float32', ['text_tokens', 3]);
  const times = graph.input('timestep', 'float32', ['timesteps']);

  const embedding = embedTimes(graph, times, width);
  const modulate = (path: string, parts: number, of: Value) =>
    modulationParts(graph, of, path, { width, parts });
  const modulateImage = tellsSources
    ? bySource(graph, modulate, embedding, embedTimes(graph, graph.floats([0]), width))
    : (path: string) => modulate(path, 6, embedding);
  const positions = graph.node('Concat', [textIds, imageIds], { axis: 0 });
  const scope: BlockScope = {
    ...{ graph, width, heads, headWidth, normsHeads: true },
    rotation: rotationBy(graph, positions, config.rotaryWidths, rotaryBase),
    feedForwards: { text: 'txt_mlp', image: 'img_mlp' },
  };
  const read = rmsNorm(graph, context, 'txt_norm', { width: textWidth, epsilon: 1e-6 });
  let streams: Streams = {
    text: tokenLinear(graph, read, 'txt_in', { inputs: textWidth, outputs: width }),
    image: tokenLinear(graph, hidden, 'img_in', { inputs: inputChannels, outputs: width }),
  };
  for (let index = 0; index < config.blocks; index += 1) {
    const path = `transformer_blocks.${index}`;
    streams = jointBlock(scope, streams, path, {
      text: blockModulation(modulate(`${path}.txt_mod.1`, 6, embedding)),
      image: blockModulation(modulateImage(`${path}.img_mod.1`)),
    });
  }
  const [scale, shift] = modulate('norm_out.linear', 2, embedding) as [Value, Value];
  const normal = modulatedNorm(graph, streams.image, { scale, shift }, width);
  const shape = { inputs: width, outputs: outputChannels };
  graph.output('out_hidden_states', tokenLinear(graph, normal, 'proj_out', shape));
  return graph.finish();
}

/** Times to their embedding, activated: [times, width]. */
function embedTimes(graph: GraphBuilder, times: Value, width: number): Value {
  const angles = sinusoids(graph, graph.node('Mul', [times, graph.floats([embeddingFactor])]), {
    width: sinusoidSize,
    cosineFirst: true,
    frequencyShift: 0,
  });
  const path = 'time_text_embed.timestep_embedder';
  return silu(graph, embeddingLayers(graph, angles, path, { inputs: sinusoidSize, width }));
}

/**
 * Modulations of an image stream by the time, but for the tokens of images that are changed, whose time is 0:
 * [batch, tokens, width] each.
 */
function bySource(
  graph: GraphBuilder,
  modulate: (path: string, parts: number, of: Value) => readonly Value[],
  embedding: Value,
  ofSources: Value,
) {
  const sources = graph.input('is_source', 'float32', ['image_tokens', 1]);
  const isSource = graph.node('Less', [graph.floats([0.5]), sources]);
  return (path: string): readonly Value[] => {
    const still = modulate(path, 6, ofSources);
    return modulate(path, 6, embedding).map((own, part) =>
      graph.node('Where', [isSource, still[part]!, own]),
    );
  };
}
