import { applyLoras } from '../../checkpoint/apply-loras.js';
import {
  type ImageParts,
  type OpenedModel,
  type OpenOptions,
  openModel,
  type TextPart,
} from '../../models/open-model.js';
import { readClipTextConfig } from '../../networks/clip/clip-text-config.js';
import { addTextEncoder } from '../components/clip-text-encoder.js';
import { conditionStableDiffusion } from './conditioning.js';

/** Opens a Stable Diffusion 1.x or 2.x checkpoint; throws ERR_MODEL_FILES_INVALID like {@link openModel}. */
export async function openStableDiffusion(
  parts: ImageParts,
  text: TextPart,
  options: OpenOptions,
): Promise<OpenedModel> {
  const own = { unet: parts.unet, textEncoder: text.component };
  const { unet, textEncoder } = applyLoras(own, options.loras ?? []);
  const changed = { ...text, component: textEncoder };
  return await openModel(
    { ...parts, unet },
    [changed],
    (networks) => {
      const encoder = addTextEncoder(changed, networks);
      return {
        textWidth: readClipTextConfig(textEncoder).width,
        refinesOnly: false,
        condition: (request) => conditionStableDiffusion(encoder, request),
      };
    },
    options,
  );
}
