import type { Conditioning, DiffusionModel } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import type { ComponentKind } from '../component-kind.js';
import { patchEdge, readSd3Config, type Sd3Config } from './network/sd3-config.js';
import { sd3TransformerGraph } from './network/sd3-transformer.js';

/** Stable Diffusion 3's transformer by what its config says. */
export interface Sd3Transformer extends Sd3Config {
  /**
   * Makes it ready to run. Only now its weights are looked at.
   *
   * @throws ERR_MODEL_FILES_INVALID for weights that do not fit its config
   */
  mount(): DiffusionModel['predict'];
}

/** diffusers' `SD3Transformer2DModel`. */
export const sd3TransformerKind: ComponentKind<Sd3Transformer> = {
  mount(component, { networks }) {
    const config = readSd3Config(component);
    return {
      ...config,
      mount() {
        const whole = networks.add(sd3TransformerGraph(component));
        let leaving: StoredNetwork | undefined;
        const networkFor = ({ kept_blocks }: Conditioning): StoredNetwork => {
          if (!kept_blocks) return whole;
          leaving ??= networks.add(sd3TransformerGraph(component, { leavesOut: true }));
          return leaving;
        };
        return async (latents, timestep, conditioning) => {
          const [, , height = 0, width = 0] = latents.shape;
          const feeds = {
            hidden_states: latents,
            timestep: { data: Float32Array.of(timestep), shape: [1] },
            positions: positionsOf(height / patchEdge, width / patchEdge, config.tableEdge),
            ...conditioning,
          };
          const network = networkFor(conditioning);
          return (await network.run(feeds, ['out_hidden_states'])).out_hidden_states;
        };
      },
    };
  },
};

/**
 * Rows of the table of positions for an image in the middle of the square that it is for. diffusers:
 * `cropped_pos_embed`.
 */
export function positionsOf(height: number, width: number, tableEdge: number): Feed {
  const [top, left] = [Math.floor((tableEdge - height) / 2), Math.floor((tableEdge - width) / 2)];
  const data = BigInt64Array.from({ length: height * width }, (_, index) =>
    BigInt((top + Math.floor(index / width)) * tableEdge + left + (index % width)),
  );
  return { data, shape: [data.length] };
}

/** For a run: which blocks of the network each image goes through. */
export function keptBlocks(layers: number, leftOut: readonly number[], images: number): Conditioning {
  const row = Array.from({ length: layers }, (_, layer) => (leftOut.includes(layer) ? 0 : 1));
  const rows = Array.from({ length: images }, () => row).flat();
  return { kept_blocks: { data: Float32Array.from(rows), shape: [images, layers] } };
}
