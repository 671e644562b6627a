import type { ImageRequest } from '@easel/plugin-sdk';
import { type AvailableModel, isNamed } from '../../models/available-models.js';

type Listed = Pick<AvailableModel, 'id' | 'aliases' | 'current' | 'pipelineType' | 'defaults'>;

/** Up to so many steps a model has to be made for them. */
const few = 8;
/** A model whose own number is so many times as large is not. */
const tooMany = 2;

/** The model that a request means. Undefined: there is none of that name. */
export const wantedModel = <Model extends Pick<AvailableModel, 'id' | 'aliases' | 'current'>>(
  { model }: Pick<ImageRequest, 'model'>,
  models: readonly Model[],
): Model | undefined => models.find((each) => (model === undefined ? each.current : isNamed(each, model)));

/**
 * What to say to a request for few steps of a model that needs more: which models of its kind and size are
 * made for few. Undefined: nothing.
 *
 * @param list looks for the models on disk: only a request for few steps needs them
 */
export function fewStepsHint(
  request: Pick<ImageRequest, 'model' | 'steps'>,
  list: () => readonly Listed[],
): string | undefined {
  const { steps = few + 1 } = request;
  if (steps > few) return undefined;
  const models = list();
  const model = wantedModel(request, models);
  const usual = model?.defaults.steps;
  if (usual === undefined || usual < tooMany * steps) return undefined;
  const others = models.filter(
    ({ pipelineType, defaults }) =>
      pipelineType === model?.pipelineType &&
      defaults.width === model.defaults.width &&
      defaults.steps !== undefined &&
      defaults.steps <= few &&
      defaults.steps < usual,
  );
  if (others.length === 0) return undefined;
  const named = others.map(({ id, defaults }) => `${id} (${defaults.steps})`).join(', ');
  return `"${model?.id}" is made for about ${usual} steps. Models for ${steps} or so: ${named}`;
}
