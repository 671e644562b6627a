import type { Image, Warning } from '@easel/plugin-sdk';
import type { ImageResult } from '../../results/image-result.js';

/** Tokens are not counted here; the fields are there because clients declare them so. */
export const usage = {
  input_tokens: 0,
  output_tokens: 0,
  total_tokens: 0,
  input_tokens_details: { image_tokens: 0, text_tokens: 0 },
};

/** What Easel adds to OpenAI's answer: where the pictures come from and what was done otherwise than asked. */
export const provenanceOf = (
  { provenance, warnings, cost, timings }: ImageResult,
  more: readonly Warning[],
) => ({
  provenance,
  warnings: [...warnings, ...more],
  timings,
  ...(cost ? { cost } : {}),
});

export const secondsNow = (): number => Math.floor(Date.now() / 1_000);
export const formatOf = ({ mediaType }: Pick<Image, 'mediaType'>): string =>
  mediaType.replace(/^image\//, '');
export const sizeOf = ({ width, height }: Pick<Image, 'width' | 'height'>): string => `${width}x${height}`;

/**
 * A JSON document with base64 in it, as bytes: each picture is written into its place, and nothing of that size is ever a string that is
 * parsed or escaped.
 *
 * @param value JSON, in which `pictures[i]` is meant wherever the text `placeholderOf(i)` stands
 */
export function spliceBase64(value: unknown, pictures: readonly Uint8Array[]): Buffer {
  const json = JSON.stringify(value);
  const parts: Buffer[] = [];
  let from = 0;
  for (const [index, bytes] of pictures.entries()) {
    const placeholder = placeholderOf(index);
    const at = json.indexOf(placeholder, from);
    parts.push(Buffer.from(json.slice(from, at)));
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    parts.push(Buffer.from(base64, 'latin1'));
    from = at + placeholder.length;
  }
  parts.push(Buffer.from(json.slice(from)));
  return Buffer.concat(parts);
}

/** A private-use character frames it, which no text of ours begins with, so that it cannot be met by chance. */
export const placeholderOf = (index: number): string => `\u{f8ff}easel-picture-${index}\u{f8ff}`;
