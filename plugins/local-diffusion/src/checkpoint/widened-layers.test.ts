import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { chromaLoras, fluxLoras } from '../families/flux/loras.js';
import type { Component } from './component.js';
import { openLora } from './lora.js';
import { widenLayers } from './widened-layers.js';

/** Of a network whose latents are 16 numbers a token, beside 16 of the image that it follows. */
const file = fileURLToPath(
  new URL('../../../../test/golden/g_lora/flux_control_lora_bfl.safetensors', import.meta.url),
);

/** A transformer whose first layer reads so many numbers, of which its 16 latents are the first. */
const transformer = (inputs: number): { transformer: Component } => ({
  transformer: {
    ...{ name: 'transformer', configFile: 'config.json' },
    config: { in_channels: inputs, out_channels: 16 },
    tensors: new Map([
      ['x_embedder.weight', { dtype: 'F32', shape: [32, inputs], file: '/x', offset: 0, length: 0 }],
    ]),
  },
});

test('a control LoRA gives FLUX.1 dev the inputs of the image that is followed', async () => {
  const loras = [await openLora(file, fluxLoras.targets)];
  const { transformer: widened } = widenLayers(transformer(16), loras);
  expect(widened.zeroColumns).toEqual(new Map([['x_embedder.weight', 16]]));
  expect(widened.config).toMatchObject({ in_channels: 32, out_channels: 16 });
  expect(widenLayers(transformer(32), loras).transformer.zeroColumns).toBeUndefined();
});

test.each([
  ['FLUX.1 Fill, which reads an image and a mask', 96, fluxLoras],
  ['Chroma', 16, chromaLoras],
])('a control LoRA is refused by what it is with %s', async (_model, inputs, { targets }) => {
  const loras = [await openLora(file, targets)];
  expect(() => widenLayers(transformer(inputs), loras)).toThrow(
    expect.objectContaining({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(
        new RegExp(
          `flux_control_lora_bfl.*follow an image.*"img_in" is for a layer of 32 inputs.*has ${inputs}\\.$`,
        ),
      ),
      hint: 'Use it with FLUX.1 [dev].',
    }),
  );
});
