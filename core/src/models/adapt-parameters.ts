import {
  type Model,
  type ParameterName,
  parameterNames,
  type ValidImageRequest,
  type Warning,
} from '@easel/plugin-sdk';
import { needsInputImage, type ParameterValues } from './parameters.js';

/**
 * The parameters of a request as a model takes them: those that it does not take are dropped with a warning,
 * those left out get its default.
 */
export function adaptParameters(
  request: ValidImageRequest,
  { id, defaults, supports }: Model,
  drawSeed: () => number,
): { readonly values: ParameterValues; readonly warnings: readonly Warning[] } {
  const asked: ParameterValues = request;
  const isSupported: Partial<Record<ParameterName, boolean>> = supports;
  const fallback: ParameterValues = supports.seed ? { ...defaults, seed: drawSeed() } : defaults;
  const values: ParameterValues = {};
  const warnings: Warning[] = [];
  const set = <Name extends ParameterName>(name: Name): void => {
    values[name] = asked[name] ?? fallback[name];
  };
  for (const name of parameterNames) {
    const isMissing = needsInputImage(name) && request.inputImages.length === 0;
    const isTaken = isSupported[name] && !isMissing;
    if (isTaken) set(name);
    // An empty text asks for nothing; clients send it with every call.
    else if (asked[name] !== undefined && asked[name] !== '') {
      const why = isMissing ? 'there is no input image' : `"${id}" does not take it`;
      warnings.push({
        code: 'parameter-dropped',
        parameter: name,
        message: `${name} had no effect: ${why}.`,
      });
    }
  }
  return { values, warnings };
}
