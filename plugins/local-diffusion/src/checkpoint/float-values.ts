import { open } from 'node:fs/promises';
import { fromHalf } from './half-floats.js';
import { invalidFiles } from './invalid-files.js';
import { elementBytes, type TensorDtype, type TensorLocation } from './safetensors.js';

/** How an element of each type is read: from a view, at a byte. */
const readers: Partial<Record<TensorDtype, (view: DataView, byte: number) => number>> = {
  F64: (view, byte) => view.getFloat64(byte, true),
  F32: (view, byte) => view.getFloat32(byte, true),
  F16: (view, byte) => fromHalf(view.getUint16(byte, true)),
  BF16: (view, byte) => bfloat16ToNumber(view.getUint16(byte, true)),
};

const word = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of binary32. */
function bfloat16ToNumber(bits: number): number {
  word.setUint32(0, bits * 0x10000);
  return word.getFloat32(0);
}

/**
 * Loads a tensor of F64, F32, F16 or BF16 from its file, row-major.
 *
 * @throws ERR_MODEL_FILES_INVALID for another type, and when the file cannot be read or has become shorter
 */
export async function readFloats({ file, dtype, offset, length }: TensorLocation): Promise<Float32Array> {
  const readElement = readers[dtype];
  if (!readElement) {
    throw invalidFiles(`${file}: a tensor is stored as ${dtype}, which is no floating-point type to read.`);
  }
  const bytes = await readBytes(file, offset, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const elementSize = elementBytes[dtype];
  return Float32Array.from({ length: length / elementSize }, (_, index) =>
    readElement(view, index * elementSize),
  );
}

async function readBytes(file: string, offset: number, length: number): Promise<Buffer> {
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
