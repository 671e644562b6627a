/**
 * What SDXL was told of each training picture and wants to be told again: the size that it had before it was scaled, the corner
 * that it was cropped at, the size it should have; the refiner also how beautiful it is (Podell et al. 2023, arXiv 2307.01952,
 * section 2.2). Sizes are height, then width.
 */
export interface MicroConditions {
  /** Absent: the picture's own. */
  readonly originalSize?: readonly [height: number, width: number] | undefined;
  /** Pixels cut off at the top and at the left. Absent: none. */
  readonly cropTopLeft?: readonly [top: number, left: number] | undefined;
  /** Absent: the picture's own. The refiner is not told. */
  readonly targetSize?: readonly [height: number, width: number] | undefined;
  /** 0 to 10; only the refiner is told. Absent: 6, and 2.5 for the unconditional half. */
  readonly aestheticScore?: number | undefined;
}

/** How many numbers a network is told, which its weights fix. */
export const timeIdCount = (readsAestheticScore: boolean): number => (readsAestheticScore ? 5 : 6);

/**
 * The numbers of one picture, in the order of diffusers' `_get_add_time_ids` (`StableDiffusionXLPipeline`, and with a score
 * `StableDiffusionXLImg2ImgPipeline`).
 */
export function timeIds(
  { originalSize, cropTopLeft = [0, 0], targetSize, aestheticScore }: MicroConditions,
  picture: { readonly width: number; readonly height: number; readonly readsAestheticScore: boolean },
  defaultScore: number,
): number[] {
  const own = [picture.height, picture.width] as const;
  const last = picture.readsAestheticScore ? [aestheticScore ?? defaultScore] : (targetSize ?? own);
  return [...(originalSize ?? own), ...cropTopLeft, ...last];
}
