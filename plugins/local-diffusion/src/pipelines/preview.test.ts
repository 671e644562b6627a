import { describe, expect, test } from 'vitest';
import { createModel } from '../../../../test/reference/formula-model.js';
import type { DiffusionModel } from './diffusion-model.js';
import { coloursOf, latentsToPlanes } from './latents-to-rgb.js';
import { createPreviewSchedule, Previewer } from './preview.js';

/** A model whose decoder takes a millisecond for 100 latents and gives white. */
function modelOf(latentScaling: number) {
  const decoded: number[][] = [];
  let networkMs = 0;
  const changes: Partial<DiffusionModel> = {
    latentScaling,
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
    const { model, decoded } = modelOf(0.18215);
    const previewer = new Previewer(model);
    const { rgb, ...size } = await previewer.show(latents, shape, 19);
    expect(size).toEqual({ width: 50, height: 40, enlarge: 8 });
    expect([...rgb.subarray(0, 3)]).toEqual([172, 157, 169]);
    await previewer.show(latents, shape, 19);
    expect(decoded).toEqual([[1, 4, 16, 16]]);
  });

  test('is decoded where that takes less', async () => {
    const { model, decoded } = modelOf(0.13025);
    const { rgb, ...size } = await new Previewer(model).show(latents, shape, 21);
    expect(size).toEqual({ width: 400, height: 320, enlarge: 1 });
    expect(rgb[0]).toBe(255);
    expect(decoded).toEqual([[1, 4, 16, 16], shape]);
  });

  test("is decoded, however long that takes, where the latents' colours are not known", async () => {
    const { model, decoded } = modelOf(0.5);
    expect((await new Previewer(model).show(latents, shape, 0)).enlarge).toBe(1);
    expect(decoded).toEqual([shape]);
  });
});

test('colours are sums over channels, plane after plane', () => {
  const colours = coloursOf(4, 0.13025)!;
  const planes = latentsToPlanes(Float32Array.of(1, 0, 0, 1, 0, 0, 0, 0), colours);
  // A pixel of the first channel alone, and one of the second.
  const expected = [0.3651 + 0.1084, -0.2533 + 0.1084, 0.4232 - 0.0175, -0.0042 - 0.0175];
  for (const [index, value] of expected.entries()) expect(planes[index]).toBeCloseTo(value, 6);
  expect(coloursOf(16, 0.13025)).toBeUndefined();
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
