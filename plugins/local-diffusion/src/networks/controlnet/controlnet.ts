import type { Component } from '../../checkpoint/component.js';
import { convolution } from '../../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../../graph/builder.js';
import { evaluate, product } from '../../graph/dimension.js';
import type { Graph } from '../../graph/graph.js';
import type { Features } from '../unet/unet-blocks.js';
import { beginUnet, unetWayDown } from '../unet/unet-body.js';
import { type ControlNetConfig, readControlNetConfig } from './controlnet-config.js';
import { embedImage } from './embed-image.js';
import { embedKinds, fuseImages, withTorchNames } from './union.js';

/**
 * Writes the graph of a `ControlNetModel` (Zhang et al. 2023, arXiv 2302.05543; diffusers
 * models/controlnets/controlnet.py) or of a `ControlNetUnionModel` (controlnet_union.py).
 *
 * Inputs: those of the UNet that it is for; `image.0` and so on, [batch, channels, 8 * height, 8 * width], 0
 * to 1; of a union `image_kinds` [batch, kinds], 1 for those that there are, and `kind_of_image` int64
 * [images]; with several images `image_scales` [images]. Outputs: `down_residual.0` and so on, one for each
 * skip connection of the UNet, and `middle_residual`, in their shapes.
 *
 * @param images that it is given at once; only a union takes several
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it
 */
export function controlNetGraph(component: Component, images = 1): Graph {
  const config = readControlNetConfig(component);
  const graph = new GraphBuilder(config.union ? withTorchNames(component) : component);
  const { scope, first } = beginUnet(
    graph,
    config.unet,
    config.union ? [embedKinds(graph, config, config.union)] : [],
  );
  const factor = 2 ** (config.embeddingChannels.length - 1);
  const edges = ['height', 'width'].map((edge) => product([factor, edge]));
  const shape = ['batch', config.imageChannels, ...edges];
  const embedded = Array.from({ length: images }, (_, index) =>
    embedImage(graph, graph.input(`image.${index}`, 'float32', shape), config),
  );
  const followed = config.union
    ? fuseImages(graph, first.value, embedded, config.union)
    : embedded.reduce((sum, each) => graph.node('Add', [sum, each]));
  const guided = { ...first, value: graph.node('Add', [first.value, followed]) };
  const { middle, skips } = unetWayDown(scope, guided);
  for (const [index, skip] of skips.entries())
    giveResidual(graph, skip, `controlnet_down_blocks.${index}`, `down_residual.${index}`, config);
  giveResidual(graph, middle, 'controlnet_mid_block', 'middle_residual', config);
  return graph.finish();
}

/**
 * The shapes of the residuals that a ControlNet's graph gives, by their names.
 *
 * @param sample the shape of the latents
 */
export function residualShapes(
  { outputs }: Graph,
  [batch = 0, , height = 0, width = 0]: readonly number[],
): ReadonlyMap<string, readonly number[]> {
  const sizes = new Map(Object.entries({ batch, height, width, timesteps: 1 }));
  return new Map(outputs.map(({ name, shape }) => [name, shape.map((each) => evaluate(each, sizes))]));
}

function giveResidual(
  graph: GraphBuilder,
  { value, channels }: Features,
  path: string,
  name: string,
  { poolsResults }: ControlNetConfig,
): void {
  const made = convolution(graph, value, path, { inputs: channels, outputs: channels, kernel: 1 });
  graph.output(name, poolsResults ? meansOf(graph, made) : made);
}

/** The mean of each channel in place of all its numbers. */
function meansOf(graph: GraphBuilder, features: Value): Value {
  const means = graph.node('ReduceMean', [features, graph.integers([2, 3])]);
  return graph.node('Expand', [means, graph.node('Shape', [features])]);
}
