import type { Image, Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { ImageResult } from '../../results/image-result.js';
import { warningsInCallersWords } from '../field-names.js';
import { openAiFieldNames } from './field-names.js';

/**
 * Tokens of an event. Nobody counts them here; the client's types have the field in each event, and what
 * reads it does not ask whether it is there. Answers that are no events have none.
 */
export const eventUsage = {
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
  warnings: [...warningsInCallersWords(warnings, openAiFieldNames), ...more],
  timings,
  ...(cost ? { cost } : {}),
});

const backgroundSchema = z.enum(['transparent', 'opaque']);
const qualitySchema = z.enum(['low', 'medium', 'high']);

/** What OpenAI tells of an image beside its size, as far as its model was asked for it. */
export function looksOf({ provenance }: Pick<ImageResult, 'provenance'>) {
  const { options = {} } = provenance.parameters;
  const { data: background } = backgroundSchema.safeParse(options.background);
  const { data: quality } = qualitySchema.safeParse(options.quality);
  return { ...(background ? { background } : {}), ...(quality ? { quality } : {}) };
}

export const secondsNow = (): number => Math.floor(Date.now() / 1_000);
export const formatOf = ({ mediaType }: Pick<Image, 'mediaType'>): string =>
  mediaType.replace(/^image\//, '');
export const sizeOf = ({ width, height }: Pick<Image, 'width' | 'height'>): string => `${width}x${height}`;
