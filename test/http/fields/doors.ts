/**
 * The APIs by which images are made: fields that a request may have, with values that are not those of their
 * absence, and how it is sent.
 *
 * @module
 */
import fc from 'fast-check';
import sharp from 'sharp';
import { expect } from 'vitest';
import { z } from 'zod';
import { type FieldTable, fieldTables } from '../../../core/src/http/documentation/fields/index.js';
import { colours, halves } from '../masked-images.js';
import type { TestServer } from '../server.js';

/** Fields by their names; `override_settings.samples_format` is one in another. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly images: readonly Buffer[];
  /** Fields that the answer names. */
  readonly named: readonly string[];
}

export interface Door {
  readonly name: string;
  /** What the documentation says of its fields. */
  readonly table: FieldTable;
  readonly fields: Readonly<Record<string, fc.Arbitrary<unknown>>>;
  /** Fields that the API itself reads only beside another one: absent without it. */
  readonly needs?: Readonly<Record<string, string>>;
  readonly send: (server: TestServer, call: Call) => Promise<Answered>;
}

export interface Call {
  readonly model: 'all' | 'none' | 'words';
  /** What is sent along to start from. */
  readonly given: 'nothing' | 'image' | 'image and mask';
  readonly fields: Fields;
}

const of = fc.constantFrom;
export const prompt = '{one|other} boat';
const image = (await halves(colours.red, colours.blue)).toString('base64');
const clearHalf = (await halves(colours.clear, colours.opaqueBlack)).toString('base64');
/** A white square in the middle of black, which a padding makes larger on all sides. */
const whiteSquare = (
  await sharp({ create: { width: 24, height: 24, channels: 3, background: 'white' } })
    .extend({ top: 20, bottom: 20, left: 20, right: 20, background: 'black' })
    .png()
    .toBuffer()
).toString('base64');
const whiteHalf = (await halves(colours.black, colours.white)).toString('base64');

/** Names with dots as objects in objects. */
function nested(fields: Fields): Fields {
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const [head = '', inner] = name.split('.');
    body[head] = inner === undefined ? value : { ...(body[head] as object), [inner]: value };
  }
  return body;
}

const warnings = z.array(z.looseObject({ parameter: z.string().optional(), message: z.string() }));
const namesOf = (told: z.output<typeof warnings>) => told.map(({ parameter = '' }) => parameter);
const fromBase64 = (text: string) => Buffer.from(text, 'base64');

async function post<Schema extends z.ZodType>(
  server: TestServer,
  path: string,
  body: object,
  schema: Schema,
  read: (answer: z.output<Schema>) => Pick<Answered, 'images' | 'named'>,
): Promise<Answered> {
  const headers = { accept: 'application/json, text/event-stream' };
  const response = await server.post(path, body, headers);
  const text = await response.text();
  const { status } = response;
  if (status !== 200) return { status, text, images: [], named: [] };
  return { status, text, ...read(schema.parse(JSON.parse(text))) };
}

/** Those that our own API and OpenAI's share. */
const extra = {
  negative_prompt: of('fog'),
  seed: of(11),
  steps: of(3),
  guidance_scale: of(2.5),
  sampler: of('euler'),
  strength: of(0.3),
  expand_prompt: of(false),
  keep_unmasked: of(false),
  mask_blur: of(3),
  mask_fill: of('surroundings'),
  mask_padding: of(4),
  provider_options: of({ recorder: { ink: 1 } }, { nobody: { ink: 1 } }),
};

/** Without a mask, `false` asks for what is done anyway. */
const extraNeeds = { keep_unmasked: 'mask' };

const openAiAnswer = z.object({
  data: z.array(z.object({ b64_json: z.string() })),
  easel: z.object({ warnings }),
});
const openAi: Door = {
  name: "OpenAI's",
  table: fieldTables.openai,
  fields: {
    ...extra,
    n: of(2),
    size: of('128x64'),
    output_format: of('jpeg', 'webp'),
    output_compression: of(10, 50),
    quality: of('low', 'high'),
    background: of('transparent'),
    moderation: of('low'),
    style: of('vivid'),
    input_fidelity: of('high', 'low'),
    partial_images: of(2),
    made_up: of(true, 0),
  },
  needs: extraNeeds,
  send: (server, { model, given, fields }) => {
    const body = {
      ...{ prompt, model, ...fields },
      ...(given === 'nothing' ? {} : { images: [{ image_url: image }] }),
      ...(given === 'image and mask' ? { mask: { image_url: clearHalf } } : {}),
    };
    const path = given === 'nothing' ? 'generations' : 'edits';
    return post(server, `/v1/images/${path}`, body, openAiAnswer, ({ data, easel }) => ({
      images: data.map(({ b64_json }) => fromBase64(b64_json)),
      named: namesOf(easel.warnings),
    }));
  },
};

const ownAnswer = z.object({ images: z.array(z.object({ image_path: z.string() })), warnings });
const own: Door = {
  name: "Easel's own",
  table: fieldTables.easel,
  fields: { ...extra, style: of('ink'), size: of('128x64'), image_type: of('webp', 'avif'), n: of(2) },
  needs: extraNeeds,
  send: async (server, { model, given, fields }) => {
    const body = {
      ...{ prompt, model, ...fields },
      ...(given === 'nothing' ? {} : { input_images: [image] }),
      ...(given === 'image and mask' ? { mask: whiteHalf } : {}),
    };
    let paths: string[] = [];
    const answered = await post(server, '/api/images/generate', body, ownAnswer, (answer) => {
      paths = answer.images.map(({ image_path }) => image_path);
      return { images: [], named: namesOf(answer.warnings) };
    });
    const names = paths.map((path) => path.split('/').at(-1));
    const images = await Promise.all(
      names.map(async (name) => {
        const file = await server.get(`/api/images/results/${name}`);
        return Buffer.from(await file.arrayBuffer());
      }),
    );
    return { ...answered, images };
  },
};

const automaticAnswer = z.object({ images: z.array(z.string()), info: z.string() });
const automatic1111: Door = {
  name: "Automatic1111's",
  table: fieldTables.automatic1111,
  fields: {
    ...{ negative_prompt: of('fog'), seed: of(11, '12'), steps: of(3, '4'), cfg_scale: of(2.5) },
    ...{ width: of(128), height: of('72'), batch_size: of(2), n_iter: of(2) },
    ...{ sampler_name: of('Euler'), sampler_index: of('Heun'), scheduler: of('Karras') },
    ...{ restore_faces: of(true), tiling: of(true), styles: of(['ink']), subseed_strength: of(0.2) },
    ...{ s_churn: of(3), eta: of(0.5), refiner_checkpoint: of('other'), script_name: of('X/Y/Z plot') },
    ...{ 'alwayson_scripts.ADetailer': of({ args: [] }), made_up: of(true, 1) },
    'override_settings.CLIP_stop_at_last_layers': of(2),
    'override_settings.samples_format': of('jpg', 'webp', 'avif'),
    'override_settings.eta_noise_seed_delta': of(31_337),
    ...{ enable_hr: of(true), hr_scale: of(1.5), hr_second_pass_steps: of(2), hr_upscaler: of('Latent') },
    ...{ hr_sampler_name: of('Euler'), denoising_strength: of(0.3) },
    ...{ mask_blur: of(9), inpainting_fill: of(1, 2), inpaint_full_res: of(false) },
    ...{ inpaint_full_res_padding: of(12), inpainting_mask_invert: of(1), resize_mode: of(2) },
  },
  needs: {
    ...{ hr_scale: 'enable_hr', hr_second_pass_steps: 'enable_hr' },
    ...{ hr_upscaler: 'enable_hr', hr_sampler_name: 'enable_hr' },
    ...{ mask_blur: 'mask', inpainting_fill: 'mask', inpaint_full_res: 'mask' },
    inpainting_mask_invert: 'mask',
    // Around all but a square there is nothing to pad.
    inpaint_full_res_padding: 'mask and no inpaint_full_res and no inpainting_mask_invert',
    ...{ enable_hr: 'no image', denoising_strength: 'image or enable_hr', resize_mode: 'image' },
    sampler_index: 'no sampler_name',
  },
  send: (server, { model, given, fields }) => {
    const body = {
      prompt,
      ...nested({ ...fields, 'override_settings.sd_model_checkpoint': model }),
      ...(given === 'nothing' ? {} : { init_images: [image] }),
      ...(given === 'image and mask' ? { mask: whiteSquare } : {}),
    };
    const path = given === 'nothing' ? 'txt2img' : 'img2img';
    return post(server, `/sdapi/v1/${path}`, body, automaticAnswer, ({ images, info }) => ({
      images: images.map(fromBase64),
      named: namesOf(z.object({ warnings }).parse(JSON.parse(info)).warnings),
    }));
  },
};

const ollamaAnswer = z.object({ image: z.string(), warnings });
const ollama: Door = {
  name: "Ollama's",
  table: fieldTables.ollama,
  fields: {
    ...{ negative_prompt: of('fog'), width: of(128), height: of(72), steps: of(3) },
    ...{ system: of('paint'), template: of('x'), format: of('json'), suffix: of('x'), made_up: of(true, 0) },
    ...{ 'options.seed': of(11), 'options.temperature': of(0, 1), 'options.num_ctx': of(4_096) },
  },
  send: (server, { model, given, fields }) => {
    const body = {
      ...{ prompt, model, stream: false, ...nested(fields) },
      ...(given === 'nothing' ? {} : { images: [image] }),
    };
    return post(server, '/api/generate', body, ollamaAnswer, (answer) => ({
      images: [fromBase64(answer.image)],
      named: namesOf(answer.warnings),
    }));
  },
};

const content = z.looseObject({ type: z.string(), data: z.string().optional(), text: z.string().optional() });
const mcpAnswer = z.object({
  result: z.object({ isError: z.literal(false).optional(), content: z.array(content) }),
});
const mcp: Door = {
  name: "The Model Context Protocol's",
  table: fieldTables.mcp,
  fields: {
    ...{ negative_prompt: of('fog'), size: of('128x64'), seed: of(11), steps: of(3), n: of(2) },
    ...{ strength: of(0.3), made_up: of(true, 0) },
  },
  send: (server, { model, given, fields }) => {
    const args = {
      ...{ prompt, model, ...fields },
      ...(given === 'nothing' ? {} : { image }),
      ...(given === 'image and mask' ? { mask: whiteHalf } : {}),
    };
    const name = given === 'nothing' ? 'generate_image' : 'edit_image';
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } };
    return post(server, '/mcp', body, mcpAnswer, ({ result }) => {
      const texts = result.content.flatMap(({ text }) => text ?? []);
      const about = z.object({ warnings }).parse(JSON.parse(texts.at(-1) ?? ''));
      return {
        images: result.content.flatMap(({ data }) => (data === undefined ? [] : fromBase64(data))),
        named: namesOf(about.warnings),
      };
    });
  },
};

const historySchema = z.record(
  z.string(),
  z.object({
    outputs: z.record(z.string(), z.object({ images: z.array(z.object({ filename: z.string() })) })),
    warnings,
  }),
);
const comfyui: Door = {
  name: "ComfyUI's",
  table: fieldTables.comfyui,
  fields: {
    ...{ 'KSampler.seed': of(11, 2 ** 40 + 3), 'KSampler.steps': of(3), 'KSampler.cfg': of(2.5) },
    ...{ 'KSampler.sampler_name': of('heun'), 'KSampler.scheduler': of('karras') },
    'KSampler.denoise': of(0.3),
    ...{ 'EmptyLatentImage.width': of(128), 'EmptyLatentImage.height': of(72) },
    'EmptyLatentImage.batch_size': of(2),
    ...{ 'CLIPSetLastLayer.stop_at_clip_layer': of(-2), 'VAELoader.vae_name': of('ae.safetensors') },
    ...{ 'VAEEncodeForInpaint.grow_mask_by': of(9), 'SaveImage.filename_prefix': of('mine') },
  },
  needs: {
    ...{ 'EmptyLatentImage.width': 'no image', 'EmptyLatentImage.height': 'no image' },
    ...{ 'EmptyLatentImage.batch_size': 'no image', 'VAEEncodeForInpaint.grow_mask_by': 'mask' },
  },
  send: async (server, { model, given, fields }) => {
    const graph = graphOf(model, given, fields);
    for (const name of ['LoadImage', 'LoadImageMask'])
      if (graph[name]) await uploadTo(server, name, name === 'LoadImage' ? image : whiteHalf);
    const response = await server.post('/prompt', { prompt: graph });
    const text = await response.text();
    if (response.status !== 200) return { status: response.status, text, images: [], named: [] };
    const { prompt_id: id } = z.object({ prompt_id: z.string() }).parse(JSON.parse(text));
    const history = async () => historySchema.parse(await (await server.get(`/history/${id}`)).json())[id];
    const made = await expect.poll(history).toBeDefined().then(history);
    const files = Object.values(made?.outputs ?? {}).flatMap(({ images }) => images);
    const images = files.map(async ({ filename }) =>
      Buffer.from(await (await server.get(`/view?filename=${filename}`)).arrayBuffer()),
    );
    return { status: 200, text, images: await Promise.all(images), named: namesOf(made?.warnings ?? []) };
  },
};

/** A workflow whose nodes have their kinds as ids. */
function graphOf(model: string, given: Call['given'], fields: Fields) {
  const inputs: Record<string, Record<string, unknown>> = {
    CheckpointLoaderSimple: { ckpt_name: model },
    VAELoader: { vae_name: 'automatic' },
    CLIPSetLastLayer: { clip: ['CheckpointLoaderSimple', 1], stop_at_clip_layer: -1 },
    CLIPTextEncode: { text: prompt, clip: ['CLIPSetLastLayer', 0] },
    ConditioningZeroOut: { conditioning: ['CLIPTextEncode', 0] },
    EmptyLatentImage: { width: 64, height: 64, batch_size: 1 },
    VAEEncode: { pixels: ['LoadImage', 0], vae: ['VAELoader', 0] },
    VAEEncodeForInpaint: {
      ...{ pixels: ['LoadImage', 0], vae: ['VAELoader', 0], mask: ['LoadImageMask', 0], grow_mask_by: 0 },
    },
    LoadImage: { image: 'LoadImage.png' },
    LoadImageMask: { image: 'LoadImageMask.png', channel: 'red' },
    KSampler: {
      ...{ model: ['CheckpointLoaderSimple', 0], latent_image: [latents[given], 0] },
      ...{ positive: ['CLIPTextEncode', 0], negative: ['ConditioningZeroOut', 0] },
      ...{ seed: 0, steps: 20, cfg: 8, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
    },
    VAEDecode: { samples: ['KSampler', 0], vae: ['VAELoader', 0] },
    SaveImage: { images: ['VAEDecode', 0] },
  };
  for (const [name, value] of Object.entries(fields)) {
    const [kind = '', input = ''] = name.split('.');
    inputs[kind] = { ...inputs[kind], [input]: value };
  }
  return Object.fromEntries(
    Object.entries(inputs).map(([kind, each]) => [kind, { class_type: kind, inputs: each }]),
  );
}
const latents = {
  nothing: 'EmptyLatentImage',
  image: 'VAEEncode',
  'image and mask': 'VAEEncodeForInpaint',
} as const;

async function uploadTo(server: TestServer, name: string, base64: string): Promise<void> {
  const form = new FormData();
  form.append('overwrite', 'true');
  form.append('image', new Blob([fromBase64(base64)]), `${name}.png`);
  await fetch(`${server.url}/upload/image`, { method: 'POST', body: form });
}

const acceptedSchema = z.object({ poll_url: z.string(), warnings });
const jobSchema = z.object({
  result: z.object({ images: z.array(z.object({ b64_json: z.string() })), warnings }).nullable(),
  error: z.unknown(),
});
const sdcpp: Door = {
  name: "stable-diffusion.cpp's",
  table: fieldTables.sdcpp,
  fields: {
    ...{ negative_prompt: of('fog'), seed: of(11, 2 ** 40 + 3), width: of(128), height: of(72) },
    ...{ clip_skip: of(2), batch_count: of(2), strength: of(0.3), output_format: of('jpeg', 'webp') },
    ...{ output_compression: of(10, 50), ref_images: of([image]), lora: of([{ path: 'ink' }]) },
    ...{ control_strength: of(0.5), cache_mode: of('easycache'), preview: of('vae'), made_up: of(true, 0) },
    ...{ auto_resize_ref_image: of(false), 'vae_tiling_params.enabled': of(true) },
    ...{ 'sample_params.sample_steps': of(3), 'sample_params.sample_method': of('heun') },
    ...{ 'sample_params.scheduler': of('karras'), 'sample_params.eta': of(0.5) },
    'sample_params.guidance': of({ txt_cfg: 2.5 }, { distilled_guidance: 2.5 }),
    ...{ 'hires.enabled': of(true), 'hires.scale': of(1.5), 'hires.steps': of(2) },
    ...{ 'hires.upscaler': of('Latent'), 'hires.denoising_strength': of(0.3) },
  },
  needs: {
    ...{ 'hires.scale': 'hires.enabled', 'hires.steps': 'hires.enabled', ref_images: 'image' },
    ...{ 'hires.upscaler': 'hires.enabled', 'hires.denoising_strength': 'hires.enabled' },
    'hires.enabled': 'no image',
  },
  send: async (server, { model, given, fields }) => {
    const body = {
      ...{ prompt, model, ...nested(fields) },
      ...(given === 'nothing' ? {} : { init_image: image }),
      ...(given === 'image and mask' ? { mask_image: whiteHalf } : {}),
    };
    const response = await server.post('/sdcpp/v1/img_gen', body);
    const text = await response.text();
    if (response.status !== 202) return { status: response.status, text, images: [], named: [] };
    const { poll_url: url, warnings: told } = acceptedSchema.parse(JSON.parse(text));
    const look = async () => jobSchema.parse(await (await server.get(url)).json());
    const hasEnded = async () => await look().then(({ result, error }) => (result ?? error) !== null);
    await expect.poll(hasEnded).toBe(true);
    const { result, error } = await look();
    if (!result) return { status: 500, text: JSON.stringify(error), images: [], named: [] };
    const images = result.images.map(({ b64_json }) => fromBase64(b64_json));
    return { status: 200, text, images, named: namesOf([...told, ...result.warnings]) };
  },
};

export const doors: readonly Door[] = [openAi, own, automatic1111, ollama, comfyui, sdcpp, mcp];
