import type { ConditioningRequest, ModelConditioning } from '../../pipelines/diffusion-model.js';
import { embedTexts, type TextEncoder } from '../../prompt/text-encoding.js';

/**
 * The conditioning of Stable Diffusion 1.x and 2.x: one text encoder's last hidden states. diffusers:
 * `StableDiffusionPipeline.encode_prompt`.
 */
export async function conditionStableDiffusion(
  encoder: TextEncoder,
  request: ConditioningRequest,
): Promise<ModelConditioning> {
  const { prompts, negativePrompts = prompts.map(() => ''), isGuided } = request;
  const texts = { prompts, negativePrompts: isGuided ? negativePrompts : undefined };
  const { conditional, unconditional, warnings } = await embedTexts([encoder], [texts], request);
  return {
    conditional: { encoder_hidden_states: conditional[0]!.hidden },
    unconditional: unconditional && { encoder_hidden_states: unconditional[0]!.hidden },
    warnings,
  };
}
