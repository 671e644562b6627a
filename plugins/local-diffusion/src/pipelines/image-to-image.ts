import { type Beginning, type BeginningScope, beginWithLatents, pictureShape } from './beginning.js';

/**
 * Image to image: the picture's latents with noise on top (Meng et al. 2021, "SDEdit", arXiv 2108.01073).
 * Draws the latents, then the noise. diffusers: `prepare_latents` of `StableDiffusionImg2ImgPipeline` and
 * `StableDiffusionXLImg2ImgPipeline`.
 */
export async function beginWithPicture(scope: BeginningScope, planes: Float32Array): Promise<Beginning> {
  const { model, images, generators } = scope;
  const posterior = await model.encode(planes, pictureShape(scope));
  // A generator of its own draws an image's own latents; a single one draws once, for all images.
  const drawing = model.encodesOnce ? generators.slice(0, 1) : generators;
  const drawn = drawing.map((generator) => posterior.draw(generator.randn(posterior.count)));
  const clean = new Float32Array(images * posterior.count);
  for (let image = 0; image < images; image++) {
    clean.set(drawn[image % drawn.length]!, image * posterior.count);
  }
  return beginWithLatents(scope, clean);
}
