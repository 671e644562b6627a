import { describe, expect, test } from 'vitest';
import { createModel } from '../../../../test/reference/formula-model.js';
import type { DiffusionModel } from './diffusion-model.js';
import { type LatentColours, latentsToPlanes } from './latents-to-rgb.js';
import { createPreviewSchedule, Previewer } from './preview.js';

const colours: LatentColours = {
  factors: [
    [0.3512, 0.2297, 0.3227],
    [0.325, 0.4974, 0.235],
    [-0.2829, 0.1762, 0.2721],
    [-0.212, -0.2616, -0.7177],
  ],
  bias: [0.1, -0.02, 0],
};

/** A model whose decoder takes a millisecond for 100 latents and gives white. */
function modelOf(latentColours?: LatentColours) {
  const decoded: number[][] = [];
  let networkMs = 0;
  const changes: Partial<DiffusionModel> = {
    ...(latentColours && { latentColours }),
    factor: 8,
    async decode(_, shape) {
      decoded.push([...shape]);
      const [, , height = 0, width = 0] = shape;
      networkMs += (height * width) / 100;
      return new Float32Array(3 * 64 * height * width).fill(1);
    },
  };
  const model = Object.defineProperty(createModel(changes).model, 'networkMs', { get: () => networkMs });
  return { model, decoded };
}
const shape = [1, 4, 40, 50];
/** Its first channel is 1, and no other. */
const latents = new Float32Array(4 * 2000).fill(1, 0, 2000);

describe('a preview', () => {
  test('is a pixel a latent where decoding takes longer than a step: 20 ms', async () => {
    const { model, decoded } = modelOf({ ...colours, bias: [0, 0, 0] });
    const previewer = new Previewer(model);
    const { rgb, ...size } = await previewer.show(latents, shape, 19);
    expect(size).toEqual({ width: 50, height: 40, enlarge: 8 });
    expect([...rgb.subarray(0, 3)]).toEqual([172, 157, 169]);
    await previewer.show(latents, shape, 19);
    expect(decoded).toEqual([[1, 4, 16, 16]]);
  });

  test('is decoded where that takes less', async () => {
    const { model, decoded } = modelOf(colours);
    const { rgb, ...size } = await new Previewer(model).show(latents, shape, 21);
    expect(size).toEqual({ width: 400, height: 320, enlarge: 1 });
    expect(rgb[0]).toBe(255);
    expect(decoded).toEqual([[1, 4, 16, 16], shape]);
  });

  test("is decoded, however long that takes, where the latents' colours are not known", async () => {
    const { model, decoded } = modelOf();
    expect((await new Previewer(model).show(latents, shape, 0)).enlarge).toBe(1);
    expect(decoded).toEqual([shape]);
  });
});

test('colours are sums over channels, plane after plane', () => {
  const planes = latentsToPlanes(Float32Array.of(1, 0, 0, 1, 0, 0, 0, 0), colours);
  // A pixel of the first channel alone, and one of the second.
  const expected = [0.3512 + 0.1, 0.325 + 0.1, 0.2297 - 0.02, 0.4974 - 0.02];
  for (const [index, value] of expected.entries()) expect(planes[index]).toBeCloseTo(value, 6);
});

describe('previews come', () => {
  /** The steps of a pass after which one comes. */
  const shownAt = (wanted: number, steps: number) => {
    const isDue = createPreviewSchedule(wanted);
    return Array.from({ length: steps }, (_, index) => index + 1).filter((step) => isDue(step / steps));
  };
  test.each([
    [3, 20, [5, 10, 15]],
    [2, 3, [1, 2]],
    [5, 2, [1, 2]],
    [0, 4, []],
  ])('%d of %d steps', (wanted, steps, expected) => {
    expect(shownAt(wanted, steps)).toEqual(expected);
  });
});
