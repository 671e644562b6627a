import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Shapes } from '../../reference/original-checkpoint.js';
import type { BenchModel } from './models.js';

/** Where large files of benchmarks are kept between runs. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'easel-bench');
const blockBytes = 8 * 1024 * 1024;
const elementBytes = { F32: 4, F16: 2, F8_E4M3: 1 };

/** A checkpoint of a model's size with small random weights, written by the first run. Answers its path. */
export async function writeRandomCheckpoint({ fileName, checkpoint, storedAs }: BenchModel): Promise<string> {
  return await writeOnce(join(cacheFolder, fileName), checkpoint, storedAs);
}

/**
 * A folder with the tiny autoencoder TAESD, diffusers' `AutoencoderTiny` at its own defaults, with small
 * random weights.
 */
export async function writeRandomTinyAutoencoder(): Promise<string> {
  const folder = join(cacheFolder, 'taesd-random');
  await writeOnce(join(folder, 'diffusion_pytorch_model.safetensors'), tinyDecoder(), 'F32');
  await writeFile(join(folder, 'config.json'), '{}');
  return folder;
}

/**
 * Tensors of `DecoderTiny` (diffusers models/autoencoders/vae.py): numbered in one line, activations and
 * upsamplings too.
 */
function tinyDecoder(): Shapes {
  const width = 64;
  const shapes: Shapes = {};
  const layer = (name: string, outputs: number, inputs: number, bias = true) => {
    shapes[`decoder.layers.${name}.weight`] = [outputs, inputs, 3, 3];
    if (bias) shapes[`decoder.layers.${name}.bias`] = [outputs];
  };
  layer('0', width, 4);
  let index = 2;
  for (const [level, blocks] of [3, 3, 3, 1].entries()) {
    for (let block = 0; block < blocks; block++, index++)
      for (const each of [0, 2, 4]) layer(`${index}.conv.${each}`, width, width);
    const isLast = level === 3;
    if (!isLast) index++;
    layer(String(index++), isLast ? 3 : width, width, isLast);
  }
  return shapes;
}

/** Writes a .safetensors file of small random weights where there is none. Answers its path. */
export async function writeOnce(
  path: string,
  shapes: Shapes,
  dtype: keyof typeof elementBytes,
): Promise<string> {
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const header: Record<string, object> = {};
  let bytes = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const size = shape.reduce((one, other) => one * other, elementBytes[dtype]);
    header[name] = { dtype, shape, data_offsets: [bytes, bytes + size] };
    bytes += size;
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  const file = await open(`${path}.new`, 'w');
  try {
    await file.write(length);
    await file.write(json);
    // The same eight mebibytes again and again: random enough for arithmetic, which does not look for
    // patterns.
    const block = blocks[dtype]();
    for (let left = bytes; left > 0; left -= blockBytes)
      await file.write(block.subarray(0, Math.min(left, blockBytes)));
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  return path;
}

const blocks = {
  F32: () => smallFloats(blockBytes / 4),
  F16: () => smallHalves(blockBytes / 2),
  F8_E4M3: () => smallEighths(blockBytes),
} as const;

/** Floats of -0.02 to 0.02, as bytes. */
function smallFloats(count: number): Buffer {
  const random = new Int32Array(randomBytes(4 * count).buffer);
  const values = Float32Array.from(random, (value) => (0.02 * value) / 2 ** 31);
  return Buffer.from(values.buffer);
}

/** float16 of 2^-7 to 2^-6 of either sign, as bytes: random fractions behind one exponent, 15 - 7. */
function smallHalves(count: number): Buffer {
  const bits = new Uint16Array(randomBytes(2 * count).buffer);
  return Buffer.from(Uint16Array.from(bits, (value) => (value & 0x83ff) | (8 << 10)).buffer);
}

/** fp8 (E4M3) of 2^-6 to 2^-5 of either sign, as bytes: random fractions behind one exponent, 7 - 6. */
const smallEighths = (count: number): Buffer =>
  Buffer.from(randomBytes(count).map((bits) => (bits & 0x87) | (1 << 3)));
