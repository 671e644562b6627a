import { withImage } from '@easel/plugin-sdk/images';
import type { OverlayOptions } from 'sharp';
import type { Grid } from '../../jobs/grid.js';
import { HttpError } from '../errors.js';

/** Milliseconds and seconds that each image may wait and take. */
const limits = { waitMs: 10_000, seconds: 10 } as const;
/** Pixels. */
const longestEdge = 8_000;
const gap = 8;
const smallestText = 12;
const largestText = 28;
/** About how wide a letter is, as a part of its height. */
const letter = 0.62;

/** Makes one PNG of the images of a grid, row by row, with the values above and beside them. */
export async function drawGrid(grid: Grid, images: readonly Uint8Array[]): Promise<Uint8Array> {
  const [first] = images;
  if (!first) throw new HttpError(409, 'grid_not_made', 'The grid has no images yet.');
  const columns = grid.x.values.length;
  const rows = grid.y?.values.length ?? 1;
  return await withImage(
    first,
    async ({ width: ownWidth, height: ownHeight }) => {
      const scale = Math.min(1, longestEdge / (columns * ownWidth), longestEdge / (rows * ownHeight));
      const width = Math.max(1, Math.floor(ownWidth * scale));
      const height = Math.max(1, Math.floor(ownHeight * scale));
      const textSize = Math.min(largestText, Math.max(smallestText, Math.round(width / 20)));
      const widest = Math.max(0, ...(grid.y?.values.map((value) => lineOf(grid.y, value).length) ?? []));
      const room = Math.min(letter * textSize * (widest + 1), Math.max(width, 10 * textSize));
      const margin = { top: 2 * textSize + gap, left: grid.y ? room + 2 * gap : gap };
      const left = (column: number) => Math.round(margin.left) + column * (width + gap);
      const top = (row: number) => Math.round(margin.top) + row * (height + gap);
      const parts: OverlayOptions[] = [];
      for (const [index, bytes] of images.entries())
        parts.push({
          input: await withImage(
            bytes,
            ({ image }) =>
              image.resize(width, height, { fit: 'contain', background: '#fff' }).png().toBuffer(),
            limits,
          ),
          left: left(index % columns),
          top: top(Math.floor(index / columns)),
        });
      const label = (axis: Grid['x'], value: string | number, most: number) =>
        textOf(lineOf(axis, value), textSize, most);
      for (const [column, value] of grid.x.values.entries())
        parts.push({ input: label(grid.x, value, width), left: left(column), top: Math.round(textSize / 2) });
      if (grid.y)
        for (const [row, value] of grid.y.values.entries())
          parts.push({ input: label(grid.y, value, room), left: gap, top: top(row) });
      return await encode({ width: left(columns), height: top(rows) }, parts);
    },
    { waitMs: limits.waitMs },
  );
}

/** A number says little without its name. */
const lineOf = (axis: Grid['y'], value: string | number): string =>
  typeof value === 'string' ? value : `${axis?.parameter.replaceAll('_', ' ')} ${value}`;

async function encode(
  size: Readonly<Record<'width' | 'height', number>>,
  parts: OverlayOptions[],
): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  return await sharp({ create: { ...size, channels: 3, background: '#fff' } })
    .composite(parts)
    .png()
    .toBuffer();
}

/** A line in the font of the system, cut to the room that it has. */
function textOf(line: string, size: number, room: number): OverlayOptions['input'] {
  const most = Math.max(1, Math.floor(room / (letter * size)));
  const shown = line.length > most ? `${line.slice(0, most - 1)}…` : line;
  const escaped = shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return {
    text: { text: `<span foreground="#191918">${escaped}</span>`, font: `sans ${size}`, dpi: 72, rgba: true },
  };
}
