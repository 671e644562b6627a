/**
 * Signatures of thoughts: which parts of an answer have one, and which the service wants back. Images of the
 * answer and its first words have one, thoughts have none, and what a user sends has none:
 * ai.google.dev/gemini-api/docs/image-generation, "Thought signatures", and
 * docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { ImageModel } from './models.js';

/** Words or an image, and the marks of a part. */
interface MarkedPart {
  readonly text?: string;
  readonly inlineData?: { readonly data: string };
  readonly thought?: boolean | undefined;
  readonly thoughtSignature?: string | undefined;
}
export interface MarkedContent {
  readonly role?: string | undefined;
  readonly parts: readonly MarkedPart[];
}

/** @param data words, or an image as base64 */
export const signatureOf = (data: string): string => createHash('sha256').update(data).digest('base64');

/** What is wrong with the turns of a conversation. Undefined: nothing. */
export function problemOfTurns(
  contents: readonly MarkedContent[],
  { isLenient = false }: Pick<ImageModel, 'isLenient'>,
): string | undefined {
  if (contents.at(-1)?.role === 'model') return 'Please ensure that multiturn requests end with a user role.';
  for (const [turn, { role, parts }] of contents.entries())
    for (const [index, part] of parts.entries()) {
      const { text, inlineData, thoughtSignature: signature, thought = false } = part;
      const where = `in content position ${turn + 1}, part position ${index + 1}`;
      if (role !== 'model' && signature !== undefined)
        return `Thought signatures belong to parts of the model ${where}.`;
      if (signature !== undefined && signature !== signatureOf(text ?? inlineData?.data ?? ''))
        return `Corrupted thought signature ${where}.`;
      const isImage = inlineData !== undefined && !thought;
      if (role === 'model' && isImage && signature === undefined && !isLenient)
        return `Image part is missing a thought_signature ${where}.`;
    }
  return undefined;
}
