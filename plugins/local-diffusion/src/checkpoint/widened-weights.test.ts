import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runGraph } from '../../../../test/reference/run-graph.js';
import { type RawTensor, type TensorValues, writeSafetensors } from '../../../../test/reference/tensors.js';
import type { Graph } from '../graph/graph.js';
import { vaeDecoderGraph, vaeEncoderGraph } from '../networks/autoencoder/vae.js';
import { clipTextGraph } from '../networks/clip/clip-text.js';
import { unetGraph } from '../networks/unet/unet.js';
import { type Component, openComponent } from './component.js';
import { readSafetensors } from './safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-widened-'));
});
afterAll(() => rm(folder, { recursive: true }));

const wave = (shape: readonly number[]): TensorValues => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => Math.sin(0.37 * index)),
});
const networks: Readonly<
  Record<string, readonly [string, (component: Component) => Graph, Record<string, TensorValues>]>
> = {
  'the UNet': [
    'unet',
    unetGraph,
    { sample: wave([1, 4, 8, 8]), timestep: wave([1]), encoder_hidden_states: wave([1, 5, 128]) },
  ],
  'the decoder': ['vae', vaeDecoderGraph, { latent_sample: wave([1, 4, 4, 4]) }],
  'the encoder': ['vae', vaeEncoderGraph, { sample: wave([1, 3, 32, 32]) }],
  'the text encoder': [
    'text_encoder',
    (component) => clipTextGraph(component, { hiddenStates: true }),
    { input_ids: { shape: [1, 4], data: BigInt64Array.of(925n, 5n, 800n, 926n) } },
  ],
};

/** The component with weights rounded to bfloat16, stored once as that and once as float32. */
async function rounded(component: Component): Promise<{ narrow: Component; wide: Component }> {
  const narrow: Record<string, RawTensor> = {};
  const wide: Record<string, RawTensor> = {};
  for (const [name, { dtype, shape, file, offset, length }] of component.tensors) {
    if (dtype !== 'F32' && dtype !== 'F16') continue;
    const bytes = (await readFile(file)).subarray(offset, offset + length);
    const count = length / (dtype === 'F32' ? 4 : 2);
    const upper = new Uint16Array(count);
    const whole = new Uint32Array(count);
    for (let index = 0; index < count; index += 1) {
      const bits = dtype === 'F32' ? bytes.readUInt32LE(4 * index) : widen(bytes.readUInt16LE(2 * index));
      upper[index] = bits >>> 16;
      whole[index] = (bits >>> 16) * 0x10000;
    }
    narrow[name] = { dtype: 'BF16', shape, bytes: new Uint8Array(upper.buffer) };
    wide[name] = { dtype: 'F32', shape, bytes: new Uint8Array(whole.buffer) };
  }
  const store = async (file: string, tensors: Record<string, RawTensor>) => {
    await writeSafetensors(join(folder, file), tensors);
    return { ...component, tensors: await readSafetensors(join(folder, file)) };
  };
  return { narrow: await store('narrow.safetensors', narrow), wide: await store('wide.safetensors', wide) };
}

/** The bits of a normal float16 as those of a float32. */
const widen = (half: number): number =>
  (half & 0x7c00) === 0 ? 0 : (((half & 0x8000) << 16) | (((half & 0x7fff) << 13) + 0x38000000)) >>> 0;

describe('weights in bfloat16', () => {
  test.each(Object.entries(networks))(
    'give %s what they give it as float32',
    async (network, [part, write, inputs]) => {
      const path = fileURLToPath(new URL(`../../../../models/picturebook/${part}`, import.meta.url));
      const { narrow, wide } = await rounded(await openComponent(path));
      const given = new Map(Object.entries(inputs));
      const [actual, expected] = [await runGraph(write(narrow), given), await runGraph(write(wide), given)];
      for (const [name, values] of expected) {
        const errors = values.map((value, index) => Math.abs(value - actual.get(name)![index]!));
        // Matrices that are converted at each run are multiplied by in another order.
        const limit = network === 'the text encoder' ? 2e-6 * Math.max(...values.map(Math.abs)) : 0;
        expect(Math.max(...errors)).toBeLessThanOrEqual(limit);
      }
    },
  );
});
