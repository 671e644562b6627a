import type { GenerationRequest } from '../generation.js';
import { type ParameterName, parameterNames } from '../parameters.js';
import type { Warning } from '../result.js';

/** What a request may ask for and not every model takes. */
export type AskedName = ParameterName | 'inputImages' | 'mask';

/**
 * Says what a request asks for in vain.
 *
 * @param why for people, such as `the model has no such field`
 */
export function droppedWarnings(
  request: GenerationRequest,
  takes: (name: AskedName) => boolean,
  why: string,
): Warning[] {
  const isAsked = (name: AskedName) =>
    name === 'inputImages' ? request.inputImages.length > 0 : request[name] !== undefined;
  return [...parameterNames, 'inputImages' as const, 'mask' as const]
    .filter((name) => isAsked(name) && !takes(name))
    .map((parameter) => ({
      code: 'parameter-dropped',
      parameter,
      message: `${parameter}: ${why}; it had no effect.`,
    }));
}
