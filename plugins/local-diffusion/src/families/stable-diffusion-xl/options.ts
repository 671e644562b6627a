import { z } from 'zod';

const edge = z.int().min(1).max(16384);
const size = z.strictObject({ width: edge, height: edge });
const score = z.number().min(0).max(10);

/** The provider options that only SDXL reads, or only its refiner. */
export const options = {
  secondPrompt: z.string().optional().describe("SDXL: the second text encoder's. Absent: the prompt."),
  secondNegativePrompt: z
    .string()
    .optional()
    .describe("SDXL: the second text encoder's. Absent: the negative prompt."),
  originalSize: size
    .optional()
    .describe("SDXL: the size that a training picture would have had, in pixels. Absent: the picture's own."),
  cropTopLeft: z
    .strictObject({ top: z.int().min(0), left: z.int().min(0) })
    .optional()
    .describe('SDXL: the pixels that would have been cut off a training picture. Absent: none.'),
  targetSize: size
    .optional()
    .describe("SDXL: the size to paint for, in pixels. Absent: the picture's own. The refiner is not told."),
  aestheticScore: score
    .optional()
    .describe("SDXL's refiner: how beautiful the picture is, 0 to 10. Absent: 6."),
  negativeAestheticScore: score
    .optional()
    .describe("SDXL's refiner: how beautiful what to avoid is, 0 to 10. Absent: 2.5."),
};
const optionsSchema = z.object(options);

const pair = z.tuple([z.number(), z.number()]).readonly().optional();
const microConditions = z.strictObject({
  originalSize: pair,
  cropTopLeft: pair,
  targetSize: pair,
  aestheticScore: z.number().optional(),
});

/**
 * What SDXL was told of each training picture and wants to be told again: the size that it had before it was
 * scaled, the corner that it was cropped at, the size it should have; the refiner also how beautiful it is
 * (Podell et al. 2023, arXiv 2307.01952, section 2.2). Sizes are height, then width; a corner is top, then
 * left. What is absent is the image's own.
 */
export type MicroConditions = Readonly<z.output<typeof microConditions>>;

/** What the conditioning of SDXL reads beside the prompts. */
const requestSchema = z.strictObject({
  /**
   * Prompts for the second text encoder, one an image; an empty one stands for the first encoder's. Absent:
   * all the same.
   */
  secondPrompts: z.array(z.string()).readonly().optional(),
  secondNegativePrompts: z.array(z.string()).readonly().optional(),
  conditions: microConditions.optional(),
  /** What differs for the unconditional half. Absent: nothing but the aesthetic score. */
  negativeConditions: microConditions.optional(),
});
export type XlRequest = Readonly<z.output<typeof requestSchema>>;

/** The `familyOptions` of a conditioning request. Absent ones are an empty request. */
export const readRequest = (familyOptions: unknown): XlRequest => requestSchema.parse(familyOptions ?? {});

/** The provider options of a call as a request. */
export function readOptions(given: unknown): XlRequest {
  const { secondPrompt, secondNegativePrompt, ...rest } = optionsSchema.parse(given);
  const { originalSize, cropTopLeft, targetSize, aestheticScore, negativeAestheticScore } = rest;
  return {
    secondPrompts: secondPrompt === undefined ? undefined : [secondPrompt],
    secondNegativePrompts: secondNegativePrompt === undefined ? undefined : [secondNegativePrompt],
    conditions: {
      originalSize: originalSize && [originalSize.height, originalSize.width],
      cropTopLeft: cropTopLeft && [cropTopLeft.top, cropTopLeft.left],
      targetSize: targetSize && [targetSize.height, targetSize.width],
      aestheticScore,
    },
    negativeConditions:
      negativeAestheticScore === undefined ? {} : { aestheticScore: negativeAestheticScore },
  };
}
