import { type FileHandle, realpath } from 'node:fs/promises';
import { foreignFormat } from '../foreign-formats.js';
import { invalidFiles } from '../invalid-files.js';
import { openRegularFile } from '../open-regular-file.js';
import type { TensorLocation } from '../safetensors.js';
import { requireImageModel } from './architectures.js';
import { ByteReader, MoreBytesNeeded } from './byte-reader.js';
import { countEntries, type GgufMetadata, integerIn, readMetadata } from './metadata.js';
import { countTensors, locateTensors, readTensorInfos } from './tensors.js';

/** What the header of a .gguf file says. */
export interface GgufFile {
  readonly version: number;
  readonly metadata: GgufMetadata;
  /** By name, in the order of the header; shapes with the axis that varies fastest last. */
  readonly tensors: ReadonlyMap<string, TensorLocation>;
}

const magic = 'GGUF';
const versions: readonly number[] = [2, 3];
const defaultAlignment = 32;
/** Bytes that are read at first: enough for most files. */
const firstBytes = 1024 ** 2;
/** A header with a large vocabulary has some MB. */
const maximumHeaderBytes = 100_000_000;

/**
 * Reads and checks the header of a .gguf file, version 2 or 3; no tensor is loaded. Nothing that it says is
 * trusted: counts and lengths are held against the size of the file before anything is allocated.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the file, what is wrong with it and what to do
 */
export async function readGguf(path: string): Promise<GgufFile> {
  const handle = await openRegularFile(path);
  try {
    const fileBytes = (await handle.stat()).size;
    const file = await realpath(path);
    for (let wanted = firstBytes; ; ) {
      const start = await readStart(handle, Math.min(wanted, fileBytes));
      try {
        return parse(path, start, { file, fileBytes });
      } catch (error) {
        if (!(error instanceof MoreBytesNeeded)) throw error;
        if (error.bytes > maximumHeaderBytes) {
          throw invalidFiles(
            `${path} is damaged: its header would be longer than the ${maximumHeaderBytes} bytes that are allowed.`,
          );
        }
        wanted = Math.min(maximumHeaderBytes, Math.max(4 * wanted, error.bytes));
      }
    }
  } finally {
    await handle.close();
  }
}

async function readStart(handle: FileHandle, bytes: number): Promise<Buffer> {
  const start = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(start, 0, bytes, 0);
  return start.subarray(0, bytesRead);
}

function parse(
  path: string,
  start: Buffer,
  { file, fileBytes }: { readonly file: string; readonly fileBytes: number },
): GgufFile {
  const reader = new ByteReader(path, start, fileBytes);
  requireMagic(path, start);
  reader.u32();
  const version = readVersion(path, reader.u32());
  const tensorCount = countTensors(reader);
  const metadata = readMetadata(path, reader, countEntries(reader));
  const alignment = integerIn(path, metadata, 'general.alignment') ?? defaultAlignment;
  if (alignment <= 0 || (alignment & (alignment - 1)) !== 0)
    throw invalidFiles(`${path} is damaged: its alignment is ${alignment}, which is no power of two.`);
  const infos = readTensorInfos(path, reader, tensorCount, metadata);
  requireImageModel(path, metadata);
  const dataStart = Math.ceil(reader.position / alignment) * alignment;
  const tensors = locateTensors(path, infos, { file, dataStart, fileBytes, alignment });
  return { version, metadata, tensors };
}

function requireMagic(path: string, start: Buffer): void {
  if (start.subarray(0, magic.length).toString('latin1') === magic) return;
  if (start.length === 0) throw invalidFiles(`${path} is empty.`, 'Download the file again.');
  if (magic.startsWith(start.toString('latin1')))
    throw invalidFiles(`${path} is cut short: it has ${start.length} bytes.`, 'Download the file again.');
  if (start[8] === 0x7b)
    throw invalidFiles(`${path} is no GGUF file: it seems to be a .safetensors file.`, 'Rename it.');
  const foreign = foreignFormat(start.subarray(0, 64));
  throw invalidFiles(
    `${path} is no GGUF file${foreign ? `: it is ${foreign.what}` : ''}.`,
    foreign?.hint ?? 'Download the file again.',
  );
}

function readVersion(path: string, version: number): number {
  if (versions.includes(version)) return version;
  const isBigEndian = version % 0x10000 === 0 && version !== 0;
  const what = isBigEndian
    ? 'a big-endian GGUF file, made for other processors'
    : `version ${version} of GGUF`;
  throw invalidFiles(
    `${path} is ${what}, which is not read.`,
    'Use a file of version 2 or 3, little-endian.',
  );
}
