import { z } from 'zod';
import { textOptions } from '../components/text-options.js';

/** The provider options that Qwen-Image reads. */
export const options = { ...textOptions };

const optionsSchema = z.object(options);

/** What Qwen-Image reads beside the prompts. */
export type QwenImageRequest = Readonly<z.output<typeof optionsSchema>>;

/** Of provider options, or of a conditioning request's `familyOptions`. Absent ones are an empty request. */
export const readOptions = (given: unknown): QwenImageRequest => optionsSchema.parse(given ?? {});
