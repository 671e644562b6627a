import { EaselError } from '@easel/plugin-sdk';
import type { AvailableModel } from './available-models.js';

/**
 * Throws where no images can be made with a model: ERR_MODEL_NOT_INSTALLED, ERR_NO_ROUTE or
 * ERR_SECRET_MISSING.
 */
export function assertUsable({ id, pipelineType, installed, plugin, missingSecrets }: AvailableModel): void {
  if (!installed)
    throw new EaselError({
      code: 'ERR_MODEL_NOT_INSTALLED',
      message: `The model "${id}" is not installed.`,
      hint: `Fetch it with \`easel models install ${id}\`.`,
    });
  if (plugin === undefined)
    throw new EaselError({
      code: 'ERR_NO_ROUTE',
      message: `No plugin that is enabled handles the pipeline type "${pipelineType}" of the model "${id}".`,
    });
  if (missingSecrets)
    throw new EaselError({
      code: 'ERR_SECRET_MISSING',
      plugin,
      message: `The plugin "${plugin}" of the model "${id}" needs ${missingSecrets.join(', ')}.`,
    });
}
