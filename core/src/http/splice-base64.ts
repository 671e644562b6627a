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
