import { invalidFiles } from '../invalid-files.js';

/** More of the file has to be read into memory before its header can be told. */
export class MoreBytesNeeded extends Error {
  readonly bytes: number;

  /** @param bytes from the start of the file */
  constructor(bytes: number) {
    super(`${bytes} bytes of the file are needed`);
    this.bytes = bytes;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads little-endian numbers and strings from the start of a file, of which only a first part is in memory.
 * Every length is held against the bytes that the file has left before anything of it is read or allocated.
 */
export class ByteReader {
  readonly #path: string;
  readonly #start: Buffer;
  readonly #fileBytes: number;
  #position = 0;

  /** @param start the first bytes of the file */
  constructor(path: string, start: Buffer, fileBytes: number) {
    this.#path = path;
    this.#start = start;
    this.#fileBytes = fileBytes;
  }

  /** Bytes from the start of the file. */
  get position(): number {
    return this.#position;
  }

  /** Bytes between here and the end of the file. */
  get left(): number {
    return this.#fileBytes - this.#position;
  }

  u8 = (): number => this.#start.readUInt8(this.#take(1));
  i8 = (): number => this.#start.readInt8(this.#take(1));
  u16 = (): number => this.#start.readUInt16LE(this.#take(2));
  i16 = (): number => this.#start.readInt16LE(this.#take(2));
  u32 = (): number => this.#start.readUInt32LE(this.#take(4));
  i32 = (): number => this.#start.readInt32LE(this.#take(4));
  f32 = (): number => this.#start.readFloatLE(this.#take(4));
  u64 = (): bigint => this.#start.readBigUInt64LE(this.#take(8));
  i64 = (): bigint => this.#start.readBigInt64LE(this.#take(8));
  f64 = (): number => this.#start.readDoubleLE(this.#take(8));

  /**
   * A number of things that follow, each of which takes some bytes.
   *
   * @param what for messages, e.g. `tensors`
   * @throws ERR_MODEL_FILES_INVALID where the file has not that many bytes left
   */
  count(what: string, leastBytes: number): number {
    const count = this.u64();
    if (count * BigInt(leastBytes) > BigInt(this.left)) {
      throw invalidFiles(
        `${this.#path} is damaged: it says that it has ${count} ${what}, which do not fit into its ${this.#fileBytes} bytes.`,
      );
    }
    return Number(count);
  }

  /** @param what for messages, e.g. `the name of a tensor` */
  text(what: string): string {
    const length = this.count(`bytes of ${what}`, 1);
    const from = this.#take(length);
    try {
      return utf8.decode(this.#start.subarray(from, from + length));
    } catch (cause) {
      throw invalidFiles(`${this.#path} is damaged: ${what} at byte ${from} is not UTF-8.`, undefined, cause);
    }
  }

  #take(length: number): number {
    const from = this.#position;
    const end = from + length;
    if (end > this.#fileBytes) {
      throw invalidFiles(
        `${this.#path} is cut short: its header goes beyond the ${this.#fileBytes} bytes that it has.`,
      );
    }
    if (end > this.#start.length) throw new MoreBytesNeeded(end);
    this.#position = end;
    return from;
  }
}
