import { type Beginning, type BeginningScope, beginWithNoise, pictureShape } from './beginning.js';
import { drawNoise } from './draws.js';

/**
 * Text to image by a network that reads an image's latents behind its own. Draws these latents, one an image,
 * then the noise. diffusers: `FluxControlPipeline`.
 */
export async function beginFollowing(scope: BeginningScope, planes: Float32Array): Promise<Beginning> {
  const { model, images, generators } = scope;
  const posterior = await model.encode(planes, pictureShape(scope));
  const noise = drawNoise(generators, images * posterior.count);
  const extraChannels = Array.from({ length: images }, (_, image) =>
    posterior.draw(noise.subarray(image * posterior.count, (image + 1) * posterior.count)),
  );
  return { ...beginWithNoise(scope), extraChannels };
}
