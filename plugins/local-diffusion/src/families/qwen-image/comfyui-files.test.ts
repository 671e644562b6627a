import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { pipelineCaseSchema, requestOf } from '../../../../../test/reference/pipeline-case.js';
import { readTensors } from '../../../../../test/reference/tensors.js';
import { readJson } from '../../checkpoint/read-file.js';
import { openModel } from '../../models/open-model.js';
import { generatePictures } from '../../pipelines/generate-pictures.js';
import { toRgb } from '../../pipelines/pixels.js';
import { NetworkMemory } from '../../session/network-memory.js';

const golden = fileURLToPath(new URL('../../../../../test/golden', import.meta.url));
const pipeline = `${golden}/d_pipelines/qwen_image_pipeline`;
const expected = `${pipeline}_expected`;

/**
 * Files as ComfyUI's users have them. The configs, which shapes this small do not tell, lie in a folder of
 * the transformer's name.
 */
async function createFiles(name: string, encoder: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-qwen-image-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const part of ['diffusion_models', 'text_encoders', 'vae']) await mkdir(join(folder, part));
  const path = join(folder, 'diffusion_models', `${name}.safetensors`);
  await cp(`${pipeline}/transformer/diffusion_pytorch_model.safetensors`, path);
  await cp(
    `${golden}/f_single_file/qwen_image/qwen_image_vae.safetensors`,
    join(folder, 'vae/qwen_image_vae.safetensors'),
  );
  const file = encoder.endsWith('.gguf')
    ? `${golden}/i_quantised/models/qwen2vl/qwen2.5-vl-text.gguf`
    : `${pipeline}/text_encoder/model.safetensors`;
  await cp(file, join(folder, 'text_encoders', encoder));
  await cp(pipeline, join(folder, 'diffusion_models', name), {
    recursive: true,
    filter: (each) => !each.endsWith('.safetensors'),
  });
  return path;
}

/** What a file makes of a case, and what the reference has: bytes of pixels. */
async function makeCase(path: string, id: string) {
  const { cases } = z
    .object({ cases: z.array(z.looseObject({ id: z.string() })) })
    .parse(await readJson(`${expected}/cases.json`));
  const wanted = pipelineCaseSchema.parse(cases.find((each) => each.id === id));
  const tensors = await readTensors(`${expected}/expected.safetensors`);
  const model = await openModel({ path }, { memory: new NetworkMemory({ threads: 1 }) });
  onTestFinished(() => model.release());
  const { planes } = await generatePictures(model, requestOf(wanted, tensors, model));
  return { made: toRgb(planes), wanted: [...tensors.get(`${id}.image_u8`)!.data].map(Number) };
}

test.each([
  ['qwen_image_bf16', 't0'],
  ['qwen_image_edit_2509_bf16', 'e1'],
])('ComfyUI’s files of %s make the image that its folder makes', async (name, id) => {
  const { made, wanted } = await makeCase(await createFiles(name, 'qwen_2.5_vl_7b.safetensors'), id);
  expect(made).toHaveLength(wanted.length);
  for (const [index, value] of wanted.entries())
    expect(Math.abs(made[index]! - value)).toBeLessThanOrEqual(1);
});

test('a text encoder of GGUF makes nearly the same image, and sees none', async () => {
  const encoder = 'Qwen2.5-VL-7B-Instruct-Q8_0.gguf';
  const { made, wanted } = await makeCase(await createFiles('qwen_image_bf16', encoder), 't0');
  const difference = wanted.reduce((sum, value, index) => sum + Math.abs(made[index]! - value), 0);
  expect(difference / wanted.length).toBeLessThan(4);
  const editing = await createFiles('qwen_image_edit_bf16', encoder);
  await expect(openModel({ path: editing })).rejects.toThrow(/"visual\./);
});
