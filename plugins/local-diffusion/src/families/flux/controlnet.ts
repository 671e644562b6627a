import { DerivedShapes } from '../../checkpoint/derived-shapes.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import type { ComponentKind, ComponentSource } from '../component-kind.js';
import type { FamilyControlNets } from '../family.js';
import { kontextClass } from './image-reading.js';
import {
  type FluxControlNetConfig,
  fluxControlNetGraph,
  readFluxControlNetConfig,
} from './network/flux-controlnet.js';
import { deriveBodyConfig } from './single-file.js';
import type { FluxTransformer } from './transformer.js';

/** A ControlNet for FLUX by what its config says. */
export interface FluxControlNet extends FluxControlNetConfig {
  /** For messages: the name of its file or folder. */
  readonly title: string;
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(): StoredNetwork;
}

/** diffusers' `FluxControlNetModel`. */
export const fluxControlNetKind: ComponentKind<FluxControlNet> = {
  mount: (component, { networks }) => ({
    ...readFluxControlNetConfig(component),
    title: component.name,
    mount: () => networks.add(fluxControlNetGraph(component)),
  }),
};

const mark = 'controlnet_x_embedder.weight';

/** ControlNets for FLUX in diffusers' names, as InstantX and Shakker Labs publish them. */
export const fluxControlNets: FamilyControlNets = {
  kind: fluxControlNetKind,
  fileOf(tensors) {
    const has = (part: string) => [...tensors.keys()].some((name) => name.includes(part));
    if (!tensors.has(mark)) {
      if (has('double_blocks.') && has('input_hint_block.')) return 'a ControlNet of XLabs';
      return has('controlnet_cond_embedding.') || has('input_hint_block.')
        ? 'a ControlNet for Stable Diffusion'
        : undefined;
    }
    return {
      tensors,
      configOf(what) {
        const shapes = new DerivedShapes(tensors, what);
        return {
          ...deriveBodyConfig(tensors, what),
          _class_name: 'FluxControlNetModel',
          out_channels: null,
          pooled_projection_dim: shapes.size('time_text_embed.text_embedder.linear_1.weight', 1),
          guidance_embeds: shapes.has('time_text_embed.guidance_embedder.linear_1.weight'),
          num_mode: shapes.has('controlnet_mode_embedder.weight')
            ? shapes.size('controlnet_mode_embedder.weight', 0)
            : null,
        };
      },
    };
  },
};

/**
 * The ControlNets of a model.
 *
 * @throws ERR_MODEL_FILES_INVALID for one of another model
 */
export async function openFluxControlNets(
  source: ComponentSource,
  { width, inputChannels, outputChannels, textWidth, pooledWidth }: FluxTransformer,
): Promise<FluxControlNet[]> {
  const opened: FluxControlNet[] = [];
  for (const name of source.controlNets ?? []) {
    const net = await source.open(name, fluxControlNetKind);
    const sizes = (each: Pick<FluxControlNet, 'width' | 'textWidth' | 'pooledWidth'>) =>
      `${each.width} wide, and reads text ${each.textWidth} and ${each.pooledWidth} wide`;
    const [own, wanted] = [sizes(net), sizes({ width, textWidth, pooledWidth })];
    const misfit =
      inputChannels !== outputChannels || source.index._class_name === kontextClass
        ? 'the model reads an image beside its own latents'
        : net.inputChannels !== inputChannels
          ? `it takes ${net.inputChannels} channels, and the model ${inputChannels}`
          : own !== wanted && `it is ${own}, and the model ${wanted}`;
    if (misfit)
      throw invalidFiles(
        `The ControlNet ${net.title} is for another model: ${misfit}.`,
        'Use one that was made for this model.',
      );
    const [first = net] = opened;
    const layers = (each: FluxControlNet) => `${each.doubleBlocks} and ${each.singleBlocks}`;
    if (layers(first) !== layers(net))
      throw invalidFiles(
        `The ControlNets ${first.title} and ${net.title} have ${layers(first)} layers, and ${layers(net)}.`,
        'Use one of them, or two that have as many layers.',
      );
    opened.push(net);
  }
  return opened;
}
