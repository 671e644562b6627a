import { fileURLToPath } from 'node:url';
import type { NetworkCost } from '@easel/plugin-sdk';
import { expect, onTestFinished, test } from 'vitest';
import { openModel } from '../models/open-model.js';
import { generatePictures } from '../pipelines/generate-pictures.js';
import type { PictureRequest } from '../pipelines/picture-request.js';
import { TorchGenerator } from '../sampling/noise/torch-generator.js';
import { planMemory, requireFit } from './memory-plan.js';
import { NetworkMemory, type NetworkMemoryOptions } from './network-memory.js';

const path = fileURLToPath(new URL('../../../../models/picturebook', import.meta.url));

const requestOf = (edge: number): PictureRequest => ({
  prompts: ['a yellow star'],
  negativePrompts: undefined,
  clipSkip: 0,
  width: edge,
  height: edge,
  guidanceScale: 5,
  guidanceRescale: 0,
  steps: 2,
  generators: [new TorchGenerator(7)],
});

async function open(options: NetworkMemoryOptions = {}) {
  let openings = 0;
  const onOpening = () => {
    openings += 1;
  };
  const memory = new NetworkMemory({ threads: 1 }, { onOpening, ...options });
  const model = await openModel({ path }, { memory });
  onTestFinished(() => model.release());
  const plan = async (edge: number) => planMemory(await model.costsOf!(requestOf(edge), true), memory);
  const make = (edge: number) => generatePictures(model, requestOf(edge));
  return { memory, plan, make, openings: () => openings };
}

const sumOf = (networks: readonly NetworkCost[]): number =>
  networks.reduce((sum, { heldBytes }) => sum + heldBytes, 0);

test('a plan says what the networks hold when they have run, and opens none', async () => {
  const { memory, plan, make, openings } = await open();
  const { networks } = await plan(96);
  expect(networks.map(({ name }) => name)).toEqual(['text_encoder', 'unet', 'vae']);
  expect(networks.map(({ stages }) => stages)).toEqual([1, 1, 1]);
  expect(openings()).toBe(0);
  await make(96);
  expect(memory.bytes).toBe(sumOf(networks));
});

test('a larger image needs more beside the same weights', async () => {
  const { plan } = await open();
  const [small, large] = [await plan(96), await plan(192)];
  expect(large.leastBytes).toBeGreaterThan(small.leastBytes);
  expect(large.networks.map(({ weightBytes }) => weightBytes)).toEqual(
    small.networks.map(({ weightBytes }) => weightBytes),
  );
});

test('an image is the same in the least memory that its plan says, and refused in less', async () => {
  const roomy = await open();
  const { planes } = await roomy.make(96);
  const { leastBytes } = await roomy.plan(96);
  const tight = await open({ maximumBytes: leastBytes, networkBytes: leastBytes });
  const plan = await tight.plan(96);
  requireFit(plan);
  const denoiser = plan.networks.find(({ name }) => name === 'unet')!;
  expect(denoiser.stages).toBeGreaterThan(1);
  for (const { heldBytes } of plan.networks) expect(heldBytes).toBeLessThanOrEqual(leastBytes);
  const again = await tight.make(96);
  const differences = again.planes.map((value, index) => Math.abs(value - planes[index]!));
  expect(Math.max(...differences)).toBeLessThan(1e-4);
  expect(tight.memory.bytes).toBeLessThanOrEqual(leastBytes);

  const short = await open({ maximumBytes: leastBytes - 1, networkBytes: leastBytes - 1 });
  const refused = await short.plan(96);
  expect(() => requireFit(refused)).toThrow(/does not fit into memory: the network "\w+" needs \d+ MB/);
});
