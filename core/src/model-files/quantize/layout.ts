import type { Quantization, WrittenType } from './choose-type.js';
import type { SourceTensor } from './source-tensors.js';

/** Some bytes of the file that is written. */
export interface Place {
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}

/** A tensor of the model, and where what is made of it goes. */
export interface Unit {
  readonly tensor: SourceTensor;
  readonly type: WrittenType;
  /** The numbers or codes; of int8 rows then their scales, and the note that says what they are. */
  readonly places: readonly [Place, ...Place[]];
}

/** All that is decided about a file before its first byte is written. */
export interface Layout {
  readonly header: Buffer;
  readonly units: readonly Unit[];
  readonly bytes: number;
}

/** A tensor, and how it is to be written. */
export interface Chosen {
  readonly tensor: SourceTensor;
  readonly type: WrittenType;
}

/** The ending of the files of a kind. */
export const endingOf = (to: Quantization): string => (to === 'int8' ? '.safetensors' : '.gguf');

export const elementsOf = ({ shape }: SourceTensor): number =>
  shape.reduce((product, dimension) => product * dimension, 1);
