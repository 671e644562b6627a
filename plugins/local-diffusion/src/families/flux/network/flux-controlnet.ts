import { z } from 'zod';
import type { Component } from '../../../checkpoint/component.js';
import { GraphBuilder, type Value } from '../../../graph/builder.js';
import type { Graph } from '../../../graph/graph.js';
import { count, only, parseConfig } from '../../../networks/config.js';
import { tokenLinear } from '../../../networks/diffusion-transformer/token-layers.js';
import { embedFlux, fluxBlocks, fluxInputs } from './flux-body.js';
import { type FluxConfig, fluxConfigOf, fluxSchema } from './flux-config.js';
import { fluxModulations } from './flux-transformer.js';

export interface FluxControlNetConfig extends FluxConfig {
  /** Kinds of images that a union tells apart. Absent: it is for one kind. */
  readonly modes?: number | undefined;
}

const blocks = z.int().min(0);
const controlNetSchema = fluxSchema.extend({
  num_layers: blocks.default(19),
  num_single_layers: blocks.default(38),
  num_mode: count.nullish(),
  conditioning_embedding_channels: only(null).optional(),
});

/**
 * Reads the config of a `FluxControlNetModel` (diffusers models/controlnets/controlnet_flux.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readFluxControlNetConfig(component: Component): FluxControlNetConfig {
  const json = parseConfig(component, controlNetSchema);
  return { ...fluxConfigOf(component, json), modes: json.num_mode ?? undefined };
}

/**
 * Writes the graph of a `FluxControlNetModel`, as InstantX and Shakker Labs train them.
 *
 * Inputs: those of the transformer; `controlnet_cond` [batch, image tokens, in_channels], packed latents of
 * the image to follow; of a union `controlnet_mode` [batch, 1], int64. Outputs: a `double_residual.<block>`
 * and a `single_residual.<block>`, [batch, image tokens, width] each.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function fluxControlNetGraph(component: Component): Graph {
  const config = readFluxControlNetConfig(component);
  const { width, inputChannels } = config;
  const graph = new GraphBuilder(component);
  const inputs = fluxInputs(graph, config);
  const followed = graph.input('controlnet_cond', 'float32', ['batch', 'image_tokens', inputChannels]);
  const modulations = fluxModulations(graph, config);
  const { text, image } = embedFlux(graph, config, inputs);
  const shape = { inputs: inputChannels, outputs: width };
  const guided = graph.node('Add', [image, tokenLinear(graph, followed, 'controlnet_x_embedder', shape)]);
  const told = config.modes === undefined ? text : withMode(graph, text, width, config.modes);
  const positions = config.modes === undefined ? inputs.positions : withFirstPlace(graph, inputs.positions);
  fluxBlocks(graph, config, { text: told, image: guided, positions }, modulations, {
    after(kind, index, tokens) {
      const path = kind === 'double' ? `controlnet_blocks.${index}` : `controlnet_single_blocks.${index}`;
      const residual = tokenLinear(graph, tokens, path, { inputs: width, outputs: width });
      graph.output(`${kind}_residual.${index}`, residual);
      return tokens;
    },
  });
  return graph.finish();
}

/** The kind of image, as a token before the text. */
function withMode(graph: GraphBuilder, text: Value, width: number, modes: number): Value {
  const mode = graph.input('controlnet_mode', 'int64', ['batch', 1]);
  const table = graph.mount('controlnet_mode_embedder.weight', [modes, width]);
  return graph.node('Concat', [graph.node('Gather', [table, mode]), text], { axis: 1 });
}

/** That token has the place of the first one of the text. */
function withFirstPlace(graph: GraphBuilder, positions: Value): Value {
  const [first, end, axis] = [graph.integers([0]), graph.integers([1]), graph.integers([0])];
  return graph.node('Concat', [graph.node('Slice', [positions, first, end, axis]), positions], { axis: 0 });
}
