import { join } from 'node:path';
import { openComponent } from '../checkpoint/component.js';
import { readText } from '../checkpoint/read-file.js';
import { readSchedulerConfig } from '../sampling/scheduler-config/scheduler-config.js';
import { withAutoencoder } from './autoencoder-option.js';
import type { Checkpoint, ReadOptions } from './checkpoint.js';
import { componentNamesOf, type PipelineIndex } from './pipeline-index.js';

/** What a folder may be read with. */
export interface ReadFolderOptions extends ReadOptions {
  /** Folders of components that do not have their component's name. Absent: all have. */
  readonly folders?: Readonly<Record<string, string>> | undefined;
}

/**
 * Reads a checkpoint in diffusers' layout.
 *
 * @throws ERR_MODEL_FILES_INVALID for files that are missing or damaged
 */
export async function readFolder(
  folder: string,
  index: PipelineIndex,
  { folders = {}, vae }: ReadFolderOptions = {},
): Promise<Checkpoint> {
  const schedulerFile = join(folder, 'scheduler', 'scheduler_config.json');
  const [schedulerText, ...entries] = await Promise.all([
    readText(schedulerFile),
    ...componentNamesOf(folder, index).map(async (name) => {
      const component = await openComponent(join(folder, folders[name] ?? name));
      const named = index.family.components[name]?.kind.named;
      return [name, named ? { ...component, tensors: named(component.tensors) } : component] as const;
    }),
  ]);
  return {
    origin: folder,
    family: index.family,
    index: index.keys,
    components: await withAutoencoder(Object.fromEntries(entries), vae, index.family),
    tokenizer: (name) => ({ folder: join(folder, name) }),
    schedulerConfig: readSchedulerConfig(schedulerText, schedulerFile),
    files: [schedulerFile],
    warnings: [],
  };
}
