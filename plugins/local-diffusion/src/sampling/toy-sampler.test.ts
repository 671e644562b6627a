import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toy } from '../../../../test/fixtures/samplers/toy.js';
import { openModel } from '../models/open-model.js';
import type { OpenedModel } from '../models/opened-model.js';
import { generatePictures } from '../pipelines/generate-pictures.js';
import { NetworkMemory } from '../session/network-memory.js';
import { resolveSampler, samplerNames } from './names.js';
import { TorchGenerator } from './noise/torch-generator.js';
import { samplers } from './samplers/index.js';

const path = fileURLToPath(new URL('../../../../models/picturebook', import.meta.url));
const edge = 96;

describe('a sampler that is added to the list', () => {
  const all = [...samplers, toy];
  let model: OpenedModel;
  beforeAll(async () => {
    model = await openModel({ path }, { memory: new NetworkMemory({ threads: 1 }) });
  });
  afterAll(() => model.release());

  const paint = (sampler: string) =>
    generatePictures(model, {
      prompts: ['a red circle on a blue background'],
      negativePrompts: undefined,
      width: edge,
      height: edge,
      guidanceScale: 3,
      guidanceRescale: 0,
      clipSkip: 0,
      steps: 12,
      sampler,
      samplers: all,
      generators: [new TorchGenerator(7)],
    });

  test('is found by its name, its other name and each schedule', () => {
    expect(samplerNames(all)).toEqual([
      ...samplerNames(),
      'toy',
      'toy_karras',
      'toy_exponential',
      'toy_polyexponential',
      'toy_beta',
      'toy_beta_timesteps',
      'toy_sgm_uniform',
      'toy_simple',
      'toy_normal',
      'toy_ddim_uniform',
      'toy_linear_quadratic',
      'toy_kl_optimal',
      'toy_align_your_steps',
    ]);
    for (const name of ['Toy Karras', 'plaything_karras']) {
      expect(resolveSampler(name, all)).toMatchObject({ row: toy, sigmaSchedule: { name: 'karras' } });
    }
    expect(() => resolveSampler('toy')).toThrow(/not known/);
  });

  test('makes an image, which its fresh noise makes another than Euler’s', async () => {
    const { planes, sampler } = await paint('toy_karras');
    expect(sampler).toBe('toy_karras');
    // Blue at the corner and red in the middle, as asked.
    const [red = 0, , blue = 0] = colourAt(planes, 4, 4);
    const [redInside = 0, , blueInside = 0] = colourAt(planes, edge / 2, edge / 2);
    expect(blue).toBeGreaterThan(red + 0.5);
    expect(redInside).toBeGreaterThan(blueInside + 0.5);
    expect((await paint('toy_karras')).planes).toEqual(planes);
    expect((await paint('euler_karras')).planes).not.toEqual(planes);
  });
});

/** Red, green and blue at a pixel, about -1 to 1. */
function colourAt(planes: Float32Array, x: number, y: number): number[] {
  return [0, 1, 2].map((channel) => planes[(channel * edge + y) * edge + x]!);
}
