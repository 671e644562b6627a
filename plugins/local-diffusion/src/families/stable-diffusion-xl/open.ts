import { applyLoras } from '../../checkpoint/apply-loras.js';
import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { Lora } from '../../checkpoint/lora.js';
import {
  type ImageParts,
  type OpenedModel,
  type OpenOptions,
  openModel,
  type TextPart,
} from '../../models/open-model.js';
import { readClipTextConfig } from '../../networks/clip/clip-text-config.js';
import { readUnetConfig } from '../../networks/unet/unet-config.js';
import { addPenultimateTextEncoder } from '../components/clip-text-encoder.js';
import { conditionStableDiffusionXl } from './conditioning.js';
import { timeIdCount } from './size-conditioning.js';

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
): Promise<OpenedModel> {
  const configs = texts.map(({ component }) => readClipTextConfig(component));
  const textWidth = configs.reduce((sum, { width }) => sum + width, 0);
  const readsAestheticScore = findsScore(parts, configs.at(-1)?.projectionWidth);
  const { unet, texts: changed } = withLoras(parts.unet, texts, options.loras ?? []);
  return await openModel(
    { ...parts, unet },
    changed,
    (networks) => {
      const encoders = changed.map((text) => addPenultimateTextEncoder(text, networks));
      const { zerosForNoNegativePrompt } = options;
      const textParts = { encoders, zerosForNoNegativePrompt, readsAestheticScore };
      return {
        textWidth,
        refinesOnly: readsAestheticScore,
        condition: (request) => conditionStableDiffusionXl(textParts, request),
      };
    },
    options,
  );
}

/** The refiner's only text encoder is the second of the base. */
function withLoras(unet: Component, texts: readonly TextPart[], loras: readonly Lora[]) {
  const [textEncoder2, textEncoder] = texts.map(({ component }) => component).reverse();
  const applied = applyLoras({ unet, textEncoder, textEncoder2 }, loras);
  const components = textEncoder ? [applied.textEncoder, applied.textEncoder2] : [applied.textEncoder2];
  return {
    unet: applied.unet,
    texts: texts.map((text, index) => ({ ...text, component: components[index] ?? text.component })),
  };
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
