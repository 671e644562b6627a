import type { Component } from '../../../checkpoint/component.js';
import { appendTokens, partTokens, rotationBy, silu } from '../../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../../graph/builder.js';
import type { Graph } from '../../../graph/graph.js';
import type { AttentionScope, Streams } from '../../../networks/diffusion-transformer/joint-attention.js';
import { type BlockModulation, jointBlock } from '../../../networks/diffusion-transformer/joint-block.js';
import { modulatedNorm, modulationParts } from '../../../networks/diffusion-transformer/modulation.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';
import { embeddingLayers, sinusoids } from '../../../networks/unet/time-embedding.js';
import { singleBlock } from './flux-blocks.js';
import { type FluxConfig, readFluxConfig } from './flux-config.js';

/** The base of the rotary embeddings' frequencies. */
export const rotaryBase = 10_000;
/** What times and guidance scales are multiplied by before they are embedded. */
const embeddingFactor = 1000;
const sinusoidSize = 256;

/**
 * Writes the graph of a `FluxTransformer2DModel` (Black Forest Labs' FLUX.1; diffusers models/transformers/transformer_flux.py).
 *
 * Inputs, all float32: `hidden_states` [batch, image tokens, in_channels]; `encoder_hidden_states` [batch,
 * text tokens, joint_attention_dim]; `pooled_projections` [batch, pooled_projection_dim]; `timestep` [1 or
 * batch], 0 to 1; with guidance_embeds `guidance` [1 or batch]; positions `img_ids` [image tokens, 3] and
 * `txt_ids` [text tokens, 3]. Output: `out_hidden_states` [batch, image tokens, out_channels].
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function fluxTransformerGraph(component: Component): Graph {
  const config = readFluxConfig(component);
  const { inputChannels, outputChannels, textWidth, width, heads, headWidth } = config;
  const graph = new GraphBuilder(component);
  const hidden = graph.input('hidden_states', 'float32', ['batch', 'image_tokens', inputChannels]);
  const context = graph.input('encoder_hidden_states', 'float32', ['batch', 'text_tokens', textWidth]);
  const embedding = silu(graph, embedCondition(graph, config));
  const imageIds = graph.input('img_ids', 'float32', ['image_tokens', 3]);
  const textIds = graph.input('txt_ids', 'float32', ['text_tokens', 3]);
  const positions = graph.node('Concat', [textIds, imageIds], { axis: 0 });
  const rotation = rotationBy(graph, positions, config.rotaryWidths, rotaryBase);
  const scope: AttentionScope = { graph, width, heads, headWidth, normsHeads: true, rotation };
  const modulate = (path: string, parts: number) => modulationParts(graph, embedding, path, { width, parts });
  const blockModulation = (path: string): BlockModulation => {
    const [shift, scale, gate, secondShift, secondScale, secondGate] = modulate(path, 6) as SixValues;
    return [
      { shift, scale, gate },
      { shift: secondShift, scale: secondScale, gate: secondGate },
    ];
  };

  let streams: Streams = {
    text: tokenLinear(graph, context, 'context_embedder', { inputs: textWidth, outputs: width }),
    image: tokenLinear(graph, hidden, 'x_embedder', { inputs: inputChannels, outputs: width }),
  };
  for (let index = 0; index < config.doubleBlocks; index += 1) {
    const path = `transformer_blocks.${index}`;
    streams = jointBlock(scope, streams, path, {
      text: blockModulation(`${path}.norm1_context.linear`),
      image: blockModulation(`${path}.norm1.linear`),
    });
  }
  let tokens = appendTokens(graph, streams.text, streams.image);
  for (let index = 0; index < config.singleBlocks; index += 1) {
    const path = `single_transformer_blocks.${index}`;
    const [shift, scale, gate] = modulate(`${path}.norm.linear`, 3) as [Value, Value, Value];
    tokens = singleBlock(scope, tokens, path, { shift, scale, gate });
  }
  const [, image] = partTokens(graph, tokens, context);
  const [scale, shift] = modulate('norm_out.linear', 2) as [Value, Value];
  const normal = modulatedNorm(graph, image, { shift, scale }, width);
  graph.output(
    'out_hidden_states',
    tokenLinear(graph, normal, 'proj_out', { inputs: width, outputs: outputChannels }),
  );
  return graph.finish();
}

type SixValues = [Value, Value, Value, Value, Value, Value];

/** The embedding of time, guidance and pooled text: [batch, width]. */
function embedCondition(graph: GraphBuilder, { width, pooledWidth, readsGuidance }: FluxConfig): Value {
  const pooled = graph.input('pooled_projections', 'float32', ['batch', pooledWidth]);
  const embedNumber = (name: string, path: string) => {
    const numbers = graph.input(name, 'float32', [`${name}s`]);
    const angles = sinusoids(graph, graph.node('Mul', [numbers, graph.floats([embeddingFactor])]), {
      width: sinusoidSize,
      cosineFirst: true,
      frequencyShift: 0,
    });
    return embeddingLayers(graph, angles, `time_text_embed.${path}`, { inputs: sinusoidSize, width });
  };
  const text = embeddingLayers(graph, pooled, 'time_text_embed.text_embedder', {
    inputs: pooledWidth,
    width,
  });
  const time = graph.node('Add', [text, embedNumber('timestep', 'timestep_embedder')]);
  if (!readsGuidance) return time;
  return graph.node('Add', [time, embedNumber('guidance', 'guidance_embedder')]);
}
