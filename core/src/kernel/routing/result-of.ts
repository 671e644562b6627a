import type { GenerationRequest } from '@easel/plugin-sdk';
import { pickParameters } from '../../models/parameters.js';
import type { FixedPrompts } from '../../prompts/fix-prompts.js';
import type { ImageResult, UsedParameters } from '../../results/image-result.js';
import type { Outcome } from './try-candidates.js';

/**
 * The answer of a call.
 *
 * @param total milliseconds that the call took
 * @param prompts those in which something was chosen. Absent: there was nothing to choose
 */
export function resultOf(
  { candidate, made, attempts }: Outcome,
  total: number,
  prompts?: FixedPrompts,
): ImageResult {
  const { plugin, model, pipelineType, request, toldOptions, warnings } = candidate;
  const { id, version } = plugin.manifest;
  return {
    images: made.images,
    warnings: [...(prompts?.warnings ?? []), ...warnings, ...made.warnings],
    ...(made.cost ? { cost: made.cost } : {}),
    timings: { ...made.timings, total },
    provenance: {
      model: model.id,
      pipelineType,
      plugin: { id, version },
      // A plugin tells what it chose where the request left it open; it cannot change what was asked for.
      parameters: {
        ...made.parameters,
        ...usedParameters({
          ...request,
          options: { ...chosenOptions(made.parameters), ...(toldOptions ?? request.options) },
        }),
        ...(made.samplerLabel && { samplerLabel: made.samplerLabel }),
      },
      ...(prompts && { template: prompts.template }),
      attempts,
    },
  };
}

function usedParameters(request: GenerationRequest): UsedParameters {
  const { prompt, width, height, n, options } = request;
  const used = { prompt, width, height, n, ...pickParameters(request) };
  return Object.keys(options).length === 0 ? used : { ...used, options };
}

const chosenOptions = ({ options }: Outcome['made']['parameters']): GenerationRequest['options'] =>
  typeof options === 'object' && options !== null && !Array.isArray(options) ? options : {};
