/** Latents of a tile's edge, and of the part that it shares with its neighbour: of the sizes that autoencoders are trained on. */
const tileEdge = 64;
const overlap = 16;

/** Latents to planes, [1, channels, height, width] to [1, 3, height * factor, width * factor]. */
export type DecodeTile = (latents: Float32Array, shape: readonly number[]) => Promise<Float32Array>;

/** Whether a picture is so large that it is decoded in tiles: beyond 1.5 megapixels the decoder's activations would take gigabytes. */
export const isTiled = (height: number, width: number, factor: number): boolean =>
  height * width * factor * factor > 1.5 * 1024 * 1024 && height > tileEdge && width > tileEdge;

/** Decodes latents at once, or in tiles where the picture is large. @param shape [images, channels, height, width] */
export async function decodeBySize(
  latents: Float32Array,
  [images = 0, channels = 0, height = 0, width = 0]: readonly number[],
  factor: number,
  decode: DecodeTile,
): Promise<Float32Array> {
  const shape = [images, channels, height, width] as const;
  return isTiled(height, width, factor)
    ? await decodeTiled(latents, shape, factor, decode)
    : await decode(latents, shape);
}

/**
 * Decodes latents tile by tile, and blends the tiles where they overlap by ramps (as `AutoencoderKL.tiled_decode` of diffusers does, with
 * tiles of equal size). Memory is that of one tile and of the picture. The pixels differ a little from those of the whole: the decoder's
 * attention sees a tile only.
 *
 * @param latents [images, channels, height, width], `shape`; as the decoder takes them
 */
export async function decodeTiled(
  latents: Float32Array,
  shape: readonly [number, number, number, number],
  factor: number,
  decode: DecodeTile,
): Promise<Float32Array> {
  const [images, channels, height, width] = shape;
  const planes = new Float32Array(images * 3 * height * width * factor * factor);
  const weights = new Float32Array(height * width * factor * factor);
  const imageLatents = channels * height * width;
  const imagePixels = 3 * weights.length;
  for (let image = 0; image < images; image++) {
    weights.fill(0);
    const source = latents.subarray(image * imageLatents, (image + 1) * imageLatents);
    const target = planes.subarray(image * imagePixels, (image + 1) * imagePixels);
    for (const top of startsOf(height))
      for (const left of startsOf(width)) {
        const tile = cutTile(source, { channels, height, width }, top, left);
        const decoded = await decode(tile, [
          1,
          channels,
          Math.min(tileEdge, height),
          Math.min(tileEdge, width),
        ]);
        addTile(target, weights, decoded, { height, width, top, left, factor });
      }
    for (let channel = 0; channel < 3; channel++)
      for (let pixel = 0; pixel < weights.length; pixel++)
        target[channel * weights.length + pixel]! /= weights[pixel]!;
  }
  return planes;
}

/** Where tiles begin along an edge; the last one ends with the edge, so that all are of one size. */
export function startsOf(length: number): number[] {
  if (length <= tileEdge) return [0];
  const step = tileEdge - overlap;
  const starts: number[] = [];
  for (let start = 0; start + tileEdge < length; start += step) starts.push(start);
  return [...starts, length - tileEdge];
}

function cutTile(
  latents: Float32Array,
  { channels, height, width }: { channels: number; height: number; width: number },
  top: number,
  left: number,
): Float32Array {
  const [rows, columns] = [Math.min(tileEdge, height), Math.min(tileEdge, width)];
  const tile = new Float32Array(channels * rows * columns);
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < rows; row++) {
      const from = (channel * height + top + row) * width + left;
      tile.set(latents.subarray(from, from + columns), (channel * rows + row) * columns);
    }
  return tile;
}

/** Adds a tile with weights that rise from its borders inwards over the overlap; whoever reads divides by their sum. */
function addTile(
  planes: Float32Array,
  weights: Float32Array,
  tile: Float32Array,
  place: { height: number; width: number; top: number; left: number; factor: number },
): void {
  const { height, width, top, left, factor } = place;
  const [rows, columns] = [Math.min(tileEdge, height) * factor, Math.min(tileEdge, width) * factor];
  const ramp = overlap * factor;
  const rise = (index: number, length: number) =>
    Math.min(1, (index + 0.5) / ramp, (length - index - 0.5) / ramp);
  const pictureWidth = width * factor;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const weight = rise(row, rows) * rise(column, columns);
      const at = (top * factor + row) * pictureWidth + left * factor + column;
      weights[at]! += weight;
      for (let channel = 0; channel < 3; channel++)
        planes[channel * weights.length + at]! += weight * tile[(channel * rows + row) * columns + column]!;
    }
}
