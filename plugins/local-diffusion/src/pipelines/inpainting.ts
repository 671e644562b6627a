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
  const byShares = model.editing?.keepsByShares === true;
  const draw = () => (byShares ? new Float32Array(count) : generators[0]!.randn(count));
  const encode = async (picture: Float32Array) => (await model.encode(picture, shape)).draw(draw());

  const needsPicture = !readsMask(model) || !startsFromNoise || isHandedOver || model.maskReading?.drawsImage;
  const clean = needsPicture ? repeatRows(await encode(planes), images) : undefined;
  const noise = drawNoise(generators, images * count);
  const latents =
    clean && isHandedOver
      ? clean
      : clean && !startsFromNoise
        ? span.addNoise(clean, noise, 0)
        : noise.map((value) => value * span.initialNoiseSigma);

  const latentMask = byShares ? middleOfMask(mask, scope) : shrinkMask(mask, scope);
  if (readsMask(model)) {
    const masked = await encode(planes.map((value, index) => (mask[index % mask.length] === 1 ? 0 : value)));
    const channels =
      model.maskReading?.channels(mask, masked, latentShape) ?? Float32Array.from([...latentMask, ...masked]);
    return { latents, extraChannels: [channels] };
  }
  // diffusers draws the masked picture's latents here too, and does not use them.
  draw();
  return {
    latents,
    restore(current, call) {
      const kept = call + 1 === span.calls ? clean! : span.addNoise(clean!, noise, call + 1);
      for (let index = 0; index < current.length; index++) {
        const share = latentMask[index % latentMask.length]!;
        if (share < 1) current[index] = (1 - share) * kept[index]! + share * current[index]!;
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

/** Of each latent the mean of the pixels in its middle: torch's `interpolate` with mode "bilinear". */
function middleOfMask(mask: Float32Array, { model: { factor }, latentShape }: BeginningScope): Float32Array {
  const [, height = 0, width = 0] = latentShape;
  const [low, high] = [Math.ceil(factor / 2) - 1, Math.floor(factor / 2)];
  return Float32Array.from({ length: height * width }, (_, index) => {
    const [top, left] = [Math.floor(index / width) * factor, (index % width) * factor];
    const at = (row: number, column: number) => mask[(top + row) * width * factor + left + column]!;
    return (at(low, low) + at(low, high) + at(high, low) + at(high, high)) / 4;
  });
}
