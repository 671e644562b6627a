import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readTensorHeader } from '../../core/src/model-files/tensor-header.js';
import { weightTypesOf } from '../../core/src/model-files/weight-types.js';

const quantised = (file: string) =>
  fileURLToPath(new URL(`../golden/i_quantised/models/flux/${file}`, import.meta.url));

test('the weights of a file are called by the types that most of them have, or by their format', async () => {
  const typesOf = async (file: string) => weightTypesOf(await readTensorHeader(quantised(file)));
  expect(await typesOf('flux1-dev-Q4_0.gguf')).toEqual(['Q4_0', 'F16', 'Q4_1']);
  expect(await typesOf('flux1-dev-fp8_e4m3fn.safetensors')).toEqual(['F8_E4M3']);
  expect(await typesOf('flux1-dev-bnb-nf4.safetensors')).toEqual(['nf4', 'BF16']);
  expect(await typesOf('flux1-dev-nvfp4.safetensors')).toEqual(['nvfp4', 'BF16', 'F8_E4M3']);
});
