import type { ChosenModel, OfferedModel } from '@easel/core/scale';

/** Jobs of which it was not known, when they were accepted, which model makes them. */
export const unknownLane = 'jobs';

/** Jobs that wait together: those of one provider, or of one model whose files are with the workers. */
export const laneOf = ({ id, pipelineType, source }: ChosenModel): string =>
  lane({ id, pipelineType, isHosted: source.type === 'provider' });

const lane = ({
  id,
  pipelineType,
  isHosted,
}: Pick<OfferedModel, 'id' | 'pipelineType' | 'isHosted'>): string =>
  isHosted ? laneOfProvider(pipelineType) : `model/${id}`;

/** Whether a worker loads a model for the jobs of a lane. */
export const isOfModel = (lane: string): boolean => lane.startsWith('model/');

export const laneOfProvider = (pipelineType: string): string => `provider/${pipelineType}`;

/** Jobs that wait for the worker with a storage folder, as they may have been paid there. */
export const laneOfHome = (storageId: string): string => `home/${storageId}`;

export const isHome = (lane: string): boolean => lane.startsWith('home/');

/** Pipeline types of the models that providers have. */
export const providersOf = (models: readonly OfferedModel[]): string[] => [
  ...new Set(models.filter(({ isHosted }) => isHosted).map(({ pipelineType }) => pipelineType)),
];

/** Whether a provider does the jobs of a lane, which may be asked so often only. */
export const isOfProvider = (lane: string): boolean => lane.startsWith('provider/');

/** The lanes that a worker can do which can make images with these models. */
export const lanesOf = (models: readonly OfferedModel[]): string[] => [
  ...new Set([unknownLane, ...models.filter(({ available }) => available).map(lane)]),
];

/**
 * The lane of a request that could not be fixed where it was accepted, such as at a gateway without the files
 * of its model.
 *
 * @param name of the model, as the request has it
 */
export function laneOfName(models: readonly OfferedModel[], name: string | undefined): string {
  const found = models.find(({ id, aliases, current }) =>
    name === undefined ? current : id === name || aliases?.includes(name),
  );
  return found ? lane(found) : unknownLane;
}
