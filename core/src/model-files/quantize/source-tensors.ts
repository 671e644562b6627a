import { access, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { floatTypes } from './float-types.js';

/** A tensor of a model that a smaller copy is made of. */
export interface SourceTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}

/** The tensors of one network or one file, with the texts that a file says of itself. */
export interface SourceTensors {
  readonly tensors: readonly SourceTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

const maximumHeaderBytes = 100_000_000;
const natural = z.int().nonnegative();
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(natural),
  data_offsets: z.tuple([natural, natural]),
});
const headerSchema = z.record(z.string(), z.unknown());
const metadataSchema = z.record(z.string(), z.string());
const shardsSchema = z.object({
  weight_map: z.record(z.string(), z.string().regex(/^[^/\\]+\.safetensors$/)),
});

/** Types beside floating-point numbers that are copied as they are: counters and positions. */
const copiedTypes = new Set(['F64', 'I16', 'I32', 'I64']);

/**
 * Reads the header of a .safetensors file of plain weights.
 *
 * @throws ERR_MODEL_FILES_INVALID for a file of another kind, a damaged one, and one that is quantised
 * already
 */
export async function readSourceFile(path: string): Promise<SourceTensors> {
  const { header, dataStart, size } = await readHeader(path);
  const { __metadata__: metadata, ...entries } = header;
  const tensors = Object.entries(entries).map(([name, entry]): SourceTensor => {
    const parsed = entrySchema.safeParse(entry);
    if (!parsed.success) throw invalid(`${path}: what its header says of "${name}" cannot be read.`);
    const { dtype, shape, data_offsets } = parsed.data;
    requirePlain(path, name, dtype);
    const [begin, end] = data_offsets;
    const elements = shape.reduce((product, dimension) => product * dimension, 1);
    const bytes = floatTypes[dtype] ? elements * floatTypes[dtype].bytes : end - begin;
    if (end - begin !== bytes || dataStart + end > size)
      throw invalid(`${path} is damaged: the tensor "${name}" does not fit into it.`);
    return { name, dtype, shape, file: path, offset: dataStart + begin, length: bytes };
  });
  const texts = metadataSchema.safeParse(metadata);
  return { tensors, metadata: texts.success ? texts.data : {} };
}

function requirePlain(path: string, name: string, dtype: string): void {
  if (floatTypes[dtype] || copiedTypes.has(dtype)) return;
  throw invalid(
    `${path} is quantised already: its tensor "${name}" is stored as ${dtype}.`,
    'Make the copy of a version in F32, F16 or BF16.',
  );
}

async function readHeader(path: string) {
  const file = await open(path).catch((cause: Error) => {
    throw invalid(`${path} cannot be read: ${cause.message}`);
  });
  try {
    const { size } = await file.stat();
    const length = Buffer.alloc(8);
    await file.read(length, 0, 8, 0);
    if (length.toString('latin1').startsWith('GGUF')) {
      throw invalid(
        `${path} is quantised already, or at least a GGUF file.`,
        'Make the copy of a version of the model in .safetensors.',
      );
    }
    const bytes = Number(length.readBigUInt64LE());
    if (bytes > Math.min(size - 8, maximumHeaderBytes))
      throw invalid(`${path} is not a .safetensors file, or is damaged.`);
    const text = Buffer.alloc(bytes);
    await file.read(text, 0, bytes, 8);
    return { header: parseHeader(path, text.toString()), dataStart: 8 + bytes, size };
  } finally {
    await file.close();
  }
}

function parseHeader(path: string, text: string): Record<string, unknown> {
  try {
    return headerSchema.parse(JSON.parse(text));
  } catch {
    throw invalid(`${path} is not a .safetensors file, or is damaged.`);
  }
}

/** The names that diffusers and transformers give to weights, and what they call versions of them. */
export const weightStems = ['model', 'diffusion_pytorch_model'] as const;
const variants = ['', '.fp16', '.bf16'];

/** The weights of a component's folder in diffusers' layout. */
export interface ComponentWeights extends SourceTensors {
  readonly stem: (typeof weightStems)[number];
}

/**
 * The weights of a component, in one file or in several with an index: the most exact version of those that
 * there are. Undefined where the folder has none.
 */
export async function readComponentWeights(folder: string): Promise<ComponentWeights | undefined> {
  const names = await readdir(folder);
  for (const variant of variants) {
    for (const stem of weightStems) {
      const single = join(folder, `${stem}${variant}.safetensors`);
      if (await isThere(single)) return { stem, ...(await readSourceFile(single)) };
      const index = `${stem}.safetensors.index${variant}.json`;
      if (names.includes(index)) return { stem, ...(await readShards(folder, join(folder, index))) };
    }
  }
  return undefined;
}

async function readShards(folder: string, index: string): Promise<SourceTensors> {
  const parsed = shardsSchema.safeParse(JSON.parse(await readFile(index, 'utf8')));
  if (!parsed.success) throw invalid(`${index} cannot be read.`);
  const names = [...new Set(Object.values(parsed.data.weight_map))];
  const shards = await Promise.all(names.map((name) => readSourceFile(join(folder, name))));
  const listed = new Set(Object.keys(parsed.data.weight_map));
  const tensors = shards.flatMap((shard) => shard.tensors).filter(({ name }) => listed.has(name));
  const missing = [...listed].find((name) => !tensors.some((tensor) => tensor.name === name));
  if (missing !== undefined) throw invalid(`${index} names the tensor "${missing}", which is in no file.`);
  return { tensors, metadata: {} };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const invalid = (message: string, hint = 'Check the path, or get the file again.') =>
  new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message, hint });
