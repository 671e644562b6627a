import type { DiffusionModel } from './diffusion-model.js';
import { generateLatents, keepsPicture } from './generate-pictures.js';
import type { PictureRequest } from './picture-request.js';

/** Ends a request after its first step. */
const enough = new Error('The first step was made.');

/**
 * Goes the way of a request once: texts, input images, the first call of the denoising network, and the
 * decoder where it follows. What comes out is thrown away.
 */
export async function takeFirstStep(
  model: DiffusionModel,
  request: PictureRequest,
  isDecoded: boolean,
): Promise<void> {
  if (keepsPicture(model, request)) return;
  const onStep = () => {
    throw enough;
  };
  try {
    await generateLatents(model, { ...request, onStep });
  } catch (error) {
    if (error !== enough) throw error;
  }
  if (!isDecoded) return;
  const { latentChannels, factor } = model;
  const shape = [1, latentChannels, request.height / factor, request.width / factor];
  await model.decode(new Float32Array(shape.reduce((one, other) => one * other)), shape);
}
