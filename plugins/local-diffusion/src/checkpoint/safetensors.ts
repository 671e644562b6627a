import { type FileHandle, realpath } from 'node:fs/promises';
import { z } from 'zod';
import { foreignFormat } from './foreign-formats.js';
import { invalidFiles } from './invalid-files.js';
import { openRegularFile } from './open-regular-file.js';
import { jsonPlace } from './read-file.js';
import { elementBytes, type TensorDtype, type TensorLocation } from './tensor-location.js';

export { elementBytes, type TensorDtype, type TensorLocation } from './tensor-location.js';

/** What the header of a .safetensors file says. */
export interface SafetensorsFile {
  /** By name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorLocation>;
  /** The free text of `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** The format's own limit (`MAX_HEADER_SIZE` in safetensors/src/tensor.rs). */
const maximumHeaderBytes = 100_000_000;

const size = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});

/**
 * Reads and checks the header of a .safetensors file; no tensor is loaded.
 *
 * As the format demands, the tensors must cover everything behind the header without gaps or overlaps, so a
 * file that was cut short, or has bytes appended, is refused.
 *
 * @returns the tensors by name, in the order of the header
 * @throws ERR_MODEL_FILES_INVALID naming the file, what is wrong with it and what to do
 */
export async function readSafetensors(path: string): Promise<ReadonlyMap<string, TensorLocation>> {
  return (await readSafetensorsFile(path)).tensors;
}

/** Like {@link readSafetensors}, with the file's metadata. */
export async function readSafetensorsFile(path: string): Promise<SafetensorsFile> {
  const handle = await openRegularFile(path);
  try {
    const file = await realpath(path);
    const { header, dataStart, dataBytes } = await readHeader(handle, path);
    const tensors = new Map<string, TensorLocation>();
    for (const [name, entry] of Object.entries(header)) {
      if (name === '__metadata__') continue;
      tensors.set(name, locate(path, name, entry, { file, dataStart }));
    }
    checkCoverage(path, tensors, dataStart, dataBytes);
    return { tensors, metadata: readMetadata(header) };
  } finally {
    await handle.close();
  }
}

function readMetadata(header: Record<string, unknown>): Map<string, string> {
  const metadata = Object.hasOwn(header, '__metadata__') ? header.__metadata__ : undefined;
  const entries = typeof metadata === 'object' && metadata !== null ? Object.entries(metadata) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

async function readHeader(handle: FileHandle, path: string) {
  const fileBytes = (await handle.stat()).size;
  const start = Buffer.alloc(Math.min(64, fileBytes));
  await handle.read(start, 0, start.length, 0);
  const foreign = foreignFormat(start);
  if (foreign) throw invalidFiles(`${path} is not a .safetensors file: it is ${foreign.what}.`, foreign.hint);
  if (fileBytes < 8)
    throw invalidFiles(`${path} is ${fileBytes} bytes long: too short for a .safetensors file.`);

  const headerBytes = start.readBigUInt64LE(0);
  if (headerBytes > BigInt(maximumHeaderBytes)) {
    throw invalidFiles(
      `${path} is not a .safetensors file: its header would be longer than the ${maximumHeaderBytes} bytes that are allowed.`,
    );
  }
  const dataStart = 8 + Number(headerBytes);
  if (dataStart > fileBytes) {
    throw invalidFiles(
      `${path} is cut short, or is not a .safetensors file: its header goes beyond the ${fileBytes} bytes that it has.`,
    );
  }
  const text = Buffer.alloc(Number(headerBytes));
  await handle.read(text, 0, text.length, 8);
  return { header: parseHeader(path, text.toString('utf8')), dataStart, dataBytes: fileBytes - dataStart };
}

function parseHeader(path: string, text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw invalidFiles(
      `${path} has a damaged header, or is not a .safetensors file: it is not JSON${jsonPlace(cause)}.`,
      undefined,
      cause,
    );
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw invalidFiles(`${path} is not a .safetensors file: its header is not a JSON object.`);
  }
  return header as Record<string, unknown>;
}

function locate(
  path: string,
  name: string,
  entry: unknown,
  place: { readonly file: string; readonly dataStart: number },
): TensorLocation {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalidFiles(
      `${path}: tensor "${name}" has a bad ${issue?.path.join('.') || 'entry'}: ${issue?.message}`,
    );
  }
  const { dtype, shape, data_offsets } = parsed.data;
  if (!Object.hasOwn(elementBytes, dtype)) {
    throw invalidFiles(
      `${path}: tensor "${name}" is of type "${dtype}", which is not supported.`,
      `Use a version of the model stored as one of ${Object.keys(elementBytes).join(', ')}.`,
    );
  }
  const [begin, end] = data_offsets;
  const expected = shape.reduce(
    (product, dimension) => product * dimension,
    elementBytes[dtype as TensorDtype],
  );
  if (end - begin !== expected) {
    throw invalidFiles(
      `${path}: tensor "${name}" takes the bytes ${begin} to ${end}, but ${dtype} [${shape}] needs ${expected} bytes.`,
    );
  }
  return {
    dtype: dtype as TensorDtype,
    shape,
    file: place.file,
    offset: place.dataStart + begin,
    length: end - begin,
  };
}

function checkCoverage(
  path: string,
  tensors: ReadonlyMap<string, TensorLocation>,
  dataStart: number,
  dataBytes: number,
): void {
  let covered = dataStart;
  for (const [name, tensor] of [...tensors].sort(
    ([, a], [, b]) => a.offset - b.offset || a.length - b.length,
  )) {
    if (tensor.offset !== covered) {
      const what = tensor.offset < covered ? 'overlaps the tensor before it' : 'leaves a gap before it';
      throw invalidFiles(
        `${path}: tensor "${name}" ${what} (byte ${tensor.offset - dataStart} of the data).`,
      );
    }
    covered += tensor.length;
  }
  const missing = covered - dataStart - dataBytes;
  if (missing > 0) throw invalidFiles(`${path} is cut short: ${missing} bytes of its tensors are missing.`);
  if (missing < 0) throw invalidFiles(`${path} has ${-missing} bytes behind its last tensor.`);
}
