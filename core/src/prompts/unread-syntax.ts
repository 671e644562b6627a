import type { Manifest, ValidImageRequest, Warning } from '@easel/plugin-sdk';

const network = 'a network';

/** What webui's prompts may have that is not words, by what it is. */
const kinds: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['a weight', /(?<!\\)\([^()\\]*:\s*\d*\.?\d+\s*\)/],
  ['prompt editing', /(?<!\\)\[[^[\]\\]*:\s*(?:\d+(?:\.\d*)?|\.\d+)\s*\]/],
  ['alternating words', /(?<!\\)\[[^[\]\\|]*\|[^[\]\\]*\]/],
  [network, /<(?:lora|lyco|hypernet):[^<>]*>/i],
  ['composition', /\bAND\b/],
];

/** A warning for each part of a prompt that webui would obey and a plugin hands on as words. */
export function warnOfUnreadSyntax(
  { prompt, negativePrompt = '' }: Pick<ValidImageRequest, 'prompt' | 'negativePrompt'>,
  { readsPromptSyntax, promptTags }: Pick<Manifest, 'readsPromptSyntax' | 'promptTags'>,
): Warning[] {
  if (readsPromptSyntax) return [];
  const texts = { prompt, negativePrompt };
  return Object.entries(texts).flatMap(([parameter, text]) =>
    kinds.flatMap(([name, pattern]): Warning[] => {
      const [found] = pattern.exec(text) ?? [];
      if (found === undefined || (name === network && promptTags.length > 0)) return [];
      const part = found.length > 40 ? `${found.slice(0, 40)}...` : found;
      return [
        {
          code: 'other',
          parameter,
          message: `"${part}" had no effect as ${name}: this plugin hands prompts on as they are.`,
        },
      ];
    }),
  );
}
