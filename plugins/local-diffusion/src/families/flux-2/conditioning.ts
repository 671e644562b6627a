import { EaselError } from '@easel/plugin-sdk';
import type {
  Conditioning,
  ConditioningRequest,
  ModelConditioning,
} from '../../pipelines/diffusion-model.js';
import { fillIds, fillRows, prepareChatTexts } from '../../prompt/chat-texts.js';
import type { LayeredEncoder } from '../components/qwen-text-encoder.js';
import { refuseInversions } from '../components/text-options.js';
import { readOptions } from './options.js';

/** Tokens that a text is cut at or filled up to, those of the chat template counted. */
const trainedTokens = 512;
/** The answer begins without a thought. */
const thought = '<think>\n\n</think>\n\n';

/**
 * The conditioning of FLUX.2 klein. The tokens that fill a text up are read like its own: hidden from the
 * text encoder as keys, and what it makes of them goes into the denoising network. diffusers:
 * `Flux2KleinPipeline.encode_prompt`.
 */
export async function conditionFlux2(
  reading: LayeredEncoder,
  title: string,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts, isGuided, promptStyle, inversions } = request;
  refuseInversions(inversions, title);
  const { textTokens: tokens = trainedTokens, textLayers: layers } = readOptions(request.familyOptions);
  if (layers) refuseLayers(layers, reading.states);
  const negative = isGuided ? (negativePrompts ?? prompts.map(() => '')) : [];
  const texts = [...prompts, ...negative];
  const { ids, warnings } = prepareChatTexts(reading, texts, { tokens, thought, promptStyle, title });
  const known = new Map<string, Float32Array>();
  for (const [index, row] of ids.entries()) {
    const text = texts[index]!;
    if (!known.has(text))
      known.set(text, await reading.encode([fillIds(reading, row, tokens)], [row.length], layers));
  }
  const conditioningOf = (rows: readonly string[]): Conditioning => ({
    encoder_hidden_states: fillRows(
      rows.map((text) => known.get(text)!),
      tokens,
      reading.width,
    ),
  });
  return {
    conditional: conditioningOf(prompts),
    unconditional: isGuided ? conditioningOf(negative) : undefined,
    warnings,
  };
}

/** @throws ERR_REQUEST_INVALID for other layers than the text encoder has, and more or fewer than are read */
function refuseLayers(asked: readonly number[], { read, layers }: LayeredEncoder['states']): void {
  if (asked.length === read.length && asked.every((layer) => layer <= layers)) return;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'options.textLayers',
    message: `textLayers: the model reads ${read.length} layers of the ${layers} of its text encoder, such as ${read.join(', ')}, and not ${asked.join(', ')}.`,
  });
}
