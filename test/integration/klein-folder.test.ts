import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import { easel } from '../cli/easel.js';
import { floatTensor, readTensors, writeSafetensors } from '../reference/tensors.js';

const golden = (relative: string) => fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));
const plugins = fileURLToPath(new URL('../../plugins', import.meta.url));
const pipeline = golden('d_pipelines/flux2_klein_pipeline');
const model = 'flux-2-klein-4b';
const prompt = 'make the sky green <lora:style:0.8>';

/** A folder of models as ComfyUI has it, all parts of FLUX.2 klein in files of their own. */
async function createModels(models: string): Promise<void> {
  const place = (from: string, to: string) => cp(from, join(models, to));
  await place(
    golden('f_single_file/zimage_flux2_extra/flux-2-klein-4b_prefixed.safetensors'),
    `diffusion_models/${model}.safetensors`,
  );
  // Shapes this small do not tell the configs.
  await cp(pipeline, join(models, 'diffusion_models', model), {
    recursive: true,
    filter: (each) => !/\.safetensors/.test(each),
  });
  await place(join(pipeline, 'vae/diffusion_pytorch_model.safetensors'), 'vae/flux2-vae.safetensors');
  await place(golden('g_lora/flux2_lora_base_model.safetensors'), 'loras/style.safetensors');
  await mkdir(join(models, 'text_encoders'));
  const folder = join(pipeline, 'text_encoder');
  const shards = (await readdir(folder)).filter((name) => name.endsWith('.safetensors'));
  const read = await Promise.all(shards.map((name) => readTensors(join(folder, name))));
  const whole = read.flatMap((tensors) =>
    [...tensors].map(([name, { shape, data }]) => [name, floatTensor(shape, data as Float32Array)] as const),
  );
  await writeSafetensors(join(models, 'text_encoders/qwen_3_4b.safetensors'), Object.fromEntries(whole));
}

const pixelsOf = (bytes: Uint8Array): Promise<Buffer> => sharp(bytes).removeAlpha().raw().toBuffer();

it('FLUX.2 klein in ComfyUI’s folders is imported, and changes several images by a LoRA, the same at three doors', async () => {
  const folder = await createServeFolder({
    pluginFolders: [plugins],
    catalogueFolders: ['catalogue'],
    currentModel: model,
    server: { modelFolders: ['models'] },
  });
  await createModels(join(folder, 'models'));
  const { stdout } = await easel(folder, ['models', 'import', 'models', '--json']);
  const [{ id }] = JSON.parse(stdout).models;

  const edges = ['#c03020', '#2050c0'];
  const sources = await Promise.all(
    edges.map((background) =>
      sharp({ create: { width: 64, height: 64, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  for (const [index, bytes] of sources.entries()) await sharp(bytes).toFile(join(folder, `${index}.png`));
  const words = ['--model', id, '--size', '64', '--seed', '7'];
  const edit = async (...more: string[]) => {
    const { status, stderr } = await easel(folder, ['generate', ...more, ...words, '--out', 'out.png']);
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('warning')]);
    return await pixelsOf(await readFile(join(folder, 'out.png')));
  };
  const changed = await edit(prompt, '--image', '0.png', '--image', '1.png');
  expect(changed).toHaveLength(64 * 64 * 3);

  const { url } = await serveFrom(folder);
  const imageOf = async (response: Response) => {
    const answer = (await response.json()) as { images?: string[]; data: { b64_json: string }[] };
    expect(response.status, JSON.stringify(answer).slice(0, 500)).toBe(200);
    return await pixelsOf(Buffer.from(answer.images?.[0] ?? answer.data[0]!.b64_json, 'base64'));
  };
  const openAi = async (text: string, images: readonly Buffer[]) => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ model: id, prompt: text, size: '64x64', seed: '7' }))
      form.append(name, value);
    for (const image of images) form.append('image[]', new Blob([new Uint8Array(image)]), 'image.png');
    return await imageOf(await fetch(`${url}/v1/images/edits`, { method: 'POST', body: form }));
  };
  expect((await openAi(prompt, sources)).equals(changed)).toBe(true);
  for (const other of [await openAi(prompt, [sources[0]!]), await openAi('make the sky green', sources)])
    expect(other.equals(changed)).toBe(false);
  const automatic = await fetch(`${url}/sdapi/v1/img2img`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ prompt, seed: 7, steps: 4, width: 64, height: 64, cfg_scale: 1 },
      override_settings: { sd_model_checkpoint: id },
      init_images: sources.map((image) => image.toString('base64')),
    }),
  });
  expect((await imageOf(automatic)).equals(changed)).toBe(true);

  const encoder = join(folder, 'models/text_encoders/qwen_3_4b.safetensors');
  await cp(golden('d_pipelines/qwen_image_pipeline/text_encoder/model.safetensors'), encoder);
  const refused = await fetch(`${url}/v1/images/generations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: id, prompt, size: '64x64' }),
  });
  expect([refused.status, await refused.text()]).toEqual([500, expect.stringContaining('is no Qwen3')]);
}, 300_000);
