import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openModel } from '../../plugins/local-diffusion/src/models/open-model.js';
import {
  readSingleFile,
  requireComponents,
} from '../../plugins/local-diffusion/src/models/read-single-file.js';
import { type Shapes, writeHollowFile } from '../reference/original-checkpoint.js';

const golden = fileURLToPath(new URL('../golden', import.meta.url));
const files = join(golden, 'f_single_file/flux');
const configFolder = join(golden, 'd_pipelines/flux_pipeline');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-transformer-files-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
});

/** ComfyUI's folders. */
async function layOut(places: Readonly<Record<string, string>>): Promise<string> {
  for (const [file, place] of Object.entries(places)) {
    await mkdir(join(folder, place), { recursive: true });
    await cp(join(files, file), join(folder, place, file));
  }
  return join(folder, 'diffusion_models/flux1-dev.safetensors');
}

describe('a file of a transformer alone', () => {
  test('finds its companions in the folders of ComfyUI', async () => {
    const path = await layOut({
      'flux1-dev.safetensors': 'diffusion_models',
      'clip_l.safetensors': 'text_encoders',
      't5xxl_fp16.safetensors': 'clip',
      'ae.safetensors': 'vae',
    });
    await cp(join(configFolder, 'tokenizer_2'), join(folder, 'clip/t5xxl_fp16'), { recursive: true });
    const model = await openModel({ path }, { configFolder });
    onTestFinished(() => model.release());
    const names = model.files.map((file) => file.slice(file.lastIndexOf('/') + 1));
    expect(names).toEqual(expect.arrayContaining(['clip_l.safetensors', 't5xxl_fp16.safetensors']));
    expect(names).toContain('ae.safetensors');
  });

  test('says which companion is missing and where it goes', async () => {
    const path = await layOut({
      'flux1-dev.safetensors': 'diffusion_models',
      'clip_l.safetensors': 'text_encoders',
      'ae.safetensors': 'vae',
    });
    const configs = join(folder, 'configs');
    for (const part of ['transformer', 'text_encoder', 'vae'])
      await cp(join(configFolder, part, 'config.json'), join(configs, part, 'config.json'));
    const file = await readSingleFile(path, { configFolder: configs });
    expect(() => requireComponents(file)).toThrow(/has no T5 text encoder/);
    expect(() => requireComponents(file)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/t5xxl_fp16\.safetensors.*"text_encoders"/) }),
    );
  });

  test('says where T5’s tokenizer goes', async () => {
    const path = await layOut({
      'flux1-dev.safetensors': 'diffusion_models',
      'clip_l.safetensors': 'text_encoders',
      't5xxl_fp16.safetensors': 'text_encoders',
    });
    const configs = join(folder, 'configs');
    for (const part of ['transformer', 'text_encoder', 'text_encoder_2'])
      await cp(join(configFolder, part, 'config.json'), join(configs, part, 'config.json'));
    await expect(readSingleFile(path, { configFolder: configs })).rejects.toThrow(
      /T5's tokenizer is missing/,
    );
  });
});

/** The published FLUX.1 with fewer blocks. */
function fluxShapes(inputs: number, readsGuidance: boolean): Shapes {
  const [width, head] = [3072, 128];
  const linear = (path: string, rows: number, columns: number): Shapes => ({
    [`${path}.weight`]: [rows, columns],
    [`${path}.bias`]: [rows],
  });
  const norms = (path: string): Shapes => ({
    [`${path}.query_norm.scale`]: [head],
    [`${path}.key_norm.scale`]: [head],
  });
  const stream = (path: string): Shapes => ({
    ...linear(`${path}_mod.lin`, 6 * width, width),
    ...linear(`${path}_mlp.0`, 4 * width, width),
    ...linear(`${path}_mlp.2`, width, 4 * width),
    ...linear(`${path}_attn.proj`, width, width),
    ...linear(`${path}_attn.qkv`, 3 * width, width),
    ...norms(`${path}_attn.norm`),
  });
  return {
    ...linear('img_in', width, inputs),
    ...linear('txt_in', width, 4096),
    ...linear('time_in.in_layer', width, 256),
    ...linear('time_in.out_layer', width, width),
    ...linear('vector_in.in_layer', width, 768),
    ...linear('vector_in.out_layer', width, width),
    ...(readsGuidance && linear('guidance_in.in_layer', width, 256)),
    ...(readsGuidance && linear('guidance_in.out_layer', width, width)),
    ...stream('double_blocks.0.img'),
    ...stream('double_blocks.0.txt'),
    ...linear('single_blocks.0.linear1', 7 * width, width),
    ...linear('single_blocks.0.linear2', width, 5 * width),
    ...linear('single_blocks.0.modulation.lin', 3 * width, width),
    ...norms('single_blocks.0.norm'),
    ...linear('final_layer.linear', 64, width),
    ...linear('final_layer.adaLN_modulation.1', 2 * width, width),
  };
}

describe('the config of a FLUX.1 file', () => {
  test.each([
    ['dev', 'flux1-dev', 64, true, 'FluxPipeline', 'FLUX.1 dev'],
    ['schnell', 'flux1-schnell', 64, false, 'FluxPipeline', 'FLUX.1 schnell'],
    ['Fill', 'flux1-fill-dev', 384, true, 'FluxPipeline', 'FLUX.1 dev'],
    ['Kontext', 'flux1-kontext-dev', 64, true, 'FluxKontextPipeline', 'FLUX.1 Kontext'],
  ])('is told from the shapes of %s', async (_, name, inputs, readsGuidance, className, title) => {
    const path = join(folder, `${name}.safetensors`);
    await writeHollowFile(path, fluxShapes(inputs, readsGuidance));
    const file = await readSingleFile(path);
    expect(file.family.type).toBe('flux');
    expect(file.variant.title).toBe(title);
    expect(file.index._class_name).toBe(className);
    expect(file.components.transformer?.config).toMatchObject({
      ...{ in_channels: inputs, out_channels: 64, num_layers: 1, num_single_layers: 1 },
      ...{ attention_head_dim: 128, num_attention_heads: 24, joint_attention_dim: 4096 },
      ...{ pooled_projection_dim: 768, guidance_embeds: readsGuidance, axes_dims_rope: [16, 56, 56] },
    });
    expect(file.schedulerConfig).toMatchObject({
      shift: readsGuidance ? 3 : 1,
      use_dynamic_shifting: readsGuidance,
    });
  });
});
