import { type Model, modelSchema, seedLimit } from '@easel/plugin-sdk';
import { z } from 'zod';
import { type FixedPrompts, fixedPromptsSchema } from '../../prompts/fix-prompts.js';

/**
 * What the kernel decides where a request leaves it open. It is plain JSON: kept with the request, it makes
 * the same call of it at any time, whatever has become of the current model and the catalogue.
 */
export const fixedChoicesSchema = z.object({
  model: modelSchema.describe(
    'The entry of the catalogue as it was, with the place on disk of what is installed.',
  ),
  prompts: fixedPromptsSchema
    .optional()
    .describe('The prompts with their choices made. Absent: there was nothing to choose.'),
  seed: z.int().min(0).max(seedLimit).describe('Of the first image, where the model has seeds.'),
});
export interface FixedChoices {
  readonly model: Model;
  readonly seed: number;
  readonly prompts?: FixedPrompts | undefined;
}

/** A plugin, and the model that it is asked for. */
export const askedPluginSchema = z.object({
  plugin: z.string(),
  model: z.string(),
  /** Whether somebody may be billed for it. Absent: not known. */
  isPaid: z.boolean().optional(),
});
export type AskedPlugin = Readonly<z.output<typeof askedPluginSchema>>;
