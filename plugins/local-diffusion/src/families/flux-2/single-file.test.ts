import { expect, test } from 'vitest';
import type { TensorLocation } from '../../checkpoint/tensor-location.js';
import { singleFile } from './single-file.js';

const recognise = (textWidth: number) => {
  const location = (shape: readonly number[]): TensorLocation => ({
    ...{ file: 'a.safetensors', dtype: 'F16', shape, offset: 0, length: 0 },
  });
  const tensors = new Map([
    ['double_stream_modulation_img.lin.weight', location([6, 1])],
    ['txt_in.weight', location([1, textWidth])],
  ]);
  return singleFile.recognise('/models/a.safetensors', tensors);
};

test('the sizes of klein are told apart by the text that they read, and dev is refused by its name', () => {
  expect(recognise(7680)).toMatchObject({ variant: { title: 'FLUX.2 klein 4B' } });
  expect(recognise(12_288)).toMatchObject({ variant: { title: 'FLUX.2 klein 9B' } });
  expect(() => recognise(15_360)).toThrow(/is FLUX\.2 dev, whose text encoder, Mistral Small 3/);
});
