import { type Beginning, type BeginningScope, pictureShape } from './beginning.js';
import { readsMask } from './diffusion-model.js';
import { drawNoise, repeatRows } from './draws.js';

export interface InpaintingSource {
  /** [3, height, width], -1 to 1. */
  readonly planes: Float32Array;
  /** [height, width]: 1 where to paint anew, 0 where to keep. */
  readonly mask: Float32Array;
  /** Whether the picture's own content is to be left out of the beginning: strength 1. */
  readonly startsFromNoise: boolean;
}

/**
 * Inpainting. A network made for it reads the mask and the masked picture beside the latents; with any other
 * one, what is to be kept is put back after each step, as noisy as the latents are then (Lugmayr et al. 2022,
 * "RePaint", arXiv 2201.09865, without its resampling). Draws the picture's latents where they are needed,
 * the noise, the masked picture's latents. diffusers: `StableDiffusionInpaintPipeline` and
 * `StableDiffusionXLInpaintPipeline`, whose pictures of a batch share one draw of each latents.
 */
export async function beginInpainting(
  scope: BeginningScope,
  { planes, mask, startsFromNoise }: InpaintingSource,
): Promise<Beginning> {
  const { model, span, images, latentShape, generators, isHandedOver } = scope;
  const shape = pictureShape(scope);
  const count = latentShape.reduce((one, other) => one * other, 1);
  const encode = async (picture: Float32Array) =>
    (await model.encode(picture, shape)).draw(generators[0]!.randn(count));

  const needsPicture = !readsMask(model) || !startsFromNoise || isHandedOver || model.maskReading?.drawsImage;
  const clean = needsPicture ? repeatRows(await encode(planes), images) : undefined;
  const noise = drawNoise(generators, images * count);
  const latents =
    clean && isHandedOver
      ? clean
      : clean && !startsFromNoise
        ? span.addNoise(clean, noise, 0)
        : noise.map((value) => value * span.initialNoiseSigma);

  const latentMask = shrinkMask(mask, scope);
  if (readsMask(model)) {
    const masked = await encode(planes.map((value, index) => (mask[index % mask.length] === 1 ? 0 : value)));
    const channels =
      model.maskReading?.channels(mask, masked, latentShape) ?? Float32Array.from([...latentMask, ...masked]);
    return { latents, extraChannels: [channels] };
  }
  // diffusers draws the masked picture's latents here too, and does not use them.
  generators[0]!.randn(count);
  return {
    latents,
    restore(current, call) {
      const kept = call + 1 === span.calls ? clean! : span.addNoise(clean!, noise, call + 1);
      for (let index = 0; index < current.length; index++) {
        if (latentMask[index % latentMask.length] === 0) current[index] = kept[index]!;
      }
    },
  };
}

/** One pixel a latent, that at its top left: torch's `interpolate` with mode "nearest". */
function shrinkMask(mask: Float32Array, { model, latentShape }: BeginningScope): Float32Array {
  const [, height = 0, width = 0] = latentShape;
  const { factor } = model;
  return Float32Array.from(
    { length: height * width },
    (_, index) => mask[Math.floor(index / width) * factor * (width * factor) + (index % width) * factor]!,
  );
}
