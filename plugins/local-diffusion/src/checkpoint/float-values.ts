import { open } from 'node:fs/promises';
import { isBlockType } from './gguf/block-types.js';
import { fromFloat8, fromHalf } from './half-floats.js';
import { invalidFiles } from './invalid-files.js';
import { elementBytes, type TensorDtype, type TensorLocation } from './safetensors.js';

/** How an element of each type is read: from a view, at a byte. */
const readers: Partial<Record<TensorDtype, (view: DataView, byte: number) => number>> = {
  F64: (view, byte) => view.getFloat64(byte, true),
  F32: (view, byte) => view.getFloat32(byte, true),
  F16: (view, byte) => fromHalf(view.getUint16(byte, true)),
  BF16: (view, byte) => bfloat16ToNumber(view.getUint16(byte, true)),
  F8_E4M3: (view, byte) => fromFloat8(view.getUint8(byte)),
  // The upper half of a float16.
  F8_E5M2: (view, byte) => fromHalf(view.getUint8(byte) << 8),
};

/** Types that a file may hold a single number in. */
const integerReaders: Partial<Record<TensorDtype, (view: DataView) => number>> = {
  I64: (view) => Number(view.getBigInt64(0, true)),
  I32: (view) => view.getInt32(0, true),
  I16: (view) => view.getInt16(0, true),
  I8: (view) => view.getInt8(0),
  U64: (view) => Number(view.getBigUint64(0, true)),
  U32: (view) => view.getUint32(0, true),
  U16: (view) => view.getUint16(0, true),
  U8: (view) => view.getUint8(0),
  BOOL: (view) => view.getUint8(0),
};

const word = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of binary32. */
function bfloat16ToNumber(bits: number): number {
  word.setUint32(0, bits * 0x10000);
  return word.getFloat32(0);
}

/**
 * Loads a tensor of floating-point numbers from its file, row-major.
 *
 * @throws ERR_MODEL_FILES_INVALID for another type, and when the file cannot be read or has become shorter
 */
export async function readFloats({ file, dtype, offset, length }: TensorLocation): Promise<Float32Array> {
  const readElement = isBlockType(dtype) ? undefined : readers[dtype];
  if (!readElement || isBlockType(dtype)) {
    throw invalidFiles(
      `${file}: a tensor is stored as ${dtype}, which is not a floating-point type to read.`,
    );
  }
  const bytes = await readBytes(file, offset, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const elementSize = elementBytes[dtype];
  return Float32Array.from({ length: length / elementSize }, (_, index) =>
    readElement(view, index * elementSize),
  );
}

/**
 * Loads the first number of a tensor, of whatever type.
 *
 * @throws ERR_MODEL_FILES_INVALID for an empty tensor, and when the file cannot be read or has become shorter
 */
export async function readNumber(location: TensorLocation): Promise<number> {
  const { file, dtype, offset } = location;
  if (isBlockType(dtype)) throw invalidFiles(`${file}: a tensor that should be a number is ${dtype}.`);
  const length = elementBytes[dtype];
  if (location.length < length) throw invalidFiles(`${file}: a tensor that should be a number is empty.`);
  const readInteger = integerReaders[dtype];
  if (!readInteger) return (await readFloats({ ...location, length }))[0]!;
  const bytes = await readBytes(file, offset, length);
  return readInteger(new DataView(bytes.buffer, bytes.byteOffset, length));
}

/**
 * Loads so many bytes of a file.
 *
 * @throws ERR_MODEL_FILES_INVALID when it cannot be read or has become shorter
 */
export async function readBytes(file: string, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  try {
    const handle = await open(file, 'r');
    try {
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw invalidFiles(`${file} cannot be read: ${(cause as Error).message}`, undefined, cause);
  }
  if (filled < length) throw invalidFiles(`${file} is cut short: ${length - filled} bytes are missing.`);
  return bytes;
}
