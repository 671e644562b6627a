import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import { easel } from '../cli/easel.js';
import { floatTensor, readTensors, writeSafetensors } from '../reference/tensors.js';

const golden = (relative: string) => fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));
const plugins = fileURLToPath(new URL('../../plugins', import.meta.url));
const weights = 'diffusion_pytorch_model.safetensors';
/** All images have this edge, in pixels. */
const edge = 64;

/** A model of ComfyUI's folder, and what is asked of it. */
interface Family {
  /** Of its denoising network; the name that it is imported by. */
  readonly file: string;
  /** Its network. */
  readonly network: string;
  /** Of its network's tensors in a file that has other parts, too. */
  readonly prefix?: string;
  /** Its checkpoint in diffusers' layout, whose configs go along: shapes this small do not tell them. */
  readonly pipeline: string;
  /** A LoRA of it, in the folder `loras`. */
  readonly style: string;
  /** How many images it is given to change. */
  readonly sources: number;
  /** Of what it starts from a noised image; absent: it starts from noise and reads the images. */
  readonly strength?: number;
}

const families: readonly Family[] = [
  {
    ...{ file: 'flux1-dev-Q4_0.gguf', network: 'i_quantised/models/flux/flux1-dev-Q4_0.gguf' },
    ...{ pipeline: 'flux_pipeline', style: 'flux', sources: 1, strength: 0.75 },
  },
  {
    ...{ file: 'flux1-dev-kontext_fp8.safetensors' },
    network: 'i_quantised/models/flux/flux1-dev-fp8_e4m3fn.safetensors',
    ...{ pipeline: 'flux_pipeline', style: 'flux', sources: 1 },
  },
  {
    file: 'z_image_turbo_bf16.safetensors',
    network: 'f_single_file/zimage_flux2_extra/z_image_all_in_one.safetensors',
    prefix: 'model.diffusion_model.',
    ...{ pipeline: 'zimage_pipeline', style: 'z_image', sources: 1, strength: 0.75 },
  },
  {
    ...{ file: 'qwen_image_bf16.safetensors', style: 'qwen', sources: 1, strength: 0.75 },
    ...{ network: `d_pipelines/qwen_image_pipeline/transformer/${weights}`, pipeline: 'qwen_image_pipeline' },
  },
  {
    ...{ file: 'qwen_image_edit_2509_bf16.safetensors', style: 'qwen', sources: 2 },
    ...{ network: `d_pipelines/qwen_image_pipeline/transformer/${weights}`, pipeline: 'qwen_image_pipeline' },
  },
  {
    ...{ file: 'flux-2-klein-4b_bf16.safetensors', style: 'klein', sources: 2 },
    network: 'f_single_file/zimage_flux2_extra/flux-2-klein-4b_prefixed.safetensors',
    pipeline: 'flux2_klein_pipeline',
  },
];

/** What the families share their folder with: text encoders, autoencoders and LoRAs, by their places. */
const others: Readonly<Record<string, string>> = {
  'text_encoders/t5xxl-Q8_0.gguf': 'i_quantised/models/t5/t5xxl-encoder-Q8_0.gguf',
  'text_encoders/clip_l.safetensors': 'd_pipelines/flux_pipeline/text_encoder/model.safetensors',
  'text_encoders/qwen_2.5_vl_7b.safetensors':
    'd_pipelines/qwen_image_pipeline/text_encoder/model.safetensors',
  // In truth both families have one; of these the channels tell whose it is.
  'vae/ae.safetensors': `d_pipelines/flux_pipeline/vae/${weights}`,
  'vae/flux_vae_bf16.safetensors': `d_pipelines/zimage_pipeline/vae/${weights}`,
  'vae/flux2-vae.safetensors': `d_pipelines/flux2_klein_pipeline/vae/${weights}`,
  'vae/qwen_image_vae.safetensors': 'f_single_file/qwen_image/qwen_image_vae.safetensors',
  'loras/flux.safetensors': 'g_lora/flux_lora_kohya.safetensors',
  'loras/z_image.safetensors': 'g_lora/zimage_lora_fused_qkv.safetensors',
  'loras/qwen.safetensors': 'g_lora/qwen_lora_musubi.safetensors',
  'loras/klein.safetensors': 'g_lora/flux2_lora_base_model.safetensors',
};

/** Qwen3 of two models, in one file each as ComfyUI has it. */
const qwens = { qwen_3_4b: 'flux2_klein_pipeline', qwen_3_4b_z: 'zimage_pipeline' };

const idOf = ({ file }: Pick<Family, 'file'>): string => file.replace(/\.[a-z]+$/, '').toLowerCase();

async function createModels(models: string): Promise<void> {
  for (const [to, from] of Object.entries(others)) await cp(golden(from), join(models, to));
  for (const { file, network, prefix, pipeline } of families) {
    const to = join(models, 'diffusion_models', file);
    await cp(golden(`d_pipelines/${pipeline}`), to.replace(/\.[a-z]+$/, ''), {
      recursive: true,
      filter: (each) => !/\.safetensors/.test(each),
    });
    if (prefix === undefined) await cp(golden(network), to);
    else await writeJoined([golden(network)], to, prefix);
  }
  for (const [name, pipeline] of Object.entries(qwens)) {
    const folder = golden(`d_pipelines/${pipeline}/text_encoder`);
    const shards = (await readdir(folder)).filter((each) => each.endsWith('.safetensors'));
    const to = join(models, `text_encoders/${name}.safetensors`);
    await writeJoined(
      shards.map((each) => join(folder, each)),
      to,
    );
  }
}

/** Writes the tensors of some files into one, those with the prefix without it. */
async function writeJoined(files: readonly string[], to: string, prefix = ''): Promise<void> {
  const read = await Promise.all(files.map((file) => readTensors(file, (name) => name.startsWith(prefix))));
  const whole = read.flatMap((tensors) =>
    [...tensors].map(
      ([name, { shape, data }]) =>
        [name.slice(prefix.length), floatTensor(shape, data as Float32Array)] as const,
    ),
  );
  await writeSafetensors(to, Object.fromEntries(whole));
}

const pixelsOf = (bytes: Uint8Array): Promise<Buffer> => sharp(bytes).removeAlpha().raw().toBuffer();

it('each family in ComfyUI’s folders is imported, makes and changes images by a LoRA, the same at each door', async () => {
  const folder = await createServeFolder({
    pluginFolders: [plugins],
    catalogueFolders: ['catalogue'],
    currentModel: idOf(families[0]!),
    server: { modelFolders: ['models'] },
  });
  await createModels(join(folder, 'models'));
  const imported = JSON.parse((await easel(folder, ['models', 'import', 'models', '--json'])).stdout);
  const ids = families.map(idOf);
  expect(imported.models.map(({ id }: { id: string }) => id).sort()).toEqual(ids.toSorted());
  const { stdout } = await easel(folder, ['models', '--json']);
  for (const id of ids) expect(stdout).toContain(`"${id}"`);

  const sources = await Promise.all(
    ['#c03020', '#2050c0'].map(async (background, index) => {
      const image = sharp({ create: { width: edge, height: edge, channels: 3, background } }).png();
      await image.clone().toFile(join(folder, `${index}.png`));
      return await image.toBuffer();
    }),
  );
  const { url } = await serveFrom(folder);
  for (const family of families) {
    const own = sources.slice(0, family.sources);
    const changed = await byAutomatic(url, family, own);
    expect(changed, family.file).toHaveLength(3 * edge ** 2);
    // The command opens a model anew: it is asked for one that starts from a noised image and one that edits.
    if (family === families[0] || family === families.at(-1)) {
      const commanded = await byCommand(folder, family, own.length);
      expect(commanded.equals(changed), `${family.file} by the command`).toBe(true);
    }
    const isEditor = family.strength === undefined;
    const atOpenAi = await byOpenAi(url, family, isEditor ? own : []);
    expect(atOpenAi.equals(changed), `${family.file} at OpenAI's`).toBe(isEditor);
    const plain = await byOpenAi(url, { ...family, style: undefined }, isEditor ? own : []);
    expect(plain.equals(atOpenAi), `${family.file} without its LoRA`).toBe(false);
  }
  for (const { file, of, id, told } of wrongFiles) {
    await cp(golden(of), join(folder, 'models', file));
    const refused = await postJson(`${url}/v1/images/generations`, { model: id, prompt: 'a cat' });
    expect([refused.status, await refused.text()]).toEqual([500, expect.stringMatching(told)]);
  }
}, 1_200_000);

/** Files of other families under the names that a family looks for. */
const wrongFiles = [
  {
    ...{ file: 'text_encoders/t5xxl-Q8_0.gguf', of: 'i_quantised/models/qwen2vl/qwen2.5-vl-text.gguf' },
    ...{ id: 'flux1-dev-kontext_fp8', told: /t5xxl-Q8_0.gguf is called like .*, and has no tensors of such/ },
  },
  {
    ...{ file: 'vae/flux_vae_bf16.safetensors', of: `d_pipelines/flux2_klein_pipeline/vae/${weights}` },
    ...{ id: 'z_image_turbo_bf16', told: /ae.safetensors is called like .*, and has latents of 4 channels/ },
  },
  {
    file: 'text_encoders/qwen_3_4b.safetensors',
    of: 'd_pipelines/qwen_image_pipeline/text_encoder/model.safetensors',
    ...{ id: 'flux-2-klein-4b_bf16', told: /qwen_3_4b.safetensors is called like .*, and is no Qwen3/ },
  },
];

/** A family, or one without its LoRA. */
type Asked = Omit<Family, 'style'> & { readonly style: string | undefined };

const steps = 2;
const seed = 7;
const promptOf = ({ style }: Asked) => `make the sky green${style ? ` <lora:${style}:0.8>` : ''}`;

/** Changes so many images by the command. */
async function byCommand(folder: string, family: Asked, images: number): Promise<Buffer> {
  const { strength } = family;
  const given = Array.from({ length: images }, (_, index) => ['--image', `${index}.png`]).flat();
  const words = ['--model', idOf(family), '--size', `${edge}`, '--steps', `${steps}`, '--seed', `${seed}`];
  const noised = strength === undefined ? [] : ['--strength', `${strength}`];
  const all = ['generate', promptOf(family), ...words, ...given, ...noised, '--out', 'out.png'];
  const { status, stderr } = await easel(folder, all);
  expect([status, stderr]).toEqual([0, expect.not.stringContaining('warning')]);
  return await pixelsOf(await readFile(join(folder, 'out.png')));
}

async function byOpenAi(url: string, family: Asked, images: readonly Buffer[]): Promise<Buffer> {
  const asked = { model: idOf(family), prompt: promptOf(family), size: `${edge}x${edge}`, seed, steps };
  if (images.length === 0) return await imageOf(await postJson(`${url}/v1/images/generations`, asked));
  const form = new FormData();
  for (const [name, value] of Object.entries(asked)) form.append(name, `${value}`);
  for (const image of images) form.append('image[]', new Blob([new Uint8Array(image)]), 'image.png');
  return await imageOf(await fetch(`${url}/v1/images/edits`, { method: 'POST', body: form }));
}

const byAutomatic = async (url: string, family: Asked, images: readonly Buffer[]): Promise<Buffer> =>
  await imageOf(
    await postJson(`${url}/sdapi/v1/img2img`, {
      ...{ prompt: promptOf(family), seed, steps, width: edge, height: edge },
      ...(family.strength !== undefined && { denoising_strength: family.strength }),
      override_settings: { sd_model_checkpoint: idOf(family) },
      init_images: images.map((image) => image.toString('base64')),
    }),
  );

const postJson = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

async function imageOf(response: Response): Promise<Buffer> {
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).toBe(200);
  const answer = JSON.parse(text) as { images?: string[]; data: { b64_json: string }[] };
  return await pixelsOf(Buffer.from(answer.images?.[0] ?? answer.data[0]!.b64_json, 'base64'));
}
