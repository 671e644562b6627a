import type { Placeholder } from './placeholders.js';

/** `embedding:name`: how ComfyUI's prompts name a textual inversion (`comfy/sd1_clip.py`). */
const namePattern = /(?<![\p{L}\p{N}_])embedding:([^\s,:()[\]]+)/gu;

/** A text with the words alone where textual inversions that are at hand are named so. */
export const readEmbeddingNames = (text: string, placeholders: readonly Placeholder[]): string =>
  text.replace(namePattern, (whole, name: string) =>
    placeholders.some(({ word }) => word.toLowerCase() === name.toLowerCase()) ? name : whole,
  );

/** The names that are left, as they stand in the text. */
export const unreadEmbeddingNames = (text: string): string[] =>
  [...text.matchAll(namePattern)].map(([whole]) => whole);
