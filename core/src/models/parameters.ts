import { type GenerationRequest, type ParameterName, parameterNames } from '@easel/plugin-sdk';

/** What core knows of a parameter beyond the contract. */
interface Parameter {
  /**
   * What it has no effect without: the model's word for it under `supports`, or an input image in the
   * request beside it.
   */
  readonly needs: 'support' | 'input-image';
  /**
   * Its key in the `parameters` text that AUTOMATIC1111 writes into images. Absent: it is not one of the
   * pairs there.
   */
  readonly textKey?: string;
}

/** A row for each parameter of the contract; requests, provenance and the texts in images follow from it. */
export const parameters: Readonly<Record<ParameterName, Parameter>> = {
  negativePrompt: { needs: 'support' },
  steps: { needs: 'support', textKey: 'Steps' },
  sampler: { needs: 'support', textKey: 'Sampler' },
  guidanceScale: { needs: 'support', textKey: 'CFG scale' },
  seed: { needs: 'support', textKey: 'Seed' },
  strength: { needs: 'input-image', textKey: 'Denoising strength' },
};

/** Values of parameters by their names, in a request and in what a plugin is asked for. */
export type ParameterValues = Pick<GenerationRequest, ParameterName>;

/** Whether it has no effect without an input image. */
export const needsInputImage = (name: ParameterName): boolean => parameters[name].needs === 'input-image';

/** The parameters that have a value, out of an object that may have other fields. */
export function pickParameters(values: ParameterValues): ParameterValues {
  const present = parameterNames.filter((name) => values[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, values[name]]));
}
