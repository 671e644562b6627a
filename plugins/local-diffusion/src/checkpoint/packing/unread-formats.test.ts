import { expect, test } from 'vitest';
import { refuseQuantisation } from './unread-formats.js';

const location = { dtype: 'I8', shape: [1], file: '/a.safetensors', offset: 0, length: 1 } as const;
const layers = (format: string) => new Map([['blocks.0', { format }]]);

test('refuses what is made for the kernels of one kind of GPU', () => {
  const tensors = new Map([['transformer_blocks.0.qkv_proj.qweight', location]]);
  expect(() => refuseQuantisation('/a.safetensors', tensors, new Map())).toThrow(/SVDQuant or AWQ/);
});

test.each(['convrot_w4a4', 'asym_w4a8_int8', 'awq_w4a16'])('refuses %s by its name', (format) => {
  expect(() => refuseQuantisation('/a.safetensors', new Map(), layers(format))).toThrow(format);
});

test('lets fp8, int8, mxfp8 and nvfp4 pass', () => {
  for (const format of ['float8_e4m3fn', 'float8_e5m2', 'int8_tensorwise', 'mxfp8', 'nvfp4'])
    expect(() => refuseQuantisation('/a.safetensors', new Map(), layers(format))).not.toThrow();
});
