import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import { easel } from '../cli/easel.js';

const golden = (relative: string) => fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));
const plugins = fileURLToPath(new URL('../../plugins', import.meta.url));
const pipeline = golden('d_pipelines/flux_pipeline');
const transformer = 'flux1-dev-Q4_0';
const model = 'tiny-flux';
const prompt = 'a photo of a cat';
const styled = `${prompt} <lora:style:1>`;

/**
 * A working folder whose models lie as ComfyUI has them: GGUF for the transformer and T5, and a LoRA of the
 * original names.
 */
async function createFolder(): Promise<string> {
  const folder = await createServeFolder({
    pluginFolders: [plugins],
    catalogueFolders: ['catalogue'],
    currentModel: model,
    server: { modelFolders: ['models'] },
  });
  const place = (from: string, to: string) => cp(from, join(folder, 'models', to), { recursive: true });
  await place(golden(`i_quantised/models/flux/${transformer}.gguf`), `diffusion_models/${transformer}.gguf`);
  await place(golden('i_quantised/models/t5/t5xxl-encoder-Q8_0.gguf'), 'text_encoders/t5xxl-Q8_0.gguf');
  await place(join(pipeline, 'text_encoder/model.safetensors'), 'text_encoders/clip_l.safetensors');
  await place(join(pipeline, 'vae/diffusion_pytorch_model.safetensors'), 'vae/ae.safetensors');
  await place(golden('g_lora/flux_lora_kohya.safetensors'), 'loras/style.safetensors');
  // Shapes this small do not tell the configs.
  await cp(pipeline, join(folder, 'models/diffusion_models', transformer), {
    recursive: true,
    filter: (path) => !path.endsWith('.safetensors'),
  });
  await mkdir(join(folder, 'catalogue'));
  const entry = {
    id: model,
    name: 'Tiny FLUX',
    pipelineType: 'flux',
    source: { type: 'file', path: join(folder, `models/diffusion_models/${transformer}.gguf`) },
    defaults: { width: 64, height: 64, steps: 4, guidanceScale: 3.5 },
    supports: {
      ...{ minimumEdge: 32, maximumEdge: 128, edgeMultiple: 16, images: 2, inputImages: 1 },
      ...{ seed: true, steps: true, guidanceScale: true, sampler: true, negativePrompt: true },
    },
  };
  await writeFile(join(folder, `catalogue/${model}.json`), JSON.stringify(entry));
  return folder;
}

/** Two commands and a server, each of which opens the model. */
const limitMs = 120_000;

const pixelsOf = (bytes: Uint8Array): Promise<Buffer> => sharp(bytes).removeAlpha().raw().toBuffer();

it(
  'FLUX in ComfyUI’s folders, quantised, is used from the command line and by clients of other APIs',
  async () => {
    const folder = await createFolder();
    const generate = async (words: readonly string[], out: string) => {
      const { status, stderr } = await easel(folder, ['generate', ...words, '--seed', '7', '--out', out]);
      expect([status, stderr]).toEqual([0, expect.stringContaining(`1 picture by ${model}`)]);
      return await pixelsOf(await readFile(join(folder, out)));
    };
    const plain = await generate([prompt], 'plain.png');
    const withLora = await generate([styled], 'style.png');
    expect(plain).toHaveLength(64 * 64 * 3);
    expect(withLora.equals(plain)).toBe(false);

    const { url } = await serveFrom(folder);
    const post = async (path: string, body: object) => {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as { images: string[]; data: { b64_json: string }[] };
      expect(response.status, JSON.stringify(answer).slice(0, 500)).toBe(200);
      return await pixelsOf(Buffer.from(answer.images?.[0] ?? answer.data[0]!.b64_json, 'base64'));
    };
    const openAi = { model, size: '64x64', response_format: 'b64_json', seed: 7 };
    expect(await post('/v1/images/generations', { ...openAi, prompt: styled })).toEqual(withLora);
    const automatic = { seed: 7, steps: 4, width: 64, height: 64, cfg_scale: 3.5 };
    expect(await post('/sdapi/v1/txt2img', { ...automatic, prompt: styled })).toEqual(withLora);
    const source = (await readFile(join(folder, 'plain.png'))).toString('base64');
    const from = { ...automatic, prompt, init_images: [source], denoising_strength: 0.75 };
    const changed = await post('/sdapi/v1/img2img', from);
    expect(changed).toHaveLength(plain.length);
    expect(changed.equals(plain)).toBe(false);
  },
  limitMs,
);
