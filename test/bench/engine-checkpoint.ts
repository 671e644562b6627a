import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { clipL, originalUnet, originalVae, prefixed, type Shapes } from '../reference/original-checkpoint.js';

/** Where large files of benchmarks are kept between runs. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'easel-bench');
const blockBytes = 8 * 1024 * 1024;

/** Tensors of Stable Diffusion 1's denoising network. */
export const stableDiffusion1Unet: Shapes = originalUnet({
  channels: 320,
  multipliers: [1, 2, 4, 4],
  depths: [1, 1, 1, 0],
  middleDepth: 1,
  context: 768,
  linear: false,
});
const stableDiffusion1: Shapes = {
  ...prefixed('model.diffusion_model.', stableDiffusion1Unet),
  ...prefixed('first_stage_model.', originalVae()),
  ...prefixed('cond_stage_model.transformer.', clipL()),
};

/** A checkpoint of the size of Stable Diffusion 1.5 in float32, with small random weights; 4.3 GB, written by the first run. Answers its path. */
export async function writeRandomCheckpoint(): Promise<string> {
  const path = join(cacheFolder, 'stable-diffusion-1-random.safetensors');
  if (existsSync(path)) return path;
  await mkdir(cacheFolder, { recursive: true });
  const header: Record<string, object> = {};
  let bytes = 0;
  for (const [name, shape] of Object.entries(stableDiffusion1)) {
    const size = 4 * shape.reduce((one, other) => one * other, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [bytes, bytes + size] };
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
    // The same eight mebibytes again and again: random enough for arithmetic, which does not look for patterns.
    const block = smallNumbers(blockBytes / 4);
    for (let left = bytes; left > 0; left -= blockBytes)
      await file.write(block.subarray(0, Math.min(left, blockBytes)));
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  return path;
}

/** Floats of -0.02 to 0.02, as bytes. */
function smallNumbers(count: number): Buffer {
  const random = new Int32Array(randomBytes(4 * count).buffer);
  const values = Float32Array.from(random, (value) => (0.02 * value) / 2 ** 31);
  return Buffer.from(values.buffer);
}
