import { invalidFiles } from '../checkpoint/invalid-files.js';
import { chroma } from './chroma/index.js';
import type { Family } from './family.js';
import { flux } from './flux/index.js';
import { flux2 } from './flux-2/index.js';
import { foreignFile } from './foreign-files.js';
import { qwenImage } from './qwen-image/index.js';
import type { FileVariant, Tensors } from './single-file-layout.js';
import { stableDiffusion } from './stable-diffusion/index.js';
import { stableDiffusion3 } from './stable-diffusion-3/index.js';
import { stableDiffusionXl } from './stable-diffusion-xl/index.js';
import { zImage } from './z-image/index.js';

/** All kinds of model that the engine runs. */
export const families: readonly Family[] = [
  stableDiffusion,
  stableDiffusionXl,
  stableDiffusion3,
  flux,
  chroma,
  zImage,
  flux2,
  qwenImage,
];

/** The family of a pipeline class, as `model_index.json` names it; undefined for others. */
export function familyOfClass(className: string, among: readonly Family[]): Family | undefined {
  return among.find(({ models }) => models.pipelineClasses.includes(className));
}

/**
 * The family of a checkpoint in one .safetensors file, and which of its models it is.
 *
 * @param path for messages
 * @throws ERR_MODEL_FILES_INVALID saying what the file is instead
 */
export function familyOfFile(
  path: string,
  tensors: Tensors,
  among: readonly Family[],
): { readonly family: Family; readonly variant: FileVariant } {
  const found = among.flatMap((family) => {
    const recognised = family.singleFile?.recognise(path, tensors);
    return recognised ? [{ family, ...recognised }] : [];
  });
  const best = found.find(({ isCertain }) => isCertain) ?? found[0];
  if (best) return best;
  const what = foreignFile(tensors.keys());
  const marks = [...new Set(among.flatMap(({ singleFile }) => singleFile?.mark ?? []))];
  throw invalidFiles(
    `${path} is not a checkpoint that this engine runs: it has no ${marks.map((mark) => `"${mark}"`).join(' and no ')}${what ? `, and looks like ${what}` : ''}.`,
    `Use a checkpoint of ${among.map(({ title }) => title).join(' or ')} in one .safetensors file, or a diffusers folder.`,
  );
}
