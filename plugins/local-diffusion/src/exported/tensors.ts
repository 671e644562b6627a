import { fromHalves, toHalves } from '../checkpoint/half-floats.js';
import type { Feed } from '../session/network.js';
import { Tensor } from '../session/onnx-runtime.js';

/** The element types that inputs and outputs may have. */
export const portTypes: readonly string[] = ['float32', 'float16', 'float64', 'int64', 'int32'];

/** Values as a tensor of the type that the network declares. */
export function toTensor({ data, shape }: Feed, type: string): Tensor {
  const numbers = (): Float32Array =>
    data instanceof Float32Array ? data : Float32Array.from(data, (value) => Number(value));
  if (type === 'float16') return new Tensor('float16', toHalves(numbers()), shape);
  if (type === 'float64') return new Tensor('float64', Float64Array.from(numbers()), shape);
  if (type === 'int32')
    return new Tensor(
      'int32',
      Int32Array.from(data as Iterable<number | bigint>, (value) => Math.round(Number(value))),
      shape,
    );
  if (type === 'int64')
    return new Tensor(
      'int64',
      BigInt64Array.from(data as Iterable<number | bigint>, (value) => BigInt(Math.round(Number(value)))),
      shape,
    );
  return new Tensor('float32', numbers(), shape);
}

/** An output as float32, whatever the network gives. */
export function toFloats({ type, data }: Tensor): Float32Array {
  if (type === 'float32') return data as Float32Array;
  if (type === 'float16') {
    const { buffer, byteOffset, length } = data as Uint16Array;
    return fromHalves(new Uint16Array(buffer, byteOffset, length));
  }
  return Float32Array.from(data as Iterable<number | bigint>, (value) => Number(value));
}
