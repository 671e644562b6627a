import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import { keepsPicture, stepsAround } from '../pipelines/generate-pictures.js';
import type { PictureRequest } from '../pipelines/picture-request.js';

/**
 * Why a model finishes an image itself and asks no refiner: the switch would leave one of the two without a
 * step.
 *
 * @param lastPass what the model does last
 * @param switchAt the share of the noise schedule after which the refiner takes over, between 0 and 1
 * @returns a sentence for the user; undefined where there are steps for both
 */
export function whyNotHandedOver(
  model: DiffusionModel,
  lastPass: PictureRequest,
  switchAt: number,
): string | undefined {
  if (keepsPicture(model, lastPass)) return 'refiner had no effect: strength 0 keeps the image as it is.';
  const { before, after } = stepsAround(model, lastPass, switchAt);
  if (before > 0 && after > 0) return undefined;
  const [who, way] = after === 0 ? ['the refiner', 'smaller'] : ['the model before the refiner', 'larger'];
  const steps = before + after;
  return `refiner.switchAt ${switchAt} leaves ${who} none of ${steps} ${steps === 1 ? 'step' : 'steps'}: the image was made without the refiner. Take more steps, or a ${way} value.`;
}
