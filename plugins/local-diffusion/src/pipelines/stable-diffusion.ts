import type { ConditioningRequest, ModelConditioning } from './diffusion-model.js';
import { embedTexts, type TextEncoder } from './text-encoding.js';

/** The conditioning of Stable Diffusion 1.x and 2.x: one text encoder's last hidden states. diffusers: `StableDiffusionPipeline.encode_prompt`. */
export async function conditionStableDiffusion(
  encoder: TextEncoder,
  { prompts, negativePrompts, isGuided, clipSkip }: ConditioningRequest,
): Promise<ModelConditioning> {
  const conditional = await embedTexts(encoder, prompts, clipSkip);
  // diffusers leaves layers out for the prompt only, never for the negative one.
  const unconditional = isGuided
    ? await embedTexts(encoder, negativePrompts ?? prompts.map(() => ''), 0)
    : undefined;
  return {
    conditional: { encoder_hidden_states: conditional.hidden },
    unconditional: unconditional && { encoder_hidden_states: unconditional.hidden },
    warnings: [...new Set([...conditional.warnings, ...(unconditional?.warnings ?? [])])],
  };
}
