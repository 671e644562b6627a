import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openModel } from '../../models/open-model.js';
import { fillReading, kontextReading } from './image-reading.js';

test('Fill reads the pixels of the mask behind the masked image, those of each latent row by row', () => {
  const mask = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const channels = fillReading(2).channels(mask, Float32Array.from([-1, -2]), [1, 1, 2]);
  // Two latents side by side, of 2 x 2 pixels each.
  expect([...channels]).toEqual([-1, -2, 1, 3, 2, 4, 5, 7, 6, 8]);
});

const golden = (relative: string) =>
  fileURLToPath(new URL(`../../../../../test/golden/${relative}`, import.meta.url));

describe('Kontext', () => {
  test('is refused with a control LoRA, which would make it a model that follows an image', async () => {
    const path = await mkdtemp(join(tmpdir(), 'easel-kontext-'));
    onTestFinished(() => rm(path, { recursive: true }));
    await cp(golden('d_pipelines/flux_pipeline'), path, { recursive: true });
    const index = JSON.parse(await readFile(join(path, 'model_index.json'), 'utf8')) as object;
    const kontext = { ...index, _class_name: 'FluxKontextPipeline' };
    await writeFile(join(path, 'model_index.json'), JSON.stringify(kontext));
    const loras = [golden('g_lora/flux_control_lora_bfl.safetensors')];
    await expect(openModel({ path, loras })).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(/Kontext changes an image, and a control LoRA/),
    });
  });

  const reading = kontextReading(16);
  const latents = (height: number, width: number) => ({
    data: new Float32Array(4 * height * width).fill(height),
    shape: [1, 4, height, width],
  });

  test('brings images to the nearest shape that it was trained with, or keeps their size', () => {
    expect(reading.sizeOf({ width: 640, height: 480 }, undefined)).toEqual({ width: 1184, height: 880 });
    expect(reading.sizeOf({ width: 9, height: 900 }, undefined)).toEqual({ width: 672, height: 1568 });
    expect(reading.sizeOf({ width: 650, height: 480 }, { editedImageSize: 'own' })).toEqual({
      width: 640,
      height: 480,
    });
  });

  test('puts several images beside each other, of the number 1', () => {
    const inputs = reading.inputs([latents(4, 2), latents(2, 2)], 2);
    expect(inputs.edited_tokens?.shape).toEqual([2, 3, 16]);
    expect([...inputs.edited_tokens!.data].filter((_, index) => index % 16 === 0)).toEqual([
      4, 4, 2, 4, 4, 2,
    ]);
    const [first, other] = [
      inputs.edited_positions!.data.slice(0, 9),
      inputs.edited_positions!.data.slice(9),
    ];
    // The first is two tokens high, so that the second goes to its right.
    expect([...first]).toEqual([1, 0, 0, 1, 1, 0, 1, 0, 1]);
    expect(other).toEqual(first);
  });
});
