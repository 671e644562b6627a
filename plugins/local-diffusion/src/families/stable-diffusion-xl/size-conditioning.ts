import type { MicroConditions } from './options.js';

/** How many numbers a network is told, which its weights fix. */
export const timeIdCount = (readsAestheticScore: boolean): number => (readsAestheticScore ? 5 : 6);

/**
 * The numbers of one image, in the order of diffusers' `_get_add_time_ids` (`StableDiffusionXLPipeline`, and
 * with a score `StableDiffusionXLImg2ImgPipeline`).
 */
export function timeIds(
  { originalSize, cropTopLeft = [0, 0], targetSize, aestheticScore }: MicroConditions,
  image: { readonly width: number; readonly height: number; readonly readsAestheticScore: boolean },
  defaultScore: number,
): number[] {
  const own = [image.height, image.width] as const;
  const last = image.readsAestheticScore ? [aestheticScore ?? defaultScore] : (targetSize ?? own);
  return [...(originalSize ?? own), ...cropTopLeft, ...last];
}
