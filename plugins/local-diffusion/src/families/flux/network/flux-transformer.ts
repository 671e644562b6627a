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
import { type AfterBlock, type FluxModulations, fluxInputs, writeFluxBody } from './flux-body.js';
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
 * @param residuals what a ControlNet adds. Absent: nothing
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function fluxTransformerGraph(component: Component, residuals?: FluxResiduals): Graph {
  const config = readFluxConfig(component);
  const graph = new GraphBuilder(component);
  const inputs = fluxInputs(graph, config);
  const modulations = fluxModulations(graph, config);
  const after = residuals && addResiduals(graph, config, residuals);
  writeFluxBody(graph, config, inputs, modulations, { after });
  return graph.finish();
}

/** How many residuals a ControlNet has for the blocks of each kind. */
export interface FluxResiduals {
  readonly double: number;
  readonly single: number;
}

/**
 * Declares `double_residual.0` and so on, [batch, image tokens, width] each, and adds them behind the blocks:
 * as many blocks in a row share one as it takes to reach the last (diffusers' `FluxTransformer2DModel`).
 */
function addResiduals(graph: GraphBuilder, config: FluxConfig, residuals: FluxResiduals): AfterBlock {
  const shape = ['batch', 'image_tokens', config.width];
  const declare = (kind: keyof FluxResiduals) =>
    Array.from({ length: residuals[kind] }, (_, index) =>
      graph.input(`${kind}_residual.${index}`, 'float32', shape),
    );
  const inputs = { double: declare('double'), single: declare('single') };
  const blocks = { double: config.doubleBlocks, single: config.singleBlocks };
  return (kind, index, image) => {
    const residual = inputs[kind][Math.floor(index / Math.ceil(blocks[kind] / inputs[kind].length))];
    return residual ? graph.node('Add', [image, residual]) : image;
  };
}

/** How time, guidance and pooled text modulate the blocks; declares them as inputs. */
export function fluxModulations(graph: GraphBuilder, config: FluxConfig): FluxModulations {
  const { width } = config;
  const embedding = silu(graph, embedCondition(graph, config));
  const modulate = (path: string, parts: number) => modulationParts(graph, embedding, path, { width, parts });
  const ofBlock = (path: string) => (block: number) =>
    blockModulation(modulate(`transformer_blocks.${block}.${path}.linear`, 6));
  return {
    image: ofBlock('norm1'),
    text: ofBlock('norm1_context'),
    single: (block) => modulationOf(modulate(`single_transformer_blocks.${block}.norm.linear`, 3)),
    last() {
      const [scale, shift] = modulate('norm_out.linear', 2) as [Value, Value];
      return { scale, shift };
    },
  };
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
