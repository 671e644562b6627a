import {
  EaselError,
  type GenerationRequest,
  imageRequestSchema,
  type Model,
  type ValidImageRequest,
  type Warning,
} from '@easel/plugin-sdk';
import { adaptParameters } from './adapt-parameters.js';

/** What only changes how a mask is used. */
const maskFields = ['keepUnmasked', 'maskBlur', 'maskFill', 'maskPadding'] as const;

export interface AdaptedRequest {
  readonly request: Omit<GenerationRequest, 'options'>;
  readonly warnings: readonly Warning[];
}

/**
 * Fits a request to a model. One rule: what would lose the caller's meaning is refused (a size out of range,
 * a picture or mask that the model cannot take, too many pictures); what only tunes is dropped or rounded,
 * with a warning; what is left out gets the model's default.
 */
export function adaptRequest(
  request: ValidImageRequest,
  model: Model,
  drawSeed: () => number,
): AdaptedRequest {
  const { defaults, supports } = model;
  refuseWhatCannotBeDone(request, model);
  const { values, warnings: dropped } = adaptParameters(request, model, drawSeed);
  const warnings = [...dropped];

  const edge = (parameter: 'width' | 'height'): number => {
    const asked = request[parameter] ?? defaults[parameter];
    const used = Math.round(asked / supports.edgeMultiple) * supports.edgeMultiple;
    if (used !== asked) {
      const message = `${parameter} ${asked} was rounded to ${used}: "${model.id}" makes multiples of ${supports.edgeMultiple}.`;
      warnings.push({ code: 'parameter-adapted', parameter, message });
    }
    return used;
  };
  for (const parameter of maskFields) {
    const { data: absent } = imageRequestSchema.shape[parameter].safeParse(undefined);
    if (request.mask || request[parameter] === absent) continue;
    const message = `${parameter} had no effect: there is no mask.`;
    warnings.push({ code: 'parameter-dropped', parameter, message });
  }
  if (request.outputQuality !== undefined && request.outputFormat === 'png') {
    const message = 'outputQuality had no effect: PNG files lose nothing.';
    warnings.push({ code: 'parameter-dropped', parameter: 'outputQuality', message });
  }

  return {
    request: {
      model,
      prompt: request.prompt,
      width: edge('width'),
      height: edge('height'),
      n: request.n,
      ...values,
      ...(request.seed === undefined && values.seed !== undefined && { isSeedDrawn: true }),
      outputFormat: generatedFormatOf(request),
      previews: request.previews,
      inputImages: request.inputImages,
      mask: request.mask,
      ...(request.control.length > 0 && { control: request.control }),
    },
    warnings,
  };
}

/** Plugins make no AVIF files and know no quality: what they give is encoded. */
const generatedFormatOf = ({
  outputFormat,
  outputQuality,
}: ValidImageRequest): GenerationRequest['outputFormat'] =>
  outputFormat === 'avif' || outputQuality !== undefined ? 'png' : outputFormat;

function refuseWhatCannotBeDone(
  { width, height, n, inputImages, mask, control }: ValidImageRequest,
  { id, supports }: Model,
): void {
  const refuse = (field: keyof ValidImageRequest, what: string) => {
    throw new EaselError({ code: 'ERR_REQUEST_INVALID', field, message: `${field}: ${what}` });
  };
  for (const [name, edge] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (edge === undefined) continue;
    if (edge < supports.minimumEdge)
      refuse(name, `${edge} is smaller than ${supports.minimumEdge}, the least that "${id}" makes.`);
    if (edge > supports.maximumEdge)
      refuse(name, `${edge} is larger than ${supports.maximumEdge}, the most that "${id}" makes.`);
  }
  if (n > supports.images)
    refuse('n', `${n} is more than ${supports.images}, the most that "${id}" makes in a call.`);
  if (inputImages.length > supports.inputImages) {
    refuse(
      'inputImages',
      `"${id}" takes ${supports.inputImages === 0 ? 'none' : `at most ${supports.inputImages}`}, not ${inputImages.length}.`,
    );
  }
  if (control.length > supports.control) {
    const most = supports.control === 0 ? 'none' : `at most ${supports.control}`;
    refuse('control', `"${id}" takes ${most}, not ${control.length}.`);
  }
  control.forEach(({ start, end }, index) => {
    if (start > end) refuse('control', `${index}.start is ${start}, and ${index}.end only ${end}.`);
  });
  if (mask && !supports.mask) refuse('mask', `"${id}" takes none.`);
  if (mask && inputImages.length === 0) refuse('mask', 'there is no input image that it could belong to.');
}
