import type {
  Conditioning,
  ConditioningRequest,
  ModelConditioning,
} from '../../pipelines/diffusion-model.js';
import { embedT5Texts, type T5Encoder } from '../../prompt/t5-texts.js';
import { refuseInversions } from '../components/text-options.js';
import { readOptions } from './options.js';

/** Tokens of T5 that the model was trained with. */
const trainedTokens = 512;

/**
 * The conditioning of Chroma: T5's tokens, and which of them are seen: those of the text and, as in its
 * training, one of the padding. diffusers: `ChromaPipeline.encode_prompt`, which tells this by a mask that it
 * then adds to the scores, so that nothing is hidden.
 */
export async function conditionChroma(
  reading: T5Encoder,
  title: string,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts, isGuided, promptStyle } = request;
  refuseInversions(request.inversions, title);
  const tokens = readOptions(request.familyOptions).textTokens ?? trainedTokens;
  const warnings = new Set<string>();
  const embed = async (texts: readonly string[]): Promise<Conditioning> => {
    const embedded = await embedT5Texts(reading, texts, { tokens, promptStyle, hidesPadding: true });
    for (const warning of embedded.warnings) warnings.add(warning);
    const mask = embedded.used.flatMap((used) =>
      Array.from({ length: tokens }, (_, token) => (token <= used ? 1 : 0)),
    );
    return {
      encoder_hidden_states: embedded.hidden,
      text_mask: { data: Float32Array.from(mask), shape: [texts.length, tokens] },
    };
  };
  const conditional = await embed(prompts);
  const unconditional = isGuided ? await embed(negativePrompts ?? prompts.map(() => '')) : undefined;
  return { conditional, unconditional, warnings: [...warnings] };
}
