import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EaselError, type Model } from '@easel/plugin-sdk';
import type { Configuration } from '../config/configuration.js';
import { parseJson } from '../parse-json.js';
import { parseModel } from './parse-model.js';

export interface Catalogue {
  readonly models: ReadonlyMap<string, Model>;
  /** Ids of models by the other names that the configuration gives them. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Ids of models that are the same one at several providers, by the name that they have in common. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Files that could not be used, and why; they never hide the others. */
  readonly problems: readonly EaselError[];
}

/**
 * The models that are given, and every `*.json` of the catalogue folders; later folders add to earlier ones.
 * An alias that is an id of a model, or leads to none, is a problem.
 */
export function readCatalogue({
  givenModels,
  catalogueFolders,
  modelAliases,
}: Pick<Configuration, 'givenModels' | 'catalogueFolders' | 'modelAliases'>): Catalogue {
  const models = new Map<string, Model>(givenModels.map((model) => [model.id, model]));
  const problems: EaselError[] = [];
  for (const folder of catalogueFolders.filter((path) => existsSync(path))) {
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith('.json')) continue;
      try {
        const model = readModel(folder, join(folder, name));
        if (models.has(model.id))
          throw invalid(join(folder, name), `id: "${model.id}" is already in the catalogue`);
        models.set(model.id, model);
      } catch (error) {
        if (!EaselError.isInstance(error)) throw error;
        problems.push(error);
      }
    }
  }
  const aliases = new Map<string, string>();
  for (const [alias, id] of Object.entries(modelAliases)) {
    if (models.has(alias)) problems.push(invalid('modelAliases', `"${alias}" is the id of a model`));
    else if (!models.has(id))
      problems.push(invalid('modelAliases', `there is no model "${id}" for "${alias}"`));
    else aliases.set(alias, id);
  }
  return { models, aliases, groups: groupsOf(models), problems };
}

function groupsOf(models: ReadonlyMap<string, Model>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, sameAs } of models.values())
    if (sameAs !== undefined) groups.set(sameAs, [...(groups.get(sameAs) ?? []), id]);
  return groups;
}

function readModel(folder: string, file: string): Model {
  let json: unknown;
  try {
    json = parseJson(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw invalid(file, `cannot be read (${(cause as Error).message})`, cause);
  }
  return parseModel(json, file, folder);
}

const invalid = (file: string, what: string, cause?: unknown) =>
  new EaselError({ code: 'ERR_CATALOGUE_INVALID', message: `${file}: ${what}.`, cause });
