import type { FileHandle } from 'node:fs/promises';

/** What the header of a file says of a tensor. */
export interface HeaderTensor {
  readonly name: string;
  /** As the file calls it: `F16`, `F8_E4M3`, `Q4_K`. */
  readonly type: string;
  readonly elements: number;
}

/** How a GGUF file begins. */
export const ggufStart = 'GGUF';

const maximumHeaderBytes = 100_000_000;
const firstBytes = 1024 ** 2;
const textKind = 8;
const arrayKind = 9;
/**
 * Bytes of values of the metadata by the numbers of their kinds, texts and arrays apart. Source: the GGUF
 * specification of ggml.
 */
const valueBytes: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 },
};

/** Types of tensors by their numbers. Source: `enum ggml_type` of `ggml.h`. */
const typeNames: Readonly<Record<number, string>> = {
  ...{ 0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 9: 'Q8_1' },
  ...{ 10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K', 13: 'Q5_K', 14: 'Q6_K', 15: 'Q8_K', 16: 'IQ2_XXS' },
  ...{ 17: 'IQ2_XS', 18: 'IQ3_XXS', 19: 'IQ1_S', 20: 'IQ4_NL', 21: 'IQ3_S', 22: 'IQ2_S', 23: 'IQ4_XS' },
  ...{ 24: 'I8', 25: 'I16', 26: 'I32', 27: 'I64', 28: 'F64', 29: 'IQ1_M', 30: 'BF16', 34: 'TQ1_0' },
  ...{ 35: 'TQ2_0', 39: 'MXFP4', 40: 'NVFP4', 41: 'Q1_0' },
};

/**
 * Reads from the start of a file, of which a first part is in memory; what goes beyond it is a RangeError.
 */
class Cursor {
  readonly #start: Buffer;
  #position = 0;

  constructor(start: Buffer) {
    this.#start = start;
  }

  u32 = (): number => this.#start.readUInt32LE(this.skip(4));
  u64 = (): number => Number(this.#start.readBigUInt64LE(this.skip(8)));

  text(): string {
    const length = this.u64();
    const from = this.skip(length);
    return this.#start.toString('utf8', from, from + length);
  }

  skip(bytes: number): number {
    const from = this.#position;
    this.#position += bytes;
    if (this.#position > this.#start.length) throw new RangeError('the header goes on');
    return from;
  }
}

/**
 * The tensors in a GGUF file.
 *
 * @throws Error for a header that does not fit into the file, or is none
 */
export async function ggufTensors(file: FileHandle): Promise<HeaderTensor[]> {
  const most = Math.min((await file.stat()).size, maximumHeaderBytes);
  for (let wanted = firstBytes; ; wanted *= 4) {
    const start = Buffer.alloc(Math.min(wanted, most));
    await file.read(start, 0, start.length, 0);
    try {
      return tensorsIn(new Cursor(start));
    } catch (error) {
      if (!(error instanceof RangeError) || wanted >= most) throw error;
    }
  }
}

function tensorsIn(cursor: Cursor): HeaderTensor[] {
  // Magic and version.
  cursor.skip(8);
  const tensors = cursor.u64();
  const entries = cursor.u64();
  for (let entry = 0; entry < entries; entry += 1) {
    cursor.text();
    skipValue(cursor, cursor.u32());
  }
  const found: HeaderTensor[] = [];
  for (let tensor = 0; tensor < tensors; tensor += 1) {
    const name = cursor.text();
    let elements = 1;
    for (let left = cursor.u32(); left > 0; left -= 1) elements *= cursor.u64();
    const number = cursor.u32();
    found.push({ name, type: typeNames[number] ?? `type ${number}`, elements });
    // Its place.
    cursor.skip(8);
  }
  return found;
}

function skipValue(cursor: Cursor, kind: number): void {
  if (kind === textKind) {
    cursor.text();
  } else if (kind === arrayKind) {
    const element = cursor.u32();
    const count = cursor.u64();
    const bytes = valueBytes[element];
    if (bytes !== undefined) cursor.skip(count * bytes);
    else for (let index = 0; index < count; index += 1) skipValue(cursor, element);
  } else {
    const bytes = valueBytes[kind];
    if (bytes === undefined) throw new Error(`there is no kind ${kind} of values`);
    cursor.skip(bytes);
  }
}
