import { type ValidImageRequest, type Warning, warningSchema } from '@easel/plugin-sdk';
import { z } from 'zod';
import { expandPrompt } from './expand-prompt.js';
import { Wildcards } from './wildcards.js';

/** What the prompts of a request have become in which something was to be chosen. */
export const fixedPromptsSchema = z.object({
  prompt: z.string(),
  negativePrompt: z.string().optional(),
  template: z
    .object({ prompt: z.string().optional(), negativePrompt: z.string().optional() })
    .describe('What was written of those in which something was chosen.'),
  warnings: z.array(warningSchema),
});
export type FixedPrompts = z.output<typeof fixedPromptsSchema>;

/** What the configuration says of it. */
interface Settings {
  readonly dynamicPrompts: boolean;
  readonly wildcardFolder?: string | undefined;
}

/** Whether it is wanted for a request, and there may be something to choose. */
export const mayChoose = (
  { prompt, negativePrompt = '', expandPrompt }: ValidImageRequest,
  { dynamicPrompts }: Settings,
): boolean => (expandPrompt ?? dynamicPrompts) && /[{}]|__/.test(prompt + negativePrompt);

/**
 * Chooses the parts of both prompts of a request; the same seed makes the same choice. Undefined where there
 * is nothing to choose. Throws ERR_REQUEST_INVALID as {@link expandPrompt} does.
 */
export async function fixPrompts(
  { prompt, negativePrompt }: ValidImageRequest,
  seed: number,
  { wildcardFolder }: Settings,
): Promise<FixedPrompts | undefined> {
  const random = seededRandom(seed);
  const wildcards = wildcardFolder === undefined ? undefined : new Wildcards(wildcardFolder);
  const positive = await expandPrompt(prompt, random, wildcards);
  const negative = negativePrompt && (await expandPrompt(negativePrompt, random, wildcards));
  if (!positive && !negative) return undefined;
  const tell = (parameter: string, warnings: readonly string[] = []): Warning[] =>
    warnings.map((message) => ({ code: 'other', parameter, message }));
  return {
    // A prompt has at least one character.
    prompt: (positive?.text ?? prompt) || ' ',
    negativePrompt: negative ? negative.text : negativePrompt,
    template: { ...(positive && { prompt }), ...(negative && { negativePrompt }) },
    warnings: [
      ...tell('prompt', positive?.warnings),
      ...tell('negativePrompt', negative ? negative.warnings : []),
    ],
  };
}

/** A request with the prompts that are used in it. */
export const withPrompts = (asked: ValidImageRequest, fixed: FixedPrompts | undefined): ValidImageRequest =>
  fixed ? { ...asked, prompt: fixed.prompt, negativePrompt: fixed.negativePrompt } : asked;

/** Mulberry32: numbers from 0 up to 1, the same for the same seed. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
