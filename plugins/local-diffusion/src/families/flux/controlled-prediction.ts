import type { Conditioning, DiffusionModel } from '../../pipelines/diffusion-model.js';
import { repeatRows } from '../../pipelines/draws.js';
import type { Feed } from '../../session/network.js';
import { packLatents } from '../components/packed-latents.js';
import type { FluxControlNet } from './controlnet.js';
import type { FluxRequest } from './options.js';
import { packedFeeds, predictPacked } from './packed-prediction.js';
import type { FluxTransformer } from './transformer.js';

/** What {@link predictControlled} reads of the options, one row an image. */
export function controlInputs({ controlNet = {} }: FluxRequest, images: number): Conditioning {
  const { scale = 1, start = 0, end = 1, mode = 0 } = controlNet;
  const told = Float32Array.of(scale, start, end, mode);
  return { control: { data: repeatRows(told, images), shape: [images, told.length] } };
}

/**
 * FLUX with a ControlNet, which sees the image to follow in the latents behind the own ones, and adds to what
 * the transformer's blocks make. diffusers: `FluxControlNetPipeline`.
 */
export function predictControlled(
  transformer: FluxTransformer,
  controlNet: FluxControlNet,
): DiffusionModel['predict'] {
  const counts = { double: controlNet.doubleBlocks, single: controlNet.singleBlocks };
  const base = transformer.mountControlled(counts);
  const network = controlNet.mount();
  const names = (['double', 'single'] as const).flatMap((kind) =>
    Array.from({ length: counts[kind] }, (_, index) => `${kind}_residual.${index}`),
  );
  return async (input, timestep, { control, guidance, ...told }, share) => {
    const [scale = 1, start = 0, end = 1, mode = 0] = control!.data as Float32Array;
    const [latents, followed] = halves(input);
    const [batch = 0] = latents.shape;
    const modes = { data: new BigInt64Array(batch).fill(BigInt(mode)), shape: [batch, 1] };
    const feeds = {
      ...packedFeeds(latents, timestep, told),
      controlnet_cond: packLatents(followed),
      ...(controlNet.readsGuidance && { guidance: guidance! }),
      ...(controlNet.modes !== undefined && { controlnet_mode: modes }),
    };
    const isUsed = share.start >= Math.fround(start) && Math.fround(share.end) <= end;
    const tokens = feeds.hidden_states.shape[1]!;
    const shape = [batch, tokens, transformer.width];
    const made = isUsed ? await network.run(feeds, names) : undefined;
    const residuals = names.map((name) => {
      const data = made
        ? made[name]!.map((value) => value * scale)
        : new Float32Array(batch * tokens * transformer.width);
      return [name, { data, shape }] as const;
    });
    return await predictPacked(base, latents, timestep, {
      ...told,
      ...(transformer.readsGuidance && { guidance: guidance! }),
      ...Object.fromEntries(residuals),
    });
  };
}

/** The first and the second half of the channels of each image. */
function halves({ data, shape: [images = 0, channels = 0, height = 0, width = 0] }: Feed): [Feed, Feed] {
  const size = (channels / 2) * height * width;
  const shape = [images, channels / 2, height, width];
  const values = data as Float32Array;
  const half = (which: number): Feed => {
    const part = new Float32Array(images * size);
    for (let image = 0; image < images; image++) {
      const from = (2 * image + which) * size;
      part.set(values.subarray(from, from + size), image * size);
    }
    return { data: part, shape };
  };
  return [half(0), half(1)];
}
