import { EaselError, generationResultSchema, type ValidGenerationResult } from '@easel/plugin-sdk';
import { firstProblem } from '../../config/first-problem.js';

/** Checks what a plugin answered against the contract; ERR_PLUGIN_PROTOCOL says which field is wrong. */
export function parseResult(value: unknown, plugin: string): ValidGenerationResult {
  const parsed = generationResultSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new EaselError({
    code: 'ERR_PLUGIN_PROTOCOL',
    plugin,
    message: `The plugin "${plugin}" answered a result that is not of the contract: ${firstProblem(parsed.error)}.`,
  });
}
