import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EaselError } from '@easel/plugin-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { originalUnet, prefixed, writeHollowFile } from '../../../../test/reference/original-checkpoint.js';
import { openSingleFile } from '../library/single-file.js';
import { clipTextGraph } from '../networks/clip-text.js';
import { unetGraph } from '../networks/unet.js';
import { vaeDecoderGraph } from '../networks/vae.js';
import { type Component, openComponent } from './component.js';
import { openLora } from './lora.js';
import { readSafetensorsFile, type TensorLocation } from './safetensors.js';

const limitMs = 60_000;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-damaged-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Repeatable whole numbers below `below` (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
type Random = ReturnType<typeof randomNumbers>;

/** What a number, a list or a word of a file may be damaged into. */
const extremes = [
  ...['0', '1', '-1', '0.5', '1e308', '9007199254740991', '9007199254740993', '1152921504606846976', '1e-9'],
  ...[
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '[[[]]]',
    '"__proto__"',
    '{"__proto__": 1}',
    '[1, 1]',
    '"F16"',
    '"U8"',
  ],
];

/** One to three damages: other bytes, a cut, a repetition, an extreme number in place of one. */
function damage(file: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(file);
  for (let times = 1 + random(3); times > 0; times -= 1) {
    const at = random(bytes.length + 1);
    const length = random(12);
    const kind = random(6);
    if (kind === 0 && bytes.length > 0) bytes[at % bytes.length] = random(256);
    else if (kind === 1) bytes = bytes.subarray(0, at);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    else if (kind === 4 && bytes.length >= 8)
      bytes.writeBigUInt64LE(2n ** BigInt(random(64)) - BigInt(random(2)));
    else bytes = replaceValue(bytes, random);
  }
  return bytes;
}

/** Replaces a value of the JSON in a file, and says its new length where a .safetensors header begins with it. */
function replaceValue(bytes: Buffer, random: Random): Buffer {
  const text = bytes.toString('latin1');
  const values = [...text.matchAll(/(?<=[:[,]\s*)(-?\d+(\.\d+)?|"[^"]*"|\[[^\]]*\])/g)];
  const value = values[random(values.length)];
  if (!value) return bytes;
  const extreme = extremes[random(extremes.length)]!;
  const changed = Buffer.from(
    text.slice(0, value.index) + extreme + text.slice(value.index + value[0].length),
    'latin1',
  );
  if (bytes[8] === 0x7b) {
    const more = BigInt(extreme.length - value[0].length);
    changed.writeBigUInt64LE(BigInt.asUintN(64, bytes.readBigUInt64LE(0) + more));
  }
  return changed;
}

/** Whether `read` ends well or with the one error that damaged files may give; anything else fails the test. */
async function survives(read: () => unknown): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (EaselError.isInstance(error) && error.code === 'ERR_MODEL_FILES_INVALID') return false;
    throw error;
  }
}

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
  ['LoRAs', { ...pair('lora_unet_a'), 'lora_unet_a.alpha': [], ...pair('lora_te_b') }, 1600, openLora],
  ['single files', prefixed('model.diffusion_model.', originalUnet(tiny)), 300, openSingleFile],
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
