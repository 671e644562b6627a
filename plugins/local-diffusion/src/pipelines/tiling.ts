/**
 * Latents of a tile's edge, and of the part that it shares with its neighbour: of the sizes that autoencoders
 * are trained on.
 */
const tileEdge = 64;
const overlap = 16;
/**
 * `pixelBytes` of Stable Diffusion's decoder, the same in int8, and its encoder, measured on the processor at
 * 512x512 and 1024x1024. In int8: the peak of resident memory (`VmHWM`) of a process of its own after three
 * runs, less what it had when the network was open: 6,700 bytes a pixel at 384x384, 6,400 at 512x512 and
 * 768x768.
 */
export const decoderPixelBytes = 4_200;
export const int8DecoderPixelBytes = 7_000;
export const encoderPixelBytes = 1_700;

/** Activations that are too much whatever the budget: those of decoding 1.5 megapixels. */
const maximumBytes = 6.5e9;

/**
 * What an autoencoder's network reads or writes of a picture: channels, and numbers along a latent's edge (1
 * for latents).
 */
interface Side {
  readonly channels: number;
  readonly scale: number;
}

/** A network that reads and writes one part of a picture as it would any other. */
export interface TiledNetwork {
  readonly input: Side;
  readonly output: Side;
  /** What it holds at once, beside its weights, for each pixel of the picture. */
  readonly pixelBytes: number;
  /** @param shape [images, input channels, height, width] */
  run(values: Float32Array, shape: readonly number[]): Promise<Float32Array>;
}

/** Of latents: how many lie above each other and side by side. */
interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * Whether pictures of so many latents are worked on in tiles: activations would take too much memory, and a
 * tile is smaller.
 */
export function isTiled(
  images: number,
  { height, width }: Size,
  { input, output, pixelBytes }: TiledNetwork,
  memoryBytes: number,
): boolean {
  const pixels = images * height * width * Math.max(input.scale, output.scale) ** 2;
  return (
    pixels * pixelBytes > Math.min(memoryBytes, maximumBytes) &&
    (images > 1 || height > tileEdge || width > tileEdge)
  );
}

/**
 * Runs a decoder or an encoder over pictures at once, or in tiles where they are large.
 *
 * @param shape [images, input channels, height, width]
 * @param memoryBytes of the budget for networks
 */
export async function runBySize(
  values: Float32Array,
  shape: readonly number[],
  network: TiledNetwork,
  memoryBytes: number,
): Promise<Float32Array> {
  const [images = 0, , rows = 0, columns = 0] = shape;
  const { input } = network;
  const size = { height: rows / input.scale, width: columns / input.scale };
  const isWhole = Number.isInteger(size.height) && Number.isInteger(size.width);
  return isWhole && isTiled(images, size, network, memoryBytes)
    ? await runTiled(values, images, size, network)
    : await network.run(values, shape);
}

/**
 * Runs tile by tile, and blends what comes out where tiles overlap by ramps (as `tiled_decode` and
 * `tiled_encode` of diffusers' `AutoencoderKL` do, with tiles of equal size). Memory is that of one tile and
 * of the result. The numbers differ a little from those of the whole: the network's attention and group norms
 * see a tile only.
 */
export async function runTiled(
  values: Float32Array,
  images: number,
  size: Size,
  { input, output, run }: TiledNetwork,
): Promise<Float32Array> {
  const latents = size.height * size.width;
  const inputCount = input.channels * latents * input.scale ** 2;
  const outputCount = output.channels * latents * output.scale ** 2;
  const results = new Float32Array(images * outputCount);
  const weights = new Float32Array(latents * output.scale ** 2);
  const tileShape = [tileRows(size.height) * input.scale, tileRows(size.width) * input.scale];
  for (let image = 0; image < images; image++) {
    weights.fill(0);
    const source = values.subarray(image * inputCount, (image + 1) * inputCount);
    const target = results.subarray(image * outputCount, (image + 1) * outputCount);
    for (const top of startsOf(size.height))
      for (const left of startsOf(size.width)) {
        const tile = cutTile(source, size, input, top, left);
        const result = await run(tile, [1, input.channels, ...tileShape]);
        addTile(target, weights, result, { size, side: output, top, left });
      }
    for (let channel = 0; channel < output.channels; channel++)
      for (let at = 0; at < weights.length; at++) target[channel * weights.length + at]! /= weights[at]!;
  }
  return results;
}

const tileRows = (length: number): number => Math.min(tileEdge, length);

/** Where tiles begin along an edge; the last one ends with the edge, so that all are of one size. */
export function startsOf(length: number): number[] {
  if (length <= tileEdge) return [0];
  const step = tileEdge - overlap;
  const starts: number[] = [];
  for (let start = 0; start + tileEdge < length; start += step) starts.push(start);
  return [...starts, length - tileEdge];
}

function cutTile(
  values: Float32Array,
  { height, width }: Size,
  { channels, scale }: Side,
  top: number,
  left: number,
): Float32Array {
  const [rows, columns] = [tileRows(height) * scale, tileRows(width) * scale];
  const tile = new Float32Array(channels * rows * columns);
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < rows; row++) {
      const from = ((channel * height + top) * scale + row) * width * scale + left * scale;
      tile.set(values.subarray(from, from + columns), (channel * rows + row) * columns);
    }
  return tile;
}

/**
 * Adds a tile with weights that rise from its borders inwards over the overlap; whoever reads divides by
 * their sum.
 */
function addTile(
  sums: Float32Array,
  weights: Float32Array,
  tile: Float32Array,
  place: { readonly size: Size; readonly side: Side; readonly top: number; readonly left: number },
): void {
  const { size, side, top, left } = place;
  const { channels, scale } = side;
  const [rows, columns] = [tileRows(size.height) * scale, tileRows(size.width) * scale];
  const ramp = overlap * scale;
  const rise = (index: number, length: number) =>
    Math.min(1, (index + 0.5) / ramp, (length - index - 0.5) / ramp);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const weight = rise(row, rows) * rise(column, columns);
      const at = (top * scale + row) * size.width * scale + left * scale + column;
      weights[at]! += weight;
      for (let channel = 0; channel < channels; channel++)
        sums[channel * weights.length + at]! += weight * tile[(channel * rows + row) * columns + column]!;
    }
}
