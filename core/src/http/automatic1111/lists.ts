import { freemem, totalmem } from 'node:os';
import type { TensorFileList } from '../../model-files/list-tensor-files.js';
import type { AvailableModel } from '../../models/available-models.js';

const unique = (names: readonly string[]): string[] => [...new Set(names)];

/** The samplers of the models that can be used, as Automatic1111 lists its own. */
export const listSamplers = (models: readonly AvailableModel[]) =>
  unique(models.flatMap(({ choices }) => choices.samplers)).map((name) => ({
    name,
    aliases: [],
    options: {},
  }));

/** The schedules of the models that can be used, and "Automatic", which is none. */
export const listSchedules = (models: readonly AvailableModel[]) =>
  unique(['Automatic', ...models.flatMap(({ choices }) => choices.schedules)]).map((label) => ({
    name: label.toLowerCase().replaceAll(' ', '_'),
    label,
    aliases: null,
    default_rho: -1,
    need_inner_model: false,
  }));

/** Models as Automatic1111 lists its checkpoint files. */
export const listModels = (models: readonly AvailableModel[]) =>
  models.map(({ id }) => ({
    title: id,
    model_name: id,
    hash: null,
    sha256: null,
    filename: id,
    config: null,
  }));

/** Tag of prompts that Automatic1111 has for LoRAs. */
const loraTag = 'lora';

/**
 * LoRAs as Automatic1111 lists them, with paths below the model folders: none where no model that can be used
 * takes them by its tag.
 */
export async function listLoras(
  files: TensorFileList,
  models: readonly AvailableModel[],
  folders: readonly string[],
) {
  const tags = models.flatMap(({ choices }) => choices.promptTags).filter(({ tag }) => tag === loraTag);
  const endings = unique(tags.flatMap(({ tensorEndings }) => tensorEndings));
  if (endings.length === 0) return [];
  const found = await files.list(endings, { models: new Map(), folders });
  return found.map(({ name, path }) => ({ name, alias: name, path, metadata: {} }));
}

/** How the first image of two passes is enlarged. */
export const upscalers = ['None', 'Lanczos'].map((name) => ({
  name,
  model_name: null,
  model_path: null,
  model_url: null,
  scale: 4,
}));

/** Bytes of this machine's memory. Of a graphics card's nothing is known here: the plugins have it. */
export function memoryOf() {
  const [free, total] = [freemem(), totalmem()];
  return {
    ram: { free, used: total - free, total },
    cuda: { error: 'unavailable' },
  };
}
