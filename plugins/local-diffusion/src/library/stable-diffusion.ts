import { readClipTextConfig } from '../networks/clip-text-config.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import { conditionStableDiffusion } from '../pipelines/stable-diffusion.js';
import { type ImageParts, type OpenOptions, openModel, type TextPart } from './open-model.js';
import { openTextEncoder } from './text-encoder.js';

/** Opens a Stable Diffusion 1.x or 2.x checkpoint; throws ERR_MODEL_FILES_INVALID like {@link openModel}. */
export async function openStableDiffusion(
  parts: ImageParts,
  text: TextPart,
  options: OpenOptions,
): Promise<DiffusionModel> {
  return await openModel(
    parts,
    readClipTextConfig(text.component).width,
    async (networks) => {
      const encoder = await openTextEncoder(text, networks);
      return { refinesOnly: false, condition: (request) => conditionStableDiffusion(encoder, request) };
    },
    options,
  );
}
