import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import { easel } from '../cli/easel.js';
import { readTensors, type TensorValues } from '../reference/tensors.js';

const golden = (relative: string) =>
  fileURLToPath(new URL(`../golden/d_pipelines/${relative}`, import.meta.url));
const plugins = fileURLToPath(new URL('../../plugins', import.meta.url));
const edge = 64;

/** Case c0 of the reference: `StableDiffusionControlNetPipeline`. */
const asked = {
  ...{ prompt: 'a photo of a cat', negative_prompt: 'blurry, low quality', seed: 171, steps: 5 },
  sampler: 'EulerDiscreteScheduler',
};
const guidance = 6;

async function createModels(folder: string): Promise<void> {
  await cp(golden('sd_pipeline'), join(folder, 'model'), {
    recursive: true,
    filter: (path) => !/unet|controlnet/.test(path.slice(golden('sd_pipeline').length)),
  });
  await cp(golden('sd_pipeline/unet_small'), join(folder, 'model/unet'), { recursive: true });
  const nets = join(folder, 'models/controlnet');
  await mkdir(join(nets, 'edges/controlnet'), { recursive: true });
  const own = golden('sd_pipeline/controlnet');
  await cp(join(own, 'diffusion_pytorch_model.safetensors'), join(nets, 'edges.safetensors'));
  // Shapes this small do not tell the config.
  await cp(join(own, 'config.json'), join(nets, 'edges/controlnet/config.json'));
  const others = { xl: 'sdxl_variants/controlnet', flux: 'flux_variants/controlnet' };
  for (const [name, from] of Object.entries(others))
    await cp(golden(from), join(nets, name), { recursive: true });
}

const pixelsOf = (bytes: Uint8Array): Promise<Buffer> => sharp(bytes).removeAlpha().raw().toBuffer();

function expectReference(pixels: Buffer, { data }: TensorValues): void {
  expect(pixels).toHaveLength(3 * edge ** 2);
  const off = pixels.map((value, index) => Math.abs(value - Number(data[index])));
  expect(Math.max(...off)).toBeLessThanOrEqual(1);
}

it('an image is followed by a ControlNet at each door as diffusers does it', async () => {
  const folder = await createServeFolder({
    pluginFolders: [plugins],
    catalogueFolders: ['catalogue'],
    currentModel: 'tiny',
    server: { modelFolders: ['models'] },
  });
  await createModels(folder);
  expect(await easel(folder, ['models', 'import', 'model', '--id', 'tiny'])).toMatchObject({ status: 0 });
  const reference = await readTensors(golden('sd_pipeline_expected/expected.safetensors'));
  const expected = reference.get('c0.image_u8')!;
  const followed = Buffer.from(Array.from(reference.get('c0.init_image_u8')!.data, Number));
  const image = await sharp(followed, { raw: { width: edge, height: edge, channels: 3 } })
    .png()
    .toBuffer();
  await sharp(image).toFile(join(folder, 'edges.png'));
  const sent = image.toString('base64');

  const { url } = await serveFrom(folder);
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as { image_url: string; images: string[] } };
  };
  const own = { ...asked, model: 'tiny', size: `${edge}x${edge}`, guidance_scale: guidance };
  const control = [{ image: sent, model: 'controlnet/edges.safetensors' }];
  const made = await post('/api/images/generate', { ...own, control });
  expect(made).toMatchObject({ status: 200, body: { warnings: [] } });
  const stored = await fetch(made.body.image_url);
  expectReference(await pixelsOf(new Uint8Array(await stored.arrayBuffer())), expected);

  const { sampler, ...common } = asked;
  const unit = { enabled: true, image: sent, model: 'edges [d14c016b]', module: 'none', weight: 1 };
  const automatic = {
    ...{ ...common, cfg_scale: guidance, sampler_name: sampler, width: edge, height: edge },
    override_settings: { sd_model_checkpoint: 'tiny' },
  };
  const scripts = (args: readonly object[]) => ({ alwayson_scripts: { ControlNet: { args } } });
  const byUnit = await post('/sdapi/v1/txt2img', { ...automatic, ...scripts([unit, { enabled: false }]) });
  expect(byUnit.status).toBe(200);
  const [base64] = byUnit.body.images;
  expectReference(await pixelsOf(Buffer.from(base64!, 'base64')), expected);

  const words = ['--negative', asked.negative_prompt, '--seed', '171', '--steps', '5', '--size', `${edge}`];
  const rest = ['--model', 'tiny', '--guidance', `${guidance}`, '--sampler', sampler, '--out', 'made.png'];
  const net = ['--control', 'edges.png', '--control-model', 'models/controlnet/edges.safetensors'];
  const command = await easel(folder, ['generate', asked.prompt, ...words, ...rest, ...net]);
  expect(command).toMatchObject({ status: 0, stderr: expect.not.stringContaining('warning') });
  expectReference(await pixelsOf(await readFile(join(folder, 'made.png'))), expected);

  const refusals: readonly [object, RegExp][] = [
    [{ control: [{ image: sent }] }, /control\.0\.model: the model has no ControlNet of its own/],
    [{ control: [{ image: sent, model: '../secret.safetensors' }] }, /is not a file that a request may name/],
    [{ control: [{ image: sent, model: 'controlnet/xl' }] }, /The ControlNet xl is for another model/],
    [{ control: [{ image: sent, model: 'controlnet/flux' }] }, /flux is a ControlNet for FLUX/],
    [{ control: [{ ...control[0], kind: 3 }] }, /control\.0\.kind: the ControlNet tells one kind of images/],
    [
      { control: [{ ...control[0], start: 0.5, end: 0.2 }] },
      /control: 0\.start is 0\.5, and 0\.end only 0\.2/,
    ],
  ];
  for (const [wrong, told] of refusals) {
    const refused = await post('/api/images/generate', { ...own, ...wrong });
    expect(refused.status, JSON.stringify(refused.body)).not.toBe(200);
    expect(JSON.stringify(refused.body)).toMatch(told);
  }
  const prepared = await post('/sdapi/v1/txt2img', {
    ...automatic,
    ...scripts([{ ...unit, module: 'canny' }]),
  });
  expect(prepared.status).toBe(400);
  expect(JSON.stringify(prepared.body)).toMatch(/args\.0\.module: \\"canny\\" is a preprocessor/);
}, 240_000);
