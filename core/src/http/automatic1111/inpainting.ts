import { type ImageRequest, type InputImage, imageRequestSchema, type Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import { invertMask, maskOfOpacity, onWhite, opacityOf } from '../alpha-mask.js';
import { fromBase64, readInputImages } from '../input-image.js';
import { flag, number } from './loose-values.js';

const field = imageRequestSchema.shape;

/** What Automatic1111's API does where a field is absent. */
const defaults = { blur: 4, fill: 0, padding: 0 } as const;
/** What lies under the mask when painting begins, by the number that the API has for it. */
const fills = ['surroundings', 'image'] as const;

/** The fields of `img2img` about the images that are handed in. */
export const inpaintingFields = {
  init_images: z.array(z.string()).max(16).nullish(),
  mask: z.string().nullish(),
  denoising_strength: number(field.strength),
  mask_blur: number(field.maskBlur.unwrap()),
  mask_blur_x: number(field.maskBlur.unwrap()),
  mask_blur_y: number(field.maskBlur.unwrap()),
  inpainting_fill: number(z.int().min(0).max(3)),
  inpaint_full_res: flag,
  inpaint_full_res_padding: number(field.maskPadding.unwrap()),
  inpainting_mask_invert: flag,
};
export type InpaintingFields = z.output<z.ZodObject<typeof inpaintingFields>>;

/**
 * The images of a request in the contract's sense: transparent parts of what it starts from are white, and of
 * a mask that is transparent somewhere what is opaque is painted, else what is white; what the mask keeps is
 * pasted back.
 */
export async function readInpainting(
  body: InpaintingFields,
): Promise<{ request: Partial<ImageRequest>; warnings: Warning[] }> {
  const started = (body.init_images ?? []).map((image, index) => fromBase64(image, `init_images.${index}`));
  const read = await readInputImages([...started, ...(body.mask ? [fromBase64(body.mask, 'mask')] : [])]);
  const inputImages: InputImage[] = [];
  for (const image of read.slice(0, started.length)) inputImages.push(await onWhite(image));
  const strength = body.denoising_strength ?? undefined;
  const request =
    inputImages.length === 0 ? {} : { inputImages, ...(strength === undefined ? {} : { strength }) };
  const given = read[started.length];
  if (!given) return { request, warnings: [] };

  const opacity = await opacityOf(given);
  const isOpaque = !opacity || opacity.min === 255;
  const marked = isOpaque ? given : await maskOfOpacity(given, 'opaque');
  const { inpaint_full_res: isCut, inpaint_full_res_padding: padding, inpainting_fill } = body;
  const fill = inpainting_fill ?? defaults.fill;
  return {
    request: {
      ...request,
      mask: body.inpainting_mask_invert ? await invertMask(marked) : marked,
      keepUnmasked: true,
      maskBlur: body.mask_blur ?? body.mask_blur_x ?? body.mask_blur_y ?? defaults.blur,
      maskFill: fills[fill] ?? 'surroundings',
      ...((isCut ?? true) ? { maskPadding: padding ?? defaults.padding } : {}),
    },
    warnings: warningsOf(body, fill),
  };
}

function warningsOf({ mask_blur, mask_blur_x, mask_blur_y }: InpaintingFields, fill: number): Warning[] {
  const warnings: Warning[] = [];
  const adapt = (parameter: string, message: string) =>
    warnings.push({ code: 'parameter-adapted', parameter, message: `${parameter} ${message}` });
  if (fill >= fills.length)
    adapt(
      'inpainting_fill',
      `${fill} was replaced by 0, the colours around the mask: latents are not filled.`,
    );
  if ((mask_blur ?? undefined) === undefined && (mask_blur_x ?? mask_blur_y) !== (mask_blur_y ?? mask_blur_x))
    adapt(
      'mask_blur_y',
      `${mask_blur_y} was replaced by ${mask_blur_x}: an edge is blurred alike in both directions.`,
    );
  return warnings;
}
