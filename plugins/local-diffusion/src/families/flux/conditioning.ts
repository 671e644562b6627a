import type {
  Conditioning,
  ConditioningRequest,
  GuidanceRequest,
  ModelConditioning,
} from '../../pipelines/diffusion-model.js';
import { embedT5Texts, type T5Encoder } from '../../prompt/t5-texts.js';
import { embedTexts, type TextEncoder } from '../../prompt/text-encoding.js';
import { refuseInversions } from '../components/text-options.js';
import { readOptions } from './options.js';

/** The text side of a FLUX checkpoint. */
export interface FluxTextParts {
  /** CLIP: its pooled text is told with the time. */
  readonly pooling: TextEncoder;
  /** T5: its tokens are read beside those of the image. */
  readonly reading: T5Encoder;
  /** Tokens of T5 that the model was trained with. */
  readonly textTokens: number;
}

/** The conditioning of FLUX.1. diffusers: `FluxPipeline.encode_prompt`. */
export async function conditionFlux(
  parts: FluxTextParts,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts, isGuided, promptStyle } = request;
  refuseInversions(request.inversions, 'FLUX');
  const tokens = readOptions(request.familyOptions).textTokens ?? parts.textTokens;
  const warnings = new Set<string>();
  const embed = async (texts: readonly string[]): Promise<Conditioning> => {
    const { hidden, warnings: own } = await embedT5Texts(parts.reading, texts, { tokens, promptStyle });
    for (const warning of own) warnings.add(warning);
    // What CLIP has no room for, T5 reads: its warnings would not be true.
    const { conditional } = await embedTexts([parts.pooling], [{ prompts: texts }], {
      promptStyle,
      clipSkip: 0,
    });
    return { encoder_hidden_states: hidden, pooled_projections: conditional[0]!.pooled! };
  };
  const conditional = await embed(prompts);
  const unconditional = isGuided ? await embed(negativePrompts ?? prompts.map(() => '')) : undefined;
  return { conditional, unconditional, warnings: [...warnings] };
}

/** Guidance by a second prediction: only where there is something to be led away from, as in diffusers. */
export function trueCfgScale({ negativePrompts, familyOptions }: GuidanceRequest): number {
  return negativePrompts === undefined ? 1 : (readOptions(familyOptions).trueCfgScale ?? 1);
}
