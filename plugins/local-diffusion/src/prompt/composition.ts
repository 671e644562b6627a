/** One of the prompts that an image is composed of, and how much it counts. */
export interface PromptPart {
  readonly text: string;
  readonly weight: number;
}

const and = /\bAND\b/;
const weighted = /^(.*?)(?:\s*:\s*([-+]?(?:\d+\.?\d*|\.\d+)))?\s*$/s;

/**
 * Splits a prompt at `AND`, each part with the weight that may end it, as in `a cat AND a dog :1.2`
 * (`get_multicond_prompt_list` of stable-diffusion-webui's `modules/prompt_parser.py`). It differs once: where
 * there is no `AND`, a number at the end, as in `16:9`, is text.
 */
export function splitComposition(prompt: string): PromptPart[] {
  const parts = prompt.split(and);
  if (parts.length === 1) return [{ text: prompt, weight: 1 }];
  return parts.map((part) => {
    const [, text = part, weight = '1'] = weighted.exec(part) ?? [];
    return { text, weight: Number(weight) };
  });
}
