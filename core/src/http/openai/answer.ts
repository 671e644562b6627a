import type { Image, Warning } from '@easel/plugin-sdk';
import type { ImageResult } from '../../results/image-result.js';

/** Tokens are not counted here; the fields are there because clients declare them so. */
export const usage = {
  input_tokens: 0,
  output_tokens: 0,
  total_tokens: 0,
  input_tokens_details: { image_tokens: 0, text_tokens: 0 },
};

/**
 * What Easel adds to OpenAI's answer: where the pictures come from and what was done otherwise than asked.
 */
export const provenanceOf = (
  { provenance, warnings, cost, timings }: Pick<ImageResult, 'provenance' | 'warnings' | 'cost' | 'timings'>,
  more: readonly Warning[],
) => ({
  provenance,
  warnings: [...warnings, ...more],
  timings,
  ...(cost ? { cost } : {}),
});

export const secondsNow = (): number => Math.floor(Date.now() / 1_000);
export const formatOf = ({ mediaType }: Pick<Image, 'mediaType'>): string =>
  mediaType.replace(/^image\//, '');
export const sizeOf = ({ width, height }: Pick<Image, 'width' | 'height'>): string => `${width}x${height}`;
