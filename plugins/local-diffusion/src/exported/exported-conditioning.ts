import { join } from 'node:path';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { openTokenizer } from '../families/components/clip-text-encoder.js';
import { conditionStableDiffusion } from '../families/stable-diffusion/conditioning.js';
import { conditionStableDiffusionXl } from '../families/stable-diffusion-xl/conditioning.js';
import { timeIdCount } from '../families/stable-diffusion-xl/size-conditioning.js';
import type { TextSide } from '../models/open-model.js';
import type { PipelineIndex } from '../models/pipeline-index.js';
import { type Dialect, penultimateTextEncoderDialect, textEncoderDialect } from './dialects.js';
import type { ExportedNetwork } from './exported-network.js';
import { exportedPenultimateTextEncoder, exportedTextEncoder } from './exported-text.js';

/** Opens the network of a part of the folder. */
export type OpenPart = (part: string, dialect: Dialect) => Promise<ExportedNetwork>;

/** What the text encoders and tokenizers of a model have behind their names. */
export const suffixesOf = ({ family, hasFirstTextEncoder }: PipelineIndex): readonly string[] =>
  family === 'sd' ? [''] : hasFirstTextEncoder ? ['', '_2'] : ['_2'];

/**
 * The text side of an exported model: one encoder, or SDXL's two, or its refiner's one.
 *
 * @throws ERR_MODEL_FILES_INVALID for encoders and a denoiser that are not of the family
 */
export async function exportedConditioning(
  folder: string,
  index: PipelineIndex,
  denoiser: ExportedNetwork,
  open: OpenPart,
): Promise<TextSide> {
  const tokenizerOf = (suffix: string) => openTokenizer(join(folder, `tokenizer${suffix}`));
  if (index.family === 'sd') {
    if (denoiser.shapeOf('text_embeds') || denoiser.shapeOf('time_ids'))
      throw invalidFiles(
        `${join(folder, 'unet', 'model.onnx')} is told a pooled text and sizes, as SDXL's is; the folder is of Stable Diffusion.`,
        'Use parts of one model.',
      );
    const encoder = exportedTextEncoder(
      await open('text_encoder', textEncoderDialect),
      await tokenizerOf(''),
    );
    return { refinesOnly: false, condition: (request) => conditionStableDiffusion(encoder, request) };
  }
  const readsAestheticScore = findsScore(folder, index, denoiser);
  const encoders = [];
  for (const suffix of suffixesOf(index)) {
    const part = `text_encoder${suffix}`;
    const network = await open(part, penultimateTextEncoderDialect);
    const file = join(folder, part, 'model.onnx');
    encoders.push(exportedPenultimateTextEncoder(file, network, await tokenizerOf(suffix)));
    if (suffix === '_2' && !network.outputNames.includes('text_embeds'))
      throw invalidFiles(`${file} has no projection, which SDXL takes its pooled text from.`);
  }
  const { zerosForNoNegativePrompt } = index;
  const parts = { encoders, zerosForNoNegativePrompt, readsAestheticScore };
  return {
    refinesOnly: readsAestheticScore,
    condition: (request) => conditionStableDiffusionXl(parts, request),
  };
}

/** Whether the network is told an aesthetic score, as the refiner is. */
function findsScore(folder: string, { hasFirstTextEncoder }: PipelineIndex, denoiser: ExportedNetwork) {
  const numbers = denoiser.shapeOf('time_ids')?.[1];
  if (!denoiser.shapeOf('text_embeds') || numbers === undefined) {
    throw invalidFiles(
      `${join(folder, 'unet', 'model.onnx')} takes no pooled text and no sizes, which SDXL is told by.`,
      'Use parts of one model.',
    );
  }
  // Where the file leaves it open: the refiner has only the second text encoder.
  if (typeof numbers !== 'number') return !hasFirstTextEncoder;
  for (const readsAestheticScore of [false, true])
    if (numbers === timeIdCount(readsAestheticScore)) return readsAestheticScore;
  throw invalidFiles(
    `${join(folder, 'unet', 'model.onnx')} is told ${numbers} numbers; SDXL has 6 and its refiner 5.`,
  );
}
