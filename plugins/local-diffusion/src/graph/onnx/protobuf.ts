/**
 * As much of protobuf's wire format as it takes to exchange parts of an ONNX file that somebody has written.
 *
 * @module
 */

/** One field of a message: its number, its whole bytes with key and length, and what is inside. */
export interface ProtobufField {
  readonly field: number;
  readonly whole: Uint8Array;
  /** Bytes of a string, a message or a fixed number; of a varint, its bytes. */
  readonly content: Uint8Array;
}

/** Splits a message into its fields, in their order. Throws an Error for bytes that are no message. */
export function readFields(message: Uint8Array): ProtobufField[] {
  const fields: ProtobufField[] = [];
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[position++];
      if (byte === undefined) throw new Error('the ONNX file ends in the middle of a field');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (position < message.length) {
    const start = position;
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
    } else throw new Error(`the ONNX file has a field of wire type ${wireType}`);
    if (position > message.length) throw new Error('the ONNX file ends in the middle of a field');
    fields.push({
      field: (key - wireType) / 8,
      whole: message.subarray(start, position),
      content: message.subarray(contentStart, position),
    });
  }
  return fields;
}

/** A field that holds a message or a string. */
export function writeField(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varintOf(field * 8 + 2), varintOf(content.length), content]);
}

/** The value of a varint field that is not negative. */
export const readVarint = (content: Uint8Array): number =>
  content.reduce((value, byte, index) => value + (byte & 0x7f) * 128 ** index, 0);

export const readString = (content: Uint8Array): string => Buffer.from(content).toString('utf8');

function varintOf(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Uint8Array.of(...bytes, value);
}
