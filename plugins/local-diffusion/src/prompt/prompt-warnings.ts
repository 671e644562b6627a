import type { PromptChunk } from './chunks.js';
import { unreadEmbeddingNames } from './named-embeddings.js';
import type { Placeholder } from './placeholders.js';

const squareBrackets = /(?<!\\)\[([^[\]\\]*)\]/g;
/**
 * `[from:to:0.5]`, `[word:3]` and `[one|other]`: webui's prompt editing and alternating words
 * (`modules/prompt_parser.py`).
 */
const editing = /\||:\s*(?:\d+(?:\.\d*)?|\.\d+)\s*$/;
/** `a AND b:1.2`: webui's composition of prompts. */
const composition = /\bAND\b/;
/**
 * `<lora:name:0.8>`: webui's extra networks (`modules/extra_networks.py`). The kernel has taken LoRAs out of
 * the prompt.
 */
const networkTag = /<(?:lora|lyco|hypernet):[^<>]*>/gi;

const excerpt = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text);

/** A warning for each part of a prompt that other programs obey and this one reads as words. */
export function warnOfUnreadSyntax(prompt: string): string[] {
  return [
    ...[...prompt.matchAll(squareBrackets)]
      .filter(([, inner]) => editing.test(inner!))
      .map(
        ([part]) =>
          `"${excerpt(part)}" had no effect as prompt editing: its words are read from the first step to the last.`,
      ),
    ...(composition.test(prompt)
      ? ['"AND" had no effect as composition: what stands around it is read as one prompt.']
      : []),
    ...warnOfUnreadNames(prompt),
  ];
}

/** A warning for each network and embedding that a prompt names and that is not at hand. */
export function warnOfUnreadNames(prompt: string): string[] {
  return [
    ...[...prompt.matchAll(networkTag)].map(
      ([tag]) =>
        `"${excerpt(tag)}" had no effect as a network, and is read as words: only LoRAs are loaded, and by the prompt, not by the negative one.`,
    ),
    ...unreadEmbeddingNames(prompt).map(
      (name) =>
        `"${excerpt(name)}" had no effect as an embedding, and is read as words: give its file in the option embeddings.`,
    ),
  ];
}

/** A warning for each placeholder that no prompt has. */
export function warnOfUnusedPlaceholders(
  placeholders: readonly Placeholder[],
  prompts: readonly (readonly PromptChunk[])[],
): string[] {
  const used = new Set(prompts.flatMap((chunks) => chunks.flatMap(({ ids }) => ids)));
  return placeholders
    .filter(({ ids, isBundled }) => !isBundled && !ids.some((id) => used.has(id)))
    .map(({ word }) => `The textual inversion "${word}" had no effect: no prompt has the word.`);
}
