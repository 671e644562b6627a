/** How many rows and columns of tokens an image has in a text. */
export interface SeenGrid {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Positions of a text's tokens on three axes, time, row and column: words count on alike on all of them; the
 * tokens of an image have one time and their rows and columns, and what follows counts on behind all of
 * these. transformers: `get_rope_index` of Qwen2.5-VL.
 *
 * @param isImage of each token, whether it stands for a part of an image; the images follow one another
 */
export function seenPositions(isImage: readonly boolean[], images: readonly SeenGrid[]): Float32Array {
  const positions = new Float32Array(3 * isImage.length);
  const left = [...images];
  let next = 0;
  for (let token = 0; token < isImage.length; ) {
    if (!isImage[token]) {
      positions.fill(next, 3 * token, 3 * token + 3);
      [token, next] = [token + 1, next + 1];
      continue;
    }
    const { rows, columns } = left.shift()!;
    for (let part = 0; part < rows * columns; part++, token++)
      positions.set([next, next + Math.floor(part / columns), next + (part % columns)], 3 * token);
    next += Math.max(rows, columns);
  }
  return positions;
}
