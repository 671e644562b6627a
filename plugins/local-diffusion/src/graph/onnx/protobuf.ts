/**
 * As much of protobuf's wire format as ONNX files and SentencePiece's models need.
 *
 * @module
 */

/** One field of a message: its number, and what is inside. */
export interface ProtobufField {
  readonly field: number;
  /** A varint is 0, eight bytes are 1, bytes with a length are 2, four bytes are 5. */
  readonly wireType: number;
  /** Bytes of a string, a message or a fixed number; of a varint, its bytes. */
  readonly content: Uint8Array;
}

/** Splits a message into its fields, in their order. @throws Error for bytes that are not a message */
export function readFields(message: Uint8Array): ProtobufField[] {
  const fields: ProtobufField[] = [];
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[position++];
      if (byte === undefined) throw new Error('the message ends in the middle of a field');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (position < message.length) {
    const key = varint();
    const wireType = key % 8;
    let contentStart = position;
    if (wireType === 0) varint();
    else if (wireType === 1) position += 8;
    else if (wireType === 5) position += 4;
    else if (wireType === 2) {
      const length = varint();
      contentStart = position;
      position += length;
    } else throw new Error(`the message has a field of wire type ${wireType}`);
    if (position > message.length) throw new Error('the message ends in the middle of a field');
    fields.push({
      field: (key - wireType) / 8,
      wireType,
      content: message.subarray(contentStart, position),
    });
  }
  return fields;
}

/** All integers of a repeated field, one a field or packed. */
export const readIntegers = (fields: readonly ProtobufField[]): number[] =>
  fields.flatMap(({ wireType, content }) => {
    if (wireType !== 2) return [readInteger(content)];
    const numbers: number[] = [];
    for (let start = 0; start < content.length; ) {
      let end = start;
      while ((content[end] ?? 0) >= 0x80) end += 1;
      numbers.push(readInteger(content.subarray(start, end + 1)));
      start = end + 1;
    }
    return numbers;
  });

/** The value of a varint; ten bytes are a negative number in two's complement. */
export const readInteger = (content: Uint8Array): number =>
  content.length < 10
    ? content.reduce((value, byte, index) => value + (byte & 0x7f) * 128 ** index, 0)
    : Number(
        BigInt.asIntN(
          64,
          content.reduce((value, byte, index) => value | (BigInt(byte & 0x7f) << BigInt(7 * index)), 0n),
        ),
      );

export const readText = (content: Uint8Array): string => Buffer.from(content).toString('utf8');

export const join = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

export const writeInteger = (field: number, value: number): Uint8Array =>
  join([varintOf(field << 3), varintOf(value)]);

/** A field that holds a message, a string or raw bytes. */
export const writeBytes = (field: number, value: Uint8Array): Uint8Array =>
  join([varintOf((field << 3) | 2), varintOf(value.length), value]);

export const writeText = (field: number, value: string): Uint8Array =>
  writeBytes(field, Buffer.from(value, 'utf8'));

export const writeFloat = (field: number, value: number): Uint8Array => {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return join([varintOf((field << 3) | 5), out]);
};

/** Keys and lengths are mostly of one byte: those are made once. */
const singleBytes = Array.from({ length: 0x80 }, (_, value) => Uint8Array.of(value));

function varintOf(value: number): Uint8Array {
  const single = singleBytes[value];
  if (single) return single;
  const out: number[] = [];
  // Negative numbers take the ten bytes of their 64-bit two's complement.
  let rest = value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;
  if (typeof rest === 'bigint') {
    for (; rest > 0x7fn; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  } else {
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}
