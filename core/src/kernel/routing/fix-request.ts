import type { Model, ValidImageRequest } from '@easel/plugin-sdk';
import type { Configuration } from '../../config/configuration.js';
import { withInstalledSource } from '../../model-files/resolve-source.js';
import type { Catalogue } from '../../models/catalogue.js';
import { findModel } from '../../models/find-model.js';
import { openModel } from '../../models/open-model.js';
import { fixPrompts, mayChoose } from '../../prompts/fix-prompts.js';
import type { RoutingTable } from '../registry/routing-table.js';
import type { FixedChoices } from './fixed-request.js';

/**
 * What a call is made with where its request leaves it open. Rejects with ERR_REQUEST_INVALID,
 * ERR_MODEL_UNKNOWN and ERR_MODEL_NOT_INSTALLED.
 */
export async function fixRequest(
  asked: ValidImageRequest,
  currentModel: string | undefined,
  world: {
    readonly catalogue: Catalogue;
    readonly table: RoutingTable;
    readonly configuration: Configuration;
    readonly drawSeed: () => number;
  },
): Promise<FixedChoices> {
  const model = modelOf(asked, currentModel, world);
  const seed = asked.seed ?? world.drawSeed();
  const prompts = mayChoose(asked, world.configuration)
    ? await fixPrompts(asked, seed, world.configuration)
    : undefined;
  return { model, seed, ...(prompts && { prompts }) };
}

/** The entry of the catalogue, with the place of what is installed, or a model that is in none. */
export function modelOf(
  { model: name }: ValidImageRequest,
  currentModel: string | undefined,
  { catalogue, table }: { readonly catalogue: Catalogue; readonly table: RoutingTable },
): Model {
  const isListed = name === undefined || catalogue.models.has(catalogue.aliases.get(name) ?? name);
  const open = isListed ? undefined : openModel(name, table);
  return open ?? withInstalledSource(findModel(catalogue, name ?? currentModel ?? ''));
}
