import type { FileHandle } from 'node:fs/promises';

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
 * The names of the tensors in a GGUF file; nothing else of it is kept.
 *
 * @throws Error for a header that does not fit into the file, or is none
 */
export async function ggufNames(file: FileHandle): Promise<string[]> {
  const most = Math.min((await file.stat()).size, maximumHeaderBytes);
  for (let wanted = firstBytes; ; wanted *= 4) {
    const start = Buffer.alloc(Math.min(wanted, most));
    await file.read(start, 0, start.length, 0);
    try {
      return namesIn(new Cursor(start));
    } catch (error) {
      if (!(error instanceof RangeError) || wanted >= most) throw error;
    }
  }
}

function namesIn(cursor: Cursor): string[] {
  // Magic and version.
  cursor.skip(8);
  const tensors = cursor.u64();
  const entries = cursor.u64();
  for (let entry = 0; entry < entries; entry += 1) {
    cursor.text();
    skipValue(cursor, cursor.u32());
  }
  const names: string[] = [];
  for (let tensor = 0; tensor < tensors; tensor += 1) {
    names.push(cursor.text());
    const dimensions = cursor.u32();
    // Sizes, type and place.
    cursor.skip(8 * dimensions + 4 + 8);
  }
  return names;
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
