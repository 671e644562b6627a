import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damage, randomNumbers, survives } from '../../../../test/fixtures/damage.js';
import { originalUnet, prefixed, writeHollowFile } from '../../../../test/reference/original-checkpoint.js';
import { unetAndClipTargets } from '../families/components/lora-targets.js';
import { readSingleFile } from '../models/read-single-file.js';
import { vaeDecoderGraph } from '../networks/autoencoder/vae.js';
import { clipTextGraph } from '../networks/clip/clip-text.js';
import { unetGraph } from '../networks/unet/unet.js';
import { type Component, openComponent } from './component.js';
import { openLora } from './lora.js';
import { readSafetensorsFile, type TensorLocation } from './safetensors.js';

const limitMs = 60_000;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-damaged-'));
});
afterAll(() => rm(folder, { recursive: true }));

function expectInside(tensors: Iterable<TensorLocation>, bytes: number): void {
  for (const { offset, length } of tensors) {
    if (!(offset >= 8 && length >= 0 && offset + length <= bytes)) {
      throw new Error(`a tensor reaches from ${offset} to ${offset + length} of ${bytes} bytes`);
    }
  }
}

const tiny = {
  channels: 32,
  multipliers: [1],
  depths: [1],
  middleDepth: 1,
  context: 768,
  linear: false,
};
const pair = (module: string) => ({
  [`${module}.lora_down.weight`]: [4, 64],
  [`${module}.lora_up.weight`]: [64, 4],
});

test.each<[string, Record<string, readonly number[]>, number, (path: string) => Promise<unknown>]>([
  ['tensors', { a: [2, 3], b: [4], c: [], d: [0, 5] }, 5000, readSafetensorsFile],
  [
    'LoRAs',
    { ...pair('lora_unet_a'), 'lora_unet_a.alpha': [], ...pair('lora_te_b') },
    1600,
    (path) => openLora(path, unetAndClipTargets),
  ],
  ['single files', prefixed('model.diffusion_model.', originalUnet(tiny)), 300, readSingleFile],
])(
  'damaged files of %s are read inside of their bounds, or refused',
  async (_what, shapes, count, read) => {
    const path = join(folder, 'damaged.safetensors');
    await writeHollowFile(path, shapes, {
      'modelspec.prediction_type': 'v',
      lora_adapter_metadata: '{"unet.lora_alpha": 2}',
    });
    const whole = await readFile(path);
    const random = randomNumbers(20261123);
    expect(await survives(() => read(path))).toBe(true);
    let survivors = 0;
    for (let index = 0; index < count; index += 1) {
      await writeFile(path, damage(whole, random));
      const { size } = await stat(path);
      const inside = async () => expectInside((await readSafetensorsFile(path)).tensors.values(), size);
      if ((await survives(inside)) && (await survives(() => read(path)))) survivors += 1;
    }
    // Damage that changes nothing that is read is rare, and there is some: the rest has been refused.
    expect(survivors).toBeGreaterThan(0);
    expect(survivors).toBeLessThan(count / 2);
  },
  limitMs,
);

describe('damaged configs', () => {
  const networks: readonly (readonly [string, number, (component: Component) => unknown])[] = [
    ['unet', 800, unetGraph],
    ['vae', 1200, vaeDecoderGraph],
    ['text_encoder', 1100, clipTextGraph],
  ];

  test.each(networks)(
    'of a %s give a graph, or are refused',
    async (name, count, write) => {
      const source = fileURLToPath(new URL(`../../../../models/picturebook/${name}`, import.meta.url));
      const component = await openComponent(source);
      const whole = await readFile(component.configFile);
      const random = randomNumbers(7);
      let read = 0;
      for (let index = 0; index < count; index += 1) {
        await survives(() => {
          const text = damage(whole, random).toString('utf8');
          const config = parse(text);
          if (config === undefined) return;
          read += 1;
          write({ ...component, config });
        });
      }
      expect(read).toBeGreaterThan(100);
    },
    limitMs,
  );

  test(
    'and indices of shards are refused',
    async () => {
      const weights = { a: [2], b: [3] };
      await writeHollowFile(join(folder, 'model-00001-of-00001.safetensors'), weights);
      await writeFile(join(folder, 'config.json'), '{}');
      const whole = Buffer.from(
        JSON.stringify({
          weight_map: { a: 'model-00001-of-00001.safetensors', b: 'model-00001-of-00001.safetensors' },
        }),
      );
      const random = randomNumbers(9);
      for (let index = 0; index < 400; index += 1) {
        await writeFile(join(folder, 'model.safetensors.index.json'), damage(whole, random));
        await survives(() => openComponent(folder));
      }
    },
    limitMs,
  );
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
