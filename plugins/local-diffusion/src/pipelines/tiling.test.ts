import { describe, expect, it } from 'vitest';
import {
  decoderPixelBytes,
  encoderPixelBytes,
  isTiled,
  runBySize,
  runTiled,
  startsOf,
  type TiledNetwork,
} from './tiling.js';

const factor = 2;

/** A decoder that sees a latent at a time: each becomes a square of its first three channels. */
const enlarge: TiledNetwork = {
  input: { channels: 4, scale: 1 },
  output: { channels: 3, scale: factor },
  pixelBytes: decoderPixelBytes,
  async run(latents, shape) {
    const [images = 0, channels = 0, height = 0, width = 0] = shape;
    return Float32Array.from({ length: images * 3 * height * width * factor * factor }, (_, index) => {
      const column = index % (width * factor);
      const row = Math.floor(index / (width * factor)) % (height * factor);
      const plane = Math.floor(index / (width * height * factor * factor));
      const channel = Math.floor(plane / 3) * channels + (plane % 3);
      return latents[(channel * height + Math.floor(row / factor)) * width + Math.floor(column / factor)]!;
    });
  },
};

/**
 * An encoder that sees a latent's square at a time: of each channel of the picture the sum of its corners,
 * and the difference.
 */
const shrink: TiledNetwork = {
  input: { channels: 3, scale: factor },
  output: { channels: 6, scale: 1 },
  pixelBytes: encoderPixelBytes,
  async run(planes, [, channels = 0, rows = 0, columns = 0]) {
    const [height, width] = [rows / factor, columns / factor];
    return Float32Array.from({ length: 2 * channels * height * width }, (_, index) => {
      const at = index % (height * width);
      const channel = Math.floor(index / (height * width));
      const row = ((channel % channels) * height + Math.floor(at / width)) * factor;
      const corner = row * columns + (at % width) * factor;
      const sign = channel < channels ? 1 : -1;
      return planes[corner]! + sign * planes[corner + columns + 1]!;
    });
  },
};

const wave = (count: number) => Float32Array.from({ length: count }, (_, index) => Math.sin(index * 0.37));
const worstOf = (one: Float32Array, other: Float32Array) =>
  one.reduce((most, value, index) => Math.max(most, Math.abs(value - (other[index] ?? 9))), 0);

describe('tiles', () => {
  it.each([
    ['decoder', enlarge, 1, 80, 100],
    ['decoder', enlarge, 2, 65, 64],
    ['decoder', enlarge, 1, 129, 200],
    ['encoder', shrink, 1, 80, 100],
    ['encoder', shrink, 1, 8, 129],
  ] as const)('of a %s give what the whole gives, %#', async (_, network, images, height, width) => {
    const { channels, scale } = network.input;
    const values = wave(images * channels * height * width * scale ** 2);
    const tiles: (readonly number[])[] = [];
    const tiled = await runTiled(
      values,
      images,
      { height, width },
      {
        ...network,
        async run(tile, shape) {
          tiles.push(shape);
          return await network.run(tile, shape);
        },
      },
    );
    const whole = await network.run(values, [images, channels, height * scale, width * scale]);
    expect(tiled).toHaveLength(whole.length);
    expect(worstOf(whole, tiled)).toBeLessThan(1e-5);
    // One size, so that the network is planned for once.
    expect(new Set(tiles.map(String)).size).toBe(1);
    expect(tiles.length).toBeGreaterThan(images);
  });

  it('overlap, and cover an edge', () => {
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
});

describe('isTiled', () => {
  const [much, little] = [Number.POSITIVE_INFINITY, 2e9];
  const decoder = { ...enlarge, output: { channels: 3, scale: 8 } };
  const encoder = { ...shrink, input: { channels: 3, scale: 8 } };
  it.each([
    ['a picture that models are made for', decoder, 1, 128, 128, much, false],
    ['one far beyond', decoder, 1, 192, 192, much, true],
    ['one that is encoded with less', encoder, 1, 192, 192, much, false],
    ['one far beyond that', encoder, 1, 256, 256, much, true],
    ['a long one', decoder, 1, 8, 9_000, much, true],
    ['one that takes more than the budget', decoder, 1, 128, 128, little, true],
    ['one that fits into it', decoder, 1, 80, 80, little, false],
    ['several that together do not', decoder, 2, 80, 80, little, true],
    ['one no larger than a tile, whatever the budget', decoder, 1, 64, 64, 1e6, false],
    ['several of that size', decoder, 2, 64, 64, 1e6, true],
  ])('%s', (_, network, images, height, width, memoryBytes, expected) => {
    expect(isTiled(images, { height, width }, network, memoryBytes)).toBe(expected);
  });
});

describe('runBySize', () => {
  const shapesOf = async (shape: readonly number[], memoryBytes: number) => {
    const shapes: (readonly number[])[] = [];
    const network: TiledNetwork = {
      ...shrink,
      async run(tile, tileShape) {
        shapes.push(tileShape);
        return await shrink.run(tile, tileShape);
      },
    };
    await runBySize(wave(shape.reduce((one, other) => one * other)), shape, network, memoryBytes);
    return shapes;
  };

  it('cuts what is too large for the budget, and nothing that does not lie on whole latents', async () => {
    expect(await shapesOf([1, 3, 256, 128], 1e9)).toEqual([[1, 3, 256, 128]]);
    expect(await shapesOf([1, 3, 256, 128], 5e7)).toEqual([
      [1, 3, 128, 128],
      [1, 3, 128, 128],
      [1, 3, 128, 128],
    ]);
    expect(await shapesOf([1, 3, 255, 128], 5e7)).toEqual([[1, 3, 255, 128]]);
  });
});
