import type { AvailableModel } from './available-models.js';
import type { Catalogue } from './catalogue.js';

/**
 * Id of the first model that can be used, one on this machine before one that may cost something; or else of
 * the first. Undefined: there is none.
 */
export function firstModel(models: readonly AvailableModel[], catalogue: Catalogue): string | undefined {
  const usable = models.filter(({ available }) => available);
  const isHere = ({ id }: AvailableModel) =>
    ['folder', 'file'].includes(catalogue.models.get(id)?.source.type ?? '');
  return (usable.find(isHere) ?? usable[0] ?? models[0])?.id;
}
