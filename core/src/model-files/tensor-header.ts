import { open } from 'node:fs/promises';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { ggufStart, ggufTensors, type HeaderTensor } from './gguf-header.js';

/** The largest header of a .safetensors file. */
const maximumHeaderBytes = 100_000_000;

/** The first 8 bytes of what Git keeps in place of a large file. */
const lfsStart = 'version ';

const tensorSchema = z.looseObject({ dtype: z.string().max(20), shape: z.array(z.int().min(0)).max(64) });

/**
 * Reads which tensors a .safetensors or .gguf file has. Weights are not read.
 *
 * @throws ERR_MODEL_FILES_INVALID for a file that cannot be read
 */
export async function readTensorHeader(path: string): Promise<HeaderTensor[]> {
  const file = await open(path);
  const length = Buffer.alloc(8);
  try {
    await file.read(length, 0, 8, 0);
    if (length.toString('latin1').startsWith(ggufStart)) return await ggufTensors(file);
    const bytes = Number(length.readBigUInt64LE());
    const { size } = await file.stat();
    if (bytes > Math.min(size - 8, maximumHeaderBytes)) throw new Error('its header is longer than the file');
    const header = Buffer.alloc(bytes);
    await file.read(header, 0, bytes, 8);
    const entries = z.record(z.string(), z.unknown()).parse(JSON.parse(header.toString()));
    return Object.entries(entries).map(([name, entry]) => ({ name, ...typeOf(entry) }));
  } catch {
    if (length.toString('latin1') === lfsStart) {
      throw invalid(
        `${path} is a Git LFS pointer, not the file that it stands for.`,
        'Run `git lfs pull` in the folder of the model, or download the file itself.',
      );
    }
    throw invalid(
      `${path} is not a .safetensors or .gguf file, or is damaged.`,
      'Use a version of the model in one of these formats.',
    );
  } finally {
    await file.close();
  }
}

/** Metadata are no tensor, and have no elements. */
function typeOf(entry: unknown): Pick<HeaderTensor, 'type' | 'elements'> {
  const { success, data } = tensorSchema.safeParse(entry);
  if (!success) return { type: '', elements: 0 };
  return { type: data.dtype, elements: data.shape.reduce((product, size) => product * size, 1) };
}

const invalid = (message: string, hint: string) =>
  new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message, hint });
