import type { Size } from './marks.js';

/** Pixels that are added at each edge of an image. */
export interface Margins {
  readonly left: number;
  readonly above: number;
  readonly right: number;
  readonly below: number;
}

/**
 * The margins with a little more at the right and below, so that the edges are of a multiple that a model
 * makes.
 */
export function fitMargins(margins: Margins, { width, height }: Size, multiple: number): Margins {
  const missing = (edge: number) => (multiple - (edge % multiple)) % multiple;
  return {
    ...margins,
    right: margins.right + missing(width + margins.left + margins.right),
    below: margins.below + missing(height + margins.above + margins.below),
  };
}

export const enlargedSize = ({ width, height }: Size, { left, above, right, below }: Margins): Size => ({
  width: width + left + right,
  height: height + above + below,
});

/** The image within its margins, which have the colours of its edges. */
export async function enlargeImage(image: CanvasImageSource, size: Size, margins: Margins): Promise<Blob> {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, enlargedSize(size, margins));
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser draws no canvas.');
  const columns = partsOf(size.width, margins.left, margins.right);
  const rows = partsOf(size.height, margins.above, margins.below);
  for (const { from: x, length: width, to: left, reach: wide } of columns)
    for (const { from: y, length: height, to: top, reach: high } of rows)
      context.drawImage(image, x, y, width, height, left, top, wide, high);
  return await new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The image is too large.')))),
  );
}

/**
 * Along one axis: the first pixel drawn out over the margin before, all of them as they are, and the last one
 * drawn out.
 */
const partsOf = (edge: number, before: number, behind: number) =>
  [
    { from: 0, length: 1, to: 0, reach: before },
    { from: 0, length: edge, to: before, reach: edge },
    { from: edge - 1, length: 1, to: before + edge, reach: behind },
  ].filter(({ reach }) => reach > 0);
