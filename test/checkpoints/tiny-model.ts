/**
 * Tiny checkpoints with changes to their files, and images made of them by the engine's own code: from
 * provider options to pixels, without processes between.
 *
 * @module
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generationRequestSchema } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import { readSafetensors } from '../../plugins/local-diffusion/src/checkpoint/safetensors.js';
import { families } from '../../plugins/local-diffusion/src/families/index.js';
import { ModelCache } from '../../plugins/local-diffusion/src/models/model-cache.js';
import { optionsSchemaOf } from '../../plugins/local-diffusion/src/options.js';
import { NetworkMemory } from '../../plugins/local-diffusion/src/session/network-memory.js';
import { toEngineCall } from '../../plugins/local-diffusion/src/to-engine-call.js';
import { CallProgress } from '../../plugins/local-diffusion/src/worker/call-progress.js';
import { makeImages } from '../../plugins/local-diffusion/src/worker/make-images.js';
import { type RawTensor, writeSafetensors } from '../reference/tensors.js';

export const golden = (relative: string): string =>
  fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));

/** A folder for the files of one test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-checkpoint-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  return folder;
}

/** The tensors of a file as they lie in it. */
export async function rawTensors(path: string): Promise<Record<string, RawTensor>> {
  const bytes = await readFile(path);
  return Object.fromEntries(
    [...(await readSafetensors(path))].map(([name, { dtype, shape, offset, length }]) => [
      name,
      { dtype, shape, bytes: bytes.subarray(offset, offset + length) },
    ]),
  );
}

/** The values of a float32 or float16 tensor, its first one replaced. */
export function withFirstValue({ dtype, shape, bytes }: RawTensor, value: number): RawTensor {
  const changed = Buffer.from(bytes);
  const halves: Record<string, number> = { NaN: 0x7e00, Infinity: 0x7c00 };
  if (dtype === 'F32') changed.writeFloatLE(value);
  else changed.writeUInt16LE(halves[String(value)]!);
  return { dtype, shape, bytes: changed };
}

/**
 * Writes a checkpoint in one file, and beside it the configs of the golden folder that has the same weights.
 */
export async function writeCheckpoint(
  path: string,
  tensors: Readonly<Record<string, RawTensor>>,
  { like, without = [] }: { readonly like: 'sd_pipeline' | 'sdxl_pipeline'; readonly without?: string[] },
): Promise<string> {
  await writeSafetensors(path, tensors);
  await cp(golden(`d_pipelines/${like}`), path.replace(/\.\w+$/, ''), {
    recursive: true,
    filter: (file) => !file.endsWith('.safetensors') && !without.includes(basename(file)),
  });
  return path;
}

/** What to make, and of what. */
export interface Wanted {
  readonly path: string;
  readonly type?: 'sd' | 'sdxl';
  /** Fields of the request beside the usual ones. */
  readonly request?: Readonly<Record<string, unknown>>;
  /** Provider options. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** An image, 64 x 64 in three steps unless the request says otherwise. */
export async function makeImage({ path, type = 'sd', request = {}, options = {} }: Wanted) {
  const model = {
    id: 'tiny',
    name: 'Tiny',
    pipelineType: type,
    source: { type: path.includes('.') ? 'file' : 'folder', path },
    defaults: { width: 64, height: 64 },
    supports: { minimumEdge: 32, maximumEdge: 512, edgeMultiple: 8, images: 4 },
  };
  const parsed = generationRequestSchema.parse({
    model,
    prompt: 'a photo of a cat, sitting',
    width: 64,
    height: 64,
    seed: 7,
    steps: 3,
    n: 1,
    outputFormat: 'png',
    inputImages: [],
    options: {},
    ...request,
  });
  const memory = new NetworkMemory({});
  const models = new ModelCache(memory);
  const call = toEngineCall(parsed, optionsSchemaOf(families).parse(options));
  try {
    const { pictures, warnings, sampler } = await makeImages({ models, memory }, call, {
      signal: new AbortController().signal,
      progress: new CallProgress(call, () => undefined),
    });
    return { rgb: pictures[0]!.rgb, pictures, warnings, sampler };
  } finally {
    await models.clear();
  }
}

/** The mean difference of two images, in grey levels of 255. */
export function differenceOf(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  return one.reduce((sum, value, index) => sum + Math.abs(value - other[index]!), 0) / one.length;
}
