import { stat } from 'node:fs/promises';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { openLora } from '../checkpoint/lora.js';
import { isExported } from '../exported/exported-files.js';
import type { Family } from '../families/family.js';
import { families as allFamilies } from '../families/index.js';
import { NetworkMemory } from '../session/network-memory.js';
import type { Checkpoint } from './checkpoint.js';
import { withControlNets } from './controlnet-option.js';
import type { ModelFiles } from './model-files.js';
import { mountCheckpoint } from './mount-checkpoint.js';
import { openExportedFolder } from './open-exported.js';
import type { OpenedModel } from './opened-model.js';
import { readPipelineIndex } from './pipeline-index.js';
import { type ReadFolderOptions, readFolder } from './read-folder.js';
import { type ReadSingleFileOptions, readSingleFile, requireComponents } from './read-single-file.js';
import { withPrediction } from './told-prediction.js';

/** How a model is opened, beside its files. */
export interface OpenOptions
  extends Pick<ReadFolderOptions, 'folders'>,
    Pick<ReadSingleFileOptions, 'configFolder' | 'families'> {
  /** Where its networks are opened. Absent: in a memory of its own, on the processor. */
  readonly memory?: NetworkMemory | undefined;
}

/**
 * Opens a model: a diffusers folder, an export of one to ONNX, or a single file of tensors, whatever its
 * name, of any family.
 *
 * @throws ERR_MODEL_FILES_INVALID for files that are of no family, missing or damaged, or do not fit each
 * other
 */
export async function openModel(files: ModelFiles, options: OpenOptions = {}): Promise<OpenedModel> {
  const { path, vae, loras = [], tinyDecoder, predictionType, arithmetic } = files;
  const { families = allFamilies, memory = new NetworkMemory({}) } = options;
  if (await isFile(path)) {
    const file = await readSingleFile(path, { ...options, vae, predictionType });
    requireComponents(file);
    return await mount(file, files, { families, memory });
  }
  const index = await readPipelineIndex(path, families);
  if (await isExported(path, index.family.denoiser)) {
    return await openExportedFolder(path, index, memory, {
      loras,
      controlNets: files.controlNets ?? [],
      vae,
      tinyDecoder,
      predictionType,
      arithmetic,
    });
  }
  return await mount(await readFolder(path, index, { ...options, vae }), files, { families, memory });
}

async function mount(
  checkpoint: Checkpoint,
  { loras: paths = [], controlNets = [], tinyDecoder, predictionType, arithmetic }: ModelFiles,
  { families, memory }: { readonly families: readonly Family[]; readonly memory: NetworkMemory },
): Promise<OpenedModel> {
  const { origin, family } = checkpoint;
  if (paths.length > 0 && !family.loras) throw invalidFiles(`${origin}: ${family.title} takes no LoRAs.`);
  const targets = family.loras?.targets ?? [];
  const loras = await Promise.all(paths.map((path) => openLora(path, targets)));
  const components = await withControlNets(checkpoint.components, controlNets, family);
  const told = { ...checkpoint, ...withPrediction(checkpoint, predictionType), components };
  return await mountCheckpoint(told, { memory, loras, tinyDecoder, arithmetic }, families);
}

/** Also what is not there and has the name of a file of tensors, for the message. */
const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isFile(),
    () => /\.(safetensors|sft|gguf)$/i.test(path),
  );
