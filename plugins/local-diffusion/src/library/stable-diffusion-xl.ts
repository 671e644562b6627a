import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readClipTextConfig } from '../networks/clip-text-config.js';
import { readUnetConfig } from '../networks/unet-config.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import { timeIdCount } from '../pipelines/size-conditioning.js';
import { conditionStableDiffusionXl } from '../pipelines/stable-diffusion-xl.js';
import type { TextEncoder } from '../pipelines/text-encoding.js';
import { type ImageParts, type OpenOptions, openModel, type TextPart } from './open-model.js';
import { openPenultimateTextEncoder } from './text-encoder.js';

export interface XlOpenOptions extends OpenOptions {
  /** Whether no negative prompt means zeros in place of the embedding of an empty text. */
  readonly zerosForNoNegativePrompt: boolean;
}

/**
 * Opens an SDXL base or refiner checkpoint; throws ERR_MODEL_FILES_INVALID like {@link openModel}.
 *
 * @param texts in the model's order: two for the base, the second alone for the refiner
 */
export async function openStableDiffusionXl(
  parts: ImageParts,
  texts: readonly TextPart[],
  options: XlOpenOptions,
): Promise<DiffusionModel> {
  const configs = texts.map(({ component }) => readClipTextConfig(component));
  const textWidth = configs.reduce((sum, { width }) => sum + width, 0);
  const readsAestheticScore = findsScore(parts, configs.at(-1)?.projectionWidth);
  return await openModel(
    parts,
    textWidth,
    async (networks) => {
      const encoders: TextEncoder[] = [];
      for (const text of texts) encoders.push(await openPenultimateTextEncoder(text, networks));
      const { zerosForNoNegativePrompt } = options;
      const textParts = { encoders, zerosForNoNegativePrompt, readsAestheticScore };
      return {
        refinesOnly: readsAestheticScore,
        condition: (request) => conditionStableDiffusionXl(textParts, request),
      };
    },
    options,
  );
}

/** Whether the network is told an aesthetic score, as the refiner is: the size of its input leaves room for so many numbers. */
function findsScore({ origin, unet }: ImageParts, pooledWidth: number | undefined): boolean {
  const { textTime } = readUnetConfig(unet);
  if (!textTime) {
    throw invalidFiles(
      `${origin}: the denoising network takes no pooled text and no sizes, which SDXL is told by.`,
    );
  }
  if (pooledWidth === undefined) {
    throw invalidFiles(`${origin}: text_encoder_2 has no projection, which SDXL takes its pooled text from.`);
  }
  const numbers = (textTime.inputSize - pooledWidth) / textTime.sinusoidSize;
  for (const readsAestheticScore of [false, true]) {
    if (numbers === timeIdCount(readsAestheticScore)) return readsAestheticScore;
  }
  throw invalidFiles(
    `${origin}: beside a pooled text ${pooledWidth} wide, the denoising network is told ${numbers} numbers; SDXL has 6 and its refiner 5.`,
    'Use parts of one model.',
  );
}
