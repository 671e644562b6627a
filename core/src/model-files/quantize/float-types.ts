/** How the numbers of a type are made float32: from bytes, so many at a time. */
interface FloatType {
  readonly bytes: number;
  read(bytes: Buffer, into: Float32Array): void;
}

/** Types of floating-point numbers that a smaller copy is made of, by safetensors' names. */
export const floatTypes: Readonly<Record<string, FloatType>> = {
  F32: {
    bytes: 4,
    read(bytes, into) {
      for (let index = 0; index < into.length; index += 1) into[index] = bytes.readFloatLE(index * 4);
    },
  },
  F16: {
    bytes: 2,
    read(bytes, into) {
      for (let index = 0; index < into.length; index += 1)
        into[index] = halves[bytes[index * 2]! | (bytes[index * 2 + 1]! << 8)]!;
    },
  },
  // The upper half of a float32.
  BF16: {
    bytes: 2,
    read(bytes, into) {
      const words = new Uint32Array(into.buffer, into.byteOffset, into.length);
      for (let index = 0; index < into.length; index += 1)
        words[index] = (bytes[index * 2]! << 16) | (bytes[index * 2 + 1]! << 24);
    },
  },
};

/** Each float16 as a number, by its bits. */
const halves = Float32Array.from({ length: 0x10000 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

const word = new Float32Array(1);
const wordBits = new Uint32Array(word.buffer);

/** The bits of the float16 nearest to a number, ties to even; beyond 65504 infinity. */
export function toHalf(value: number): number {
  word[0] = value;
  const bits = wordBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | nearestEven(Math.abs(word[0]!) * 2 ** 24);
  const rebiased = magnitude - (112 << 23);
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}

function nearestEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
