import { expect, test } from 'vitest';
import { refuseQuantisation } from './quantised-formats.js';
import type { TensorDtype, TensorLocation } from './safetensors.js';

const tensors = (names: Readonly<Record<string, TensorDtype>>): ReadonlyMap<string, TensorLocation> =>
  new Map(
    Object.entries(names).map(([name, dtype]) => [
      name,
      { dtype, shape: [1], file: '/a.safetensors', offset: 0, length: 1 },
    ]),
  );
const weight = 'double_blocks.0.img_attn.qkv.weight';

test.each<[string, Readonly<Record<string, TensorDtype>>, RegExp]>([
  ['nf4', { [weight]: 'U8', [`${weight}.absmax`]: 'F32' }, /nf4 or fp4 of bitsandbytes/],
  ['int8 of bitsandbytes', { [weight]: 'I8', 'double_blocks.0.img_attn.qkv.SCB': 'F32' }, /int8 of bits/],
  ['nvfp4', { [weight]: 'U8', [`${weight}_scale`]: 'F8_E4M3', [`${weight}_scale_2`]: 'F32' }, /nvfp4/],
  ['mxfp8', { [weight]: 'F8_E4M3', [`${weight}_scale`]: 'U8' }, /mxfp8/],
  ['int8 rows', { [weight]: 'I8', [`${weight}_scale`]: 'F32' }, /int8 with a scale/],
  ['SVDQuant', { 'transformer_blocks.0.qkv_proj.qweight': 'I8' }, /SVDQuant or AWQ/],
])('refuses %s by its name', (_, names, message) => {
  expect(() => refuseQuantisation('/a.safetensors', tensors(names))).toThrow(message);
});

test('lets fp8 with and without a scale pass', () => {
  const names = { [weight]: 'F8_E4M3', [`${weight}_scale`]: 'F32', 'img_in.weight': 'F8_E5M2' } as const;
  expect(() => refuseQuantisation('/a.safetensors', tensors(names))).not.toThrow();
});
