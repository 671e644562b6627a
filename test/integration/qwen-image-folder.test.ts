import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import { easel } from '../cli/easel.js';

const golden = (relative: string) => fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));
const plugins = fileURLToPath(new URL('../../plugins', import.meta.url));
const pipeline = golden('d_pipelines/qwen_image_pipeline');
const models = { base: 'qwen_image_bf16', edit: 'qwen_image_edit_2509_bf16' };
const prompt = 'a photo of a cat';

/**
 * A working folder whose models lie as ComfyUI has them: two transformers that share text encoder and
 * autoencoder, and a LoRA.
 */
async function createFolder(): Promise<string> {
  const folder = await createServeFolder({
    pluginFolders: [plugins],
    catalogueFolders: ['catalogue'],
    currentModel: models.base,
    server: { modelFolders: ['models'] },
  });
  const place = (from: string, to: string) => cp(from, join(folder, 'models', to));
  await place(join(pipeline, 'text_encoder/model.safetensors'), 'text_encoders/qwen_2.5_vl_7b.safetensors');
  await place(
    golden('f_single_file/qwen_image/qwen_image_vae.safetensors'),
    'vae/qwen_image_vae.safetensors',
  );
  await place(golden('g_lora/qwen_lora_musubi.safetensors'), 'loras/style.safetensors');
  await mkdir(join(folder, 'catalogue'));
  for (const id of Object.values(models)) {
    const own = join(folder, 'models/diffusion_models', id);
    await place(
      join(pipeline, 'transformer/diffusion_pytorch_model.safetensors'),
      `diffusion_models/${id}.safetensors`,
    );
    // Shapes this small do not tell the configs.
    await cp(pipeline, own, { recursive: true, filter: (path) => !path.endsWith('.safetensors') });
    const entry = {
      ...{ id, name: id, pipelineType: 'qwen-image', source: { type: 'file', path: `${own}.safetensors` } },
      defaults: { width: 64, height: 64, steps: 2, guidanceScale: 4 },
      supports: {
        ...{ minimumEdge: 32, maximumEdge: 128, edgeMultiple: 16, images: 2, inputImages: 2 },
        ...{ seed: true, steps: true, guidanceScale: true, sampler: true, negativePrompt: true },
      },
    };
    await writeFile(join(folder, `catalogue/${id}.json`), JSON.stringify(entry));
  }
  return folder;
}

/** Two commands and a server, each of which opens a model. */
const limitMs = 300_000;

const pixelsOf = (bytes: Uint8Array): Promise<Buffer> => sharp(bytes).removeAlpha().raw().toBuffer();

it(
  'Qwen-Image in ComfyUI’s folders makes images, takes LoRAs and changes images, from the command line and by OpenAI’s door',
  async () => {
    const folder = await createFolder();
    const generate = async (words: readonly string[], out: string) => {
      const { status, stderr } = await easel(folder, ['generate', ...words, '--seed', '7', '--out', out]);
      expect([status, stderr]).toEqual([0, expect.stringContaining(`1 picture by ${models.base}`)]);
      return await pixelsOf(await readFile(join(folder, out)));
    };
    const plain = await generate([prompt], 'plain.png');
    const withLora = await generate([`${prompt} <lora:style:1>`], 'style.png');
    expect(plain).toHaveLength(64 * 64 * 3);
    expect(withLora.equals(plain)).toBe(false);

    const { url } = await serveFrom(folder);
    const imageOf = async (response: Response) => {
      const answer = (await response.json()) as { data: { b64_json: string }[] };
      expect(response.status, JSON.stringify(answer).slice(0, 500)).toBe(200);
      return await pixelsOf(Buffer.from(answer.data[0]!.b64_json, 'base64'));
    };
    const generated = await fetch(`${url}/v1/images/generations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, size: '64x64', response_format: 'b64_json', seed: 7 }),
    });
    expect(await imageOf(generated)).toEqual(plain);

    const source = new Blob([await readFile(join(folder, 'plain.png'))], { type: 'image/png' });
    const edit = async (words: string, images: number) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({
        model: models.edit,
        prompt: words,
        size: '64x64',
        seed: '7',
      }))
        form.append(name, value);
      for (let index = 0; index < images; index += 1) form.append('image[]', source, `${index}.png`);
      return await imageOf(await fetch(`${url}/v1/images/edits`, { method: 'POST', body: form }));
    };
    const changed = await edit('make the sky green', 1);
    expect(changed).toHaveLength(plain.length);
    expect((await edit('make the sky red', 1)).equals(changed)).toBe(false);
    expect((await edit('make the sky green', 2)).equals(changed)).toBe(false);
  },
  limitMs,
);
