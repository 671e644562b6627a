import type { Model, ValidImageRequest } from '@easel/plugin-sdk';
import type { Configuration } from '../../config/configuration.js';
import { withInstalledSource } from '../../model-files/resolve-source.js';
import type { Catalogue } from '../../models/catalogue.js';
import { findModel } from '../../models/find-model.js';
import { fixPrompts, mayChoose } from '../../prompts/fix-prompts.js';
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
    readonly configuration: Configuration;
    readonly drawSeed: () => number;
  },
): Promise<FixedChoices> {
  const model = modelOf(asked, currentModel, world.catalogue);
  const seed = asked.seed ?? world.drawSeed();
  const prompts = mayChoose(asked, world.configuration)
    ? await fixPrompts(asked, seed, world.configuration)
    : undefined;
  return { model, seed, ...(prompts && { prompts }) };
}

/** The entry of the catalogue, with the place of what is installed. */
export const modelOf = (
  { model }: ValidImageRequest,
  currentModel: string | undefined,
  catalogue: Catalogue,
): Model => withInstalledSource(findModel(catalogue, model ?? currentModel ?? ''));
