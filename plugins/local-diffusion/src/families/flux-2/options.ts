import { z } from 'zod';
import { textOptions } from '../components/text-options.js';

/** The provider options that FLUX.2 reads. */
export const options = { ...textOptions };

const optionsSchema = z.object(options);

/** What FLUX.2 reads beside the prompts. */
export type Flux2Request = Readonly<z.output<typeof optionsSchema>>;

/** Of provider options, or of a conditioning request's `familyOptions`. Absent ones are an empty request. */
export const readOptions = (given: unknown): Flux2Request => optionsSchema.parse(given ?? {});
