import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { floatTensor, writeSafetensors } from '../reference/tensors.js';
import {
  golden,
  makeImage,
  rawTensors,
  temporaryFolder,
  withFirstValue,
  writeCheckpoint,
} from './tiny-model.js';

const single = golden('f_single_file/sd15_single.safetensors');
const folder = golden('d_pipelines/sd_pipeline');

test.each([
  ['unet', 'model.diffusion_model.out.2.weight', Number.NaN, 'conv_out.weight', 'NaN'],
  [
    'text_encoder',
    'cond_stage_model.transformer.text_model.final_layer_norm.weight',
    Number.NaN,
    'text_model.final_layer_norm.weight',
    'NaN',
  ],
  [
    'vae',
    'first_stage_model.decoder.conv_in.weight',
    Number.POSITIVE_INFINITY,
    'decoder.conv_in.weight',
    'infinity',
  ],
])('a value that is not finite in %s is an error that names it', async (network, name, value, path, what) => {
  const tensors = await rawTensors(single);
  const damaged = { ...tensors, [name]: withFirstValue(tensors[name]!, value) };
  const file = await writeCheckpoint(join(await temporaryFolder(), 'damaged.safetensors'), damaged, {
    like: 'sd_pipeline',
  });
  await expect(makeImage({ path: file })).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringMatching(new RegExp(`"${network}".*"${path}" in .*damaged.*has ${what}`)),
  });
});

test.each([
  ['F64', [0, 0, 0, 0, 0, 0, 0xf8, 0x7f], 'NaN'],
  ['F16', [0, 0x7e], 'NaN'],
  ['BF16', [0xc0, 0x7f], 'NaN'],
  ['BF16', [0x80, 0x7f], 'infinity'],
  ['F8_E4M3', [0x7f], 'NaN'],
  ['F8_E5M2', [0x7c], 'infinity'],
])('a value of %s that is not finite is one too (%j)', async (dtype, bits, what) => {
  const tensors = await rawTensors(single);
  const name = 'model.diffusion_model.out.2.bias';
  const { shape } = tensors[name]!;
  const bytes = new Uint8Array(shape.reduce((count, size) => count * size, 1) * bits.length);
  bytes.set(bits);
  const file = await writeCheckpoint(
    join(await temporaryFolder(), 'damaged.safetensors'),
    { ...tensors, [name]: { dtype, shape, bytes } },
    { like: 'sd_pipeline' },
  );
  await expect(makeImage({ path: file })).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringMatching(new RegExp(`"conv_out.bias" in .*damaged.*has ${what}`)),
  });
});

test('a LoRA whose values are not finite is named', async () => {
  const file = join(await temporaryFolder(), 'lora.safetensors');
  const tensors = await rawTensors(golden('g_lora/lora_kohya.safetensors'));
  const name = Object.keys(tensors).find(
    (each) => each.startsWith('lora_unet') && each.includes('lora_down'),
  )!;
  await writeSafetensors(file, { ...tensors, [name]: withFirstValue(tensors[name]!, Number.NaN) });
  await expect(makeImage({ path: folder, options: { loras: [{ path: file }] } })).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringMatching(/"unet".*"lora\/0\/.*in .*lora\.safetensors has NaN/),
  });
});

test('a small decoder whose activations would hide the value is refused', async () => {
  const copy = join(await temporaryFolder(), 'taesd');
  await cp(golden('c_models/taesd'), copy, { recursive: true });
  const file = join(copy, 'diffusion_pytorch_model.safetensors');
  const tensors = await rawTensors(file);
  const name = Object.keys(tensors).find((each) => each.startsWith('decoder.') && each.endsWith('.weight'))!;
  await writeSafetensors(file, { ...tensors, [name]: withFirstValue(tensors[name]!, Number.NaN) });
  const tinyDecoder = { path: copy, use: 'always' };
  await expect(makeImage({ path: folder, options: { tinyDecoder } })).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringMatching(/"decoder\..*" has NaN/),
  });
});

test('a textual inversion whose values are not finite is refused', async () => {
  const path = join(await temporaryFolder(), 'word.safetensors');
  await writeSafetensors(path, { emb_params: floatTensor([1, 32], new Array(32).fill(Number.NaN)) });
  const call = makeImage({
    path: folder,
    request: { prompt: 'a word' },
    options: { embeddings: [{ path }] },
  });
  await expect(call).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringMatching(/word\.safetensors.*NaN/),
  });
});

test('weights that are finite, and a request that makes their numbers too large, name the network as well', async () => {
  const loras = [{ path: golden('g_lora/lora_kohya.safetensors'), weight: 10 }];
  const tensors = await rawTensors(loras[0]!.path);
  const path = join(await temporaryFolder(), 'strong.safetensors');
  const alphas = Object.fromEntries(
    Object.keys(tensors)
      .filter((name) => name.endsWith('.alpha'))
      .map((name) => [name, floatTensor([], [3e38])]),
  );
  await writeSafetensors(path, { ...tensors, ...alphas });
  await expect(makeImage({ path: folder, options: { loras: [{ path, weight: 10 }] } })).rejects.toMatchObject(
    {
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringMatching(/"(text_encoder|unet)" gave NaN or infinity/),
    },
  );
});
