import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { denoiserDialect } from '../../exported/dialects.js';
import type { ExportedNetwork } from '../../exported/exported-network.js';
import { divideUnet } from '../../networks/unet/deep-features.js';
import { unetGraph } from '../../networks/unet/unet.js';
import { readUnetConfig, type UnetConfig } from '../../networks/unet/unet-config.js';
import {
  type Conditioning,
  classifierFree,
  type DiffusionModel,
  type Guidance,
} from '../../pipelines/diffusion-model.js';
import { embedGuidance } from '../../pipelines/guidance.js';
import type { TextEncoder } from '../../prompt/text-encoding.js';
import type { NetworkPlace } from '../../session/network-group.js';
import type { ComponentKind } from '../component-kind.js';
import { predictControlled } from './controlled-unet.js';
import { reusingFeatures } from './reused-features.js';
import type { UnetControlNet } from './unet-controlnet.js';

/** A UNet by what it says of itself; what an exported file leaves open is undefined. */
export interface Unet {
  readonly inputChannels: number | undefined;
  readonly outputChannels: number | undefined;
  /** Of the tokens that it reads. */
  readonly textWidth: number | undefined;
  readonly guidance: Guidance;
  /** Absent: an exported file does not say. */
  readonly config?: UnetConfig;
  /**
   * How many numbers it is told beside a pooled text of that width. Absent: it is told neither.
   *
   * @param pooledWidth undefined where that is left open
   */
  sizeCount?(pooledWidth: number | undefined): number | undefined;
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(
    controlNets?: readonly UnetControlNet[],
  ): Pick<DiffusionModel, 'predict' | 'predictReusing' | 'controlNets'>;
}

/** diffusers' `UNet2DConditionModel`. */
export const unetKind: ComponentKind<Unet> = {
  mount: (component, { networks }) => mountedUnet(component, networks),
  exported: {
    folders: (name) => [name],
    requiredFiles: (name) => [`${name}/model.onnx`],
    open: async (name, site) => exportedUnet(await site.network(name, denoiserDialect)),
  },
};

function mountedUnet(component: Component, networks: NetworkPlace): Unet {
  const config = readUnetConfig(component);
  const { inputChannels, outputChannels, contextWidth, textTime } = config;
  return {
    inputChannels,
    outputChannels,
    textWidth: contextWidth,
    config,
    guidance: guidanceOf(config.guidanceEmbeddingSize),
    ...(textTime && {
      sizeCount: (pooledWidth) =>
        pooledWidth === undefined ? undefined : (textTime.inputSize - pooledWidth) / textTime.sinusoidSize,
    }),
    mount(controlNets = []) {
      const graph = unetGraph(component);
      const network = networks.add(graph);
      const predict: DiffusionModel['predict'] = async (sample, timestep, conditioning) => {
        const feeds = {
          sample,
          timestep: { data: Float32Array.of(timestep), shape: [1] },
          ...conditioning,
        };
        return (await network.run(feeds, ['out_sample'])).out_sample;
      };
      const divided = divideUnet(graph);
      const reusing = divided && { predictReusing: reusingFeatures(networks, divided) };
      if (controlNets.length === 0) return { predict, ...reusing };
      const controlled = networks.add(unetGraph(component, { isControlled: true }));
      return {
        predict: predictControlled(predict, controlNets, controlled),
        ...reusing,
        controlNets: controlNets.map(({ reading }) => reading),
      };
    },
  };
}

function exportedUnet(network: ExportedNetwork): Unet {
  const numberAt = (input: string, dimension: number) => {
    const size = network.shapeOf(input)?.[dimension];
    return typeof size === 'number' ? size : undefined;
  };
  const isToldSizes = network.shapeOf('text_embeds') && network.shapeOf('time_ids');
  return {
    inputChannels: numberAt('sample', 1),
    outputChannels: undefined,
    textWidth: undefined,
    guidance: guidanceOf(numberAt('timestep_cond', 1)),
    ...(isToldSizes && { sizeCount: () => numberAt('time_ids', 1) }),
    mount: () => ({
      predict: async (sample, timestep, conditioning) => {
        const images = sample.shape[0] ?? 1;
        const timesteps = { data: new Float32Array(images).fill(timestep), shape: [images] };
        return (await network.run({ sample, timestep: timesteps, ...conditioning }, 'out_sample')).data;
      },
    }),
  };
}

/** A UNet that was distilled with guidance is told the scale, as an embedding of `size` numbers. */
function guidanceOf(size: number | undefined): Guidance {
  if (size === undefined) return classifierFree;
  return {
    inputs(scale, images): Conditioning {
      const data = new Float32Array(images * size);
      for (let image = 0; image < images; image++) data.set(embedGuidance(scale, size), image * size);
      return { timestep_cond: { data, shape: [images, size] } };
    },
  };
}

/**
 * Makes sure that the parts are of one model: numbers that do not meet, ONNX Runtime would only report in its
 * own words.
 *
 * @param encoders whose tokens the UNet reads side by side
 * @throws ERR_MODEL_FILES_INVALID saying which numbers do not meet
 */
export function requireFit(
  origin: string,
  { inputChannels: inputs, outputChannels: outputs, textWidth: wanted }: Unet,
  latents: number,
  encoders: readonly TextEncoder[],
): void {
  // For inpainting: latents, one channel of mask, the masked image's latents.
  const readsLatents = inputs === latents || inputs === 2 * latents + 1;
  if (outputs !== undefined && (!readsLatents || outputs !== latents)) {
    throw invalidFiles(
      `${origin}: the denoising network takes ${inputs} channels and gives ${outputs}, and the autoencoder has ${latents}.`,
      `Use a checkpoint whose network takes ${latents}, or ${2 * latents + 1} for inpainting.`,
    );
  }
  const written = encoders.reduce((sum, { table }) => sum + (table?.width ?? Number.NaN), 0);
  if (wanted !== undefined && wanted !== written) {
    throw invalidFiles(
      `${origin}: the denoising network reads text ${wanted} wide and the text encoder writes ${written}.`,
      'Use parts of one model.',
    );
  }
}
