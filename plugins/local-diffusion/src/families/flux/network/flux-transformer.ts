import type { Component } from '../../../checkpoint/component.js';
import { silu } from '../../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../../graph/builder.js';
import type { Graph } from '../../../graph/graph.js';
import {
  blockModulation,
  modulationOf,
  modulationParts,
} from '../../../networks/diffusion-transformer/modulation.js';
import { embeddingLayers, sinusoids } from '../../../networks/unet/time-embedding.js';
import { fluxInputs, writeFluxBody } from './flux-body.js';
import { type FluxConfig, readFluxConfig } from './flux-config.js';

/** What times and guidance scales are multiplied by before they are embedded. */
const embeddingFactor = 1000;
const sinusoidSize = 256;

/**
 * Writes the graph of a `FluxTransformer2DModel` (Black Forest Labs' FLUX.1; diffusers
 * models/transformers/transformer_flux.py).
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
  const { width } = config;
  const graph = new GraphBuilder(component);
  const inputs = fluxInputs(graph, config);
  const embedding = silu(graph, embedCondition(graph, config));
  const modulate = (path: string, parts: number) => modulationParts(graph, embedding, path, { width, parts });
  const ofBlock = (path: string) => (block: number) =>
    blockModulation(modulate(`transformer_blocks.${block}.${path}.linear`, 6));
  writeFluxBody(graph, config, inputs, {
    image: ofBlock('norm1'),
    text: ofBlock('norm1_context'),
    single: (block) => modulationOf(modulate(`single_transformer_blocks.${block}.norm.linear`, 3)),
    last() {
      const [scale, shift] = modulate('norm_out.linear', 2) as [Value, Value];
      return { scale, shift };
    },
  });
  return graph.finish();
}

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
