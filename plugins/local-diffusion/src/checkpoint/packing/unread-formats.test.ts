import { expect, test } from 'vitest';
import { refuseQuantisation } from './unread-formats.js';

const location = { dtype: 'I8', shape: [1], file: '/a.safetensors', offset: 0, length: 1 } as const;
const layers = (format: string) => new Map([['blocks.0', { format }]]);
const instead = { hint: 'Use the version of the model in GGUF, fp8, int8, F16 or BF16.' };

test.each([
  ['qweight', 'SVDQuant (Nunchaku), AWQ or GPTQ'],
  ['pre_quant_scale', 'AWQ'],
  ['weight._data', 'optimum-quanto'],
  ['weight_packed', 'compressed-tensors'],
  ['W_q', 'HQQ'],
])('refuses tensors .%s as those of %s', (ending, name) => {
  const tensors = new Map([[`transformer_blocks.0.qkv_proj.${ending}`, location]]);
  expect(() => refuseQuantisation('/a.safetensors', tensors, new Map())).toThrow(
    expect.objectContaining({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringContaining(name),
      ...instead,
    }),
  );
});

/** `QUANT_ALGOS` of ComfyUI: each of its formats is read, or refused by its name. */
test.each(['asym_w4a8_int8', 'awq_w4a16'])('refuses %s by its name', (format) => {
  expect(() => refuseQuantisation('/a.safetensors', new Map(), layers(format))).toThrow(
    expect.objectContaining({ message: expect.stringContaining(`"${format}" of ComfyUI`), ...instead }),
  );
});

test.each(['float8_e4m3fn', 'float8_e5m2', 'nvfp4', 'mxfp8', 'int8_tensorwise', 'convrot_w4a4'])(
  'lets %s pass',
  (format) => {
    expect(() => refuseQuantisation('/a.safetensors', new Map(), layers(format))).not.toThrow();
  },
);
