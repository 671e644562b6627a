import { EaselError, type Model } from '@easel/plugin-sdk';
import { distance } from 'fastest-levenshtein';
import { isInstalled } from '../model-files/resolve-source.js';
import type { Catalogue } from './catalogue.js';

const shown = 10;

/**
 * The model of an id, or of another name of it; of those that share the name the first that is installed, one
 * on this machine before others. Throws ERR_MODEL_UNKNOWN with the ids that exist, nearest
 * first.
 */
export function findModel(catalogue: Catalogue, id: string): Model {
  const model = catalogue.models.get(catalogue.aliases.get(id) ?? id);
  const found = model ?? firstOf(catalogue, id);
  if (found) return found;
  const ids = [...catalogue.models.keys()].sort((one, other) => distance(id, one) - distance(id, other));
  if (ids.length === 0 && catalogue.problems.length === 0) throw noModels();
  const list = ids.slice(0, shown).join(', ') + (ids.length > shown ? ` and ${ids.length - shown} more` : '');
  throw new EaselError({
    code: 'ERR_MODEL_UNKNOWN',
    field: 'model',
    message: `There is no model "${id.slice(0, 100)}"; there ${ids.length === 1 ? 'is' : 'are'}: ${list || 'none'}.`,
    ...(catalogue.problems.length > 0
      ? {
          hint: `Use one of those. Some catalogue files could not be read: ${catalogue.problems[0]?.message}`,
        }
      : {}),
  });
}

const noModels = () =>
  new EaselError({
    code: 'ERR_MODEL_UNKNOWN',
    field: 'model',
    message: 'There are no models: no catalogue folder has one.',
    hint: 'Install `easel`, which brings some, or name a folder or package of them under "catalogueFolders".',
  });

function firstOf(catalogue: Catalogue, group: string): Model | undefined {
  const models = (catalogue.groups.get(group) ?? []).flatMap((id) => catalogue.models.get(id) ?? []);
  const installed = models.filter(isInstalled);
  return installed.find(({ source }) => source.type !== 'provider') ?? installed[0] ?? models[0];
}
