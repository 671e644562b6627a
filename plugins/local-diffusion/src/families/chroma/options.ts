import { z } from 'zod';
import { textOptions } from '../components/text-options.js';

/** The provider options that Chroma reads. */
export const options = { ...textOptions };

const optionsSchema = z.object(options);

/** What Chroma reads beside the prompts. */
export type ChromaRequest = Readonly<z.output<typeof optionsSchema>>;

/** Of provider options, or of a conditioning request's `familyOptions`. Absent ones are an empty request. */
export const readOptions = (given: unknown): ChromaRequest => optionsSchema.parse(given ?? {});
