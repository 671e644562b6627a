import { describe, expect, it } from 'vitest';
import { decodeTiled, isTiled, startsOf } from './tiled-decoding.js';

const factor = 2;

/** A decoder that sees a latent at a time: each becomes a square of its first three channels. */
async function enlarge(latents: Float32Array, shape: readonly number[]): Promise<Float32Array> {
  const [, channels = 0, height = 0, width = 0] = shape;
  const planes = new Float32Array(3 * height * width * factor * factor);
  for (let channel = 0; channel < 3; channel++)
    for (let row = 0; row < height * factor; row++)
      for (let column = 0; column < width * factor; column++)
        planes[(channel * height * factor + row) * width * factor + column] =
          latents[
            ((channel % channels) * height + Math.floor(row / factor)) * width + Math.floor(column / factor)
          ] ?? 0;
  return planes;
}

describe('decoding in tiles', () => {
  it.each([
    [1, 4, 80, 100],
    [2, 4, 65, 64],
    [1, 4, 129, 200],
  ] as const)('gives what decoding the whole gives, for [%i, %i, %i, %i]', async (...shape) => {
    const [images, channels, height, width] = shape;
    const size = channels * height * width;
    const latents = Float32Array.from({ length: images * size }, (_, index) => Math.sin(index * 0.37));
    const tiles: (readonly number[])[] = [];
    const tiled = await decodeTiled(latents, shape, factor, async (tile, tileShape) => {
      tiles.push(tileShape);
      return await enlarge(tile, tileShape);
    });
    for (let image = 0; image < images; image++) {
      const whole = await enlarge(latents.subarray(image * size, (image + 1) * size), [
        1,
        channels,
        height,
        width,
      ]);
      const part = tiled.subarray(image * whole.length, (image + 1) * whole.length);
      const worst = whole.reduce(
        (most, value, index) => Math.max(most, Math.abs(value - (part[index] ?? 9))),
        0,
      );
      expect(worst).toBeLessThan(1e-5);
    }
    // One size, so that the network is planned for once.
    expect(new Set(tiles.map(String)).size).toBe(1);
    expect(tiles.length).toBeGreaterThan(images);
  });

  it('covers an edge with tiles that overlap', () => {
    expect(startsOf(64)).toEqual([0]);
    expect(startsOf(65)).toEqual([0, 1]);
    expect(startsOf(160)).toEqual([0, 48, 96]);
    for (const length of [66, 100, 112, 113, 200, 333]) {
      const starts = startsOf(length);
      expect(starts.at(-1)).toBe(length - 64);
      for (let index = 1; index < starts.length; index++)
        expect((starts[index] ?? 0) - (starts[index - 1] ?? 0)).toBeLessThanOrEqual(48);
    }
  });

  it('is for pictures beyond what the model was made for', () => {
    expect(isTiled(128, 128, 8)).toBe(false);
    expect(isTiled(192, 192, 8)).toBe(true);
    expect(isTiled(8, 9_000, 8)).toBe(false);
  });
});
