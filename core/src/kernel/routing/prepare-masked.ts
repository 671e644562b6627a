import type { Image, ValidGenerationResult, ValidImageRequest, Warning } from '@easel/plugin-sdk';
import { prepareInpainting } from '../../inpainting/prepare-inpainting.js';
import type { Candidate } from './candidates.js';

export interface Masked {
  readonly candidates: readonly Candidate[];
  /** What a candidate has made, as its caller gets it. */
  readonly finish: (made: ValidGenerationResult) => Promise<ValidGenerationResult>;
}

/**
 * Candidates whose requests have image and mask as their caller wants them painted; all of them paint at the
 * size of the first.
 */
export async function prepareMasked(
  candidates: readonly [Candidate, ...Candidate[]],
  asked: ValidImageRequest,
): Promise<Masked> {
  const inpainting = await prepareInpainting(asked, candidates[0].request);
  if (!inpainting) return { candidates, finish: async (made) => made };
  const { image, mask, warnings, finish } = inpainting;
  // What is pasted is encoded once, when it is done.
  const own = finish && ({ outputFormat: 'png' } as const);
  return {
    candidates: candidates.map((candidate) => {
      const { request } = candidate;
      const inputImages = [image, ...request.inputImages.slice(1)];
      return {
        ...candidate,
        request: { ...request, inputImages, mask, ...own },
        warnings: [...candidate.warnings, ...warnings],
      };
    }),
    async finish(made) {
      if (!finish) return made;
      const images: Image[] = [];
      const failures: Warning[] = [];
      for (const painted of made.images)
        try {
          images.push(await finish(painted));
        } catch (error) {
          // It may have been paid: rather as it is than not at all.
          images.push(painted);
          const message = `The image could not be put into the original, and is as it was painted: ${(error as Error).message}.`;
          failures.push({ code: 'other', parameter: 'mask', message });
        }
      return { ...made, images, warnings: [...made.warnings, ...failures] };
    },
  };
}
