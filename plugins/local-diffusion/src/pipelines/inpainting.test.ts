import { describe, expect, test } from 'vitest';
import {
  asFirstInput,
  type Call,
  count,
  createModel,
  drawsOf,
  height,
  inputOf,
  planes,
  request,
  width,
} from '../../../../test/reference/formula-model.js';
import { TorchGenerator } from '../sampling/noise/torch-generator.js';
import { samplers } from '../sampling/samplers/index.js';
import type { DiffusionModel } from './diffusion-model.js';
import { generateLatents, generatePictures } from './generate-pictures.js';

/** The right half is painted anew. */
const mask = Float32Array.from({ length: width * height }, (_, index) => (index % width < width / 2 ? 0 : 1));
const isKept = (index: number) => index % 8 < 4;
const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number>) => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, 4);
};
describe('inpainting', () => {
  const source = { kind: 'picture', planes, mask } as const;
  const cleanLatents = async (model: DiffusionModel) =>
    (await model.encode(planes, [])).draw(drawsOf(count)[0]!);

  test('gives the image back at strength 0, with a mask and without one', async () => {
    for (const kept of [source, { kind: 'picture', planes } as const]) {
      const { model, calls } = createModel();
      const result = await generatePictures(model, request({ source: kept, strength: 0 }));
      expect(result.planes).toEqual(planes);
      expect(calls).toHaveLength(0);
      expect(result.warnings.join()).toMatch(/Strength 0 keeps the image/);
    }
  });

  /** These make a step more or less than they are asked for. */
  const otherCounts = ['euler_ddim_uniform', 'euler_beta_timesteps'];
  test.each([...samplers.map(({ name }) => name).filter((name) => !/edm/.test(name)), ...otherCounts])(
    'with %s keeps what is to be kept',
    async (sampler) => {
      const { model } = createModel();
      const steps: Float32Array[] = [];
      const { latents } = await generateLatents(
        model,
        request({ source, strength: 0.8, sampler, onStep: (step) => void steps.push(step.latents.slice()) }),
      );
      const clean = await cleanLatents(model);
      expectClose(
        latents.filter((_, i) => isKept(i)),
        clean.filter((_, i) => isKept(i)),
      );
      expect(latents.filter((_, i) => !isKept(i))).not.toEqual(clean.filter((_, i) => !isKept(i)));
      // Before the last step there is noise on it, in what the caller sees too.
      const before = steps.at(-2)!.find((_, i) => isKept(i))!;
      expect(Math.abs(before - clean[0]!)).toBeGreaterThan(1e-4);
    },
  );

  test('draws for the masked picture too, before the noise of the steps', async () => {
    const { model } = createModel();
    const generator = new TorchGenerator(3);
    await generatePictures(model, request({ source, generators: [generator] }));
    expect(generator.randn(16)).toEqual(drawsOf(count, count, count, 16)[3]);
  });

  test('hands a network made for it the mask and the masked picture', async () => {
    const { model, calls, encoded } = createModel({ inputChannels: 9 });
    const { latents } = await generateLatents(model, request({ source, guidanceScale: 3 }));
    const [{ input }] = calls as [Call];
    expect(input.shape).toEqual([2, 9, 4, 8]);
    const row = inputOf(calls[0]!).slice(9 * 32);
    expect(row.slice(4 * 32, 5 * 32)).toEqual(Array.from({ length: 32 }, (_, i) => (isKept(i) ? 0 : 1)));
    // At strength 1 the picture's own latents are not needed, nor drawn.
    expect(encoded).toHaveLength(1);
    expect([...encoded[0]!]).toEqual([...planes.map((x, i) => (mask[i % mask.length] === 1 ? 0 : x))]);
    const { draw } = await model.encode(encoded[0]!, []);
    expectClose(row.slice(5 * 32), draw(drawsOf(count, count)[1]!));
    expectClose(row.slice(0, 4 * 32), asFirstInput(drawsOf(count)[0]!));
    expect(latents).toHaveLength(count);
  });

  test('without a mask such a network paints everything anew', async () => {
    const { model, calls } = createModel({ inputChannels: 9 });
    await generatePictures(model, request({ source: { kind: 'picture', planes } }));
    expect(new Set(inputOf(calls[0]!).slice(4 * 32, 5 * 32))).toEqual(new Set([1]));
  });
});
