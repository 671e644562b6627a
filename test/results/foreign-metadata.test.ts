import sharp from 'sharp';
import { expect, it } from 'vitest';
import { pngInfoOf } from '../../core/src/http/automatic1111/png-info.js';
import { exifComment } from '../../core/src/results/exif-comment.js';
import { readExifTexts } from '../../core/src/results/exif-texts.js';
import { writeJpegMetadata } from '../../core/src/results/jpeg-metadata.js';
import { makePngChunk } from '../../core/src/results/png-chunks.js';
import { writePngText } from '../../core/src/results/png-text.js';
import { readProvenance } from '../../core/src/results/read-provenance.js';
import { onePixelPng } from '../fixtures/one-pixel-png.js';

const fileOf = (texts: Record<string, unknown>) =>
  writePngText(
    onePixelPng,
    Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [
        key,
        typeof text === 'string' ? text : JSON.stringify(text),
      ]),
    ),
  );

const made = { prompt: 'a cat', negativePrompt: 'ugly', seed: 7, steps: 4, width: 96, height: 64 };

const swarm = {
  sui_image_params: {
    ...{ prompt: 'a cat', negativeprompt: 'ugly', model: 'sd_xl_base_1.0', images: 1, seed: 7, steps: 4 },
    ...{ cfgscale: 6.5, aspectratio: '1:1', width: 96, height: 64, sampler: 'dpmpp_2m', scheduler: 'karras' },
    ...{ clipstopatlayer: -2, loras: ['castle'], swarm_version: '0.9.6.2', automaticvae: true },
  },
  sui_extra_data: { date: '2026-01-02', generation_time: '0.01 (prep) and 3.2 (gen) seconds' },
  sui_models: [{ name: 'sd_xl_base_1.0.safetensors', param: 'model', hash: '0x31e3' }],
};
const fooocus = {
  ...{ prompt: 'a cat', negative_prompt: 'ugly', prompt_expansion: '', styles: "['Fooocus V2']" },
  ...{ performance: 'Speed', steps: 4, resolution: '(96, 64)', guidance_scale: 6.5, sharpness: 2.0 },
  ...{ base_model: 'juggernautXL', refiner_model: 'None', sampler: 'dpmpp_2m', scheduler: 'karras' },
  ...{
    seed: '7',
    full_prompt: ['a cat', 'cinematic'],
    version: 'Fooocus v2.5.5',
    metadata_scheme: 'fooocus',
  },
};
const invoke = {
  ...{ generation_mode: 'sdxl_txt2img', positive_prompt: 'a cat', negative_prompt: 'ugly', width: 96 },
  ...{ height: 64, seed: 7, rand_device: 'cpu', cfg_scale: 6.5, cfg_rescale_multiplier: 0, steps: 4 },
  ...{ scheduler: 'dpmpp_2m_k', seamless_x: false, app_version: '5.4.2' },
  model: { key: 'a1b2', hash: 'blake3:0', name: 'Dreamshaper 8', base: 'sd-1', type: 'main' },
  loras: [{ model: { name: 'castle' }, weight: 0.7 }],
};
const novel = {
  ...{ prompt: 'a cat', steps: 4, height: 64, width: 96, scale: 6.5, uncond_scale: 0, cfg_rescale: 0 },
  ...{ seed: 7, n_samples: 1, noise_schedule: 'karras', sampler: 'k_dpmpp_2m', uc: 'ugly', sm: false },
  ...{ request_type: 'PromptGenerateRequest', signed_hash: 'c2ln' },
};
const novel4 = {
  ...novel,
  ...{ prompt: 'not this', uc: 'nor this' },
  v4_prompt: {
    caption: { base_caption: 'a cat', char_captions: [{ char_caption: 'girl' }] },
    use_order: true,
  },
  v4_negative_prompt: { caption: { base_caption: 'ugly', char_captions: [] } },
};
const graph = {
  '3': {
    class_type: 'KSampler',
    inputs: {
      ...{ seed: 7, steps: 4, cfg: 6.5, sampler_name: 'dpmpp_2m', scheduler: 'karras', denoise: 1 },
      ...{ model: ['10', 0], positive: ['6', 0], negative: ['7', 0], latent_image: ['5', 0] },
    },
  },
  '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'v1-5.safetensors' } },
  '5': { class_type: 'EmptyLatentImage', inputs: { width: 96, height: 64, batch_size: 1 } },
  '6': { class_type: 'CLIPTextEncode', inputs: { text: ['11', 0], clip: ['10', 1] } },
  '7': { class_type: 'CLIPTextEncode', inputs: { text: 'ugly', clip: ['10', 1] } },
  '8': { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
  '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'ComfyUI', images: ['8', 0] } },
  '10': {
    class_type: 'LoraLoader',
    inputs: { lora_name: 'castle', strength_model: 1, strength_clip: 1, model: ['4', 0], clip: ['4', 1] },
  },
  '11': { class_type: 'PrimitiveStringMultiline', inputs: { value: 'a cat' } },
};

it.each<[string, Record<string, unknown>, string, RegExp]>([
  ['SwarmUI', { parameters: swarm }, 'dpmpp_2m karras', /clipstopatlayer, loras/],
  ['Fooocus', { parameters: fooocus, fooocus_scheme: 'fooocus' }, 'dpmpp_2m karras', /styles, performance/],
  [
    'InvokeAI',
    { invokeai_metadata: invoke, invokeai_graph: {} },
    'dpmpp_2m_k',
    /loras, .*Model \(Dreamshaper 8\)/,
  ],
  [
    'NovelAI',
    { Title: 'NovelAI generated image', Comment: novel, Software: 'NovelAI' },
    'k_dpmpp_2m karras',
    /uncond_scale/,
  ],
  ["NovelAI's fourth models", { Comment: novel4 }, 'k_dpmpp_2m karras', /char_captions/],
  ['ComfyUI', { prompt: graph, workflow: { nodes: [] } }, 'dpmpp_2m karras', /LoRA \(castle\)/],
])('%s tells how an image was made, and what has no counterpart is said', (_, texts, sampler, leftOut) => {
  const { request, warnings } = readProvenance(fileOf(texts));
  expect(request).toEqual({ ...made, guidanceScale: 6.5, sampler });
  expect(warnings).toMatchObject([{ code: 'parameter-dropped', message: expect.stringMatching(leftOut) }]);
  const image = Buffer.from(fileOf(texts)).toString('base64');
  expect(pngInfoOf(image)).toMatchObject({
    info: expect.stringMatching(/^a cat\nNegative prompt: ugly\n.*Seed: 7/),
    parameters: { Prompt: 'a cat', Steps: '4' },
  });
});

it('reads the graphs of FLUX, whose sampler is made of several nodes', () => {
  const flux = {
    '1': {
      class_type: 'SamplerCustomAdvanced',
      inputs: {
        noise: ['2', 0],
        guider: ['3', 0],
        sampler: ['4', 0],
        sigmas: ['5', 0],
        latent_image: ['6', 0],
      },
    },
    '2': { class_type: 'RandomNoise', inputs: { noise_seed: 7 } },
    '3': { class_type: 'BasicGuider', inputs: { model: ['9', 0], conditioning: ['7', 0] } },
    '4': { class_type: 'KSamplerSelect', inputs: { sampler_name: 'euler' } },
    '5': {
      class_type: 'BasicScheduler',
      inputs: { scheduler: 'simple', steps: 4, denoise: 1, model: ['9', 0] },
    },
    '6': { class_type: 'EmptySD3LatentImage', inputs: { width: 96, height: 64, batch_size: 1 } },
    '7': { class_type: 'FluxGuidance', inputs: { guidance: 3.5, conditioning: ['8', 0] } },
    '8': { class_type: 'CLIPTextEncode', inputs: { text: 'a cat', clip: ['10', 0] } },
    '9': {
      class_type: 'UNETLoader',
      inputs: { unet_name: 'flux1-dev.safetensors', weight_dtype: 'default' },
    },
    '10': { class_type: 'DualCLIPLoader', inputs: { clip_name1: 't5', clip_name2: 'l', type: 'flux' } },
  };
  const { negativePrompt: _, ...others } = made;
  expect(readProvenance(fileOf({ prompt: flux })).request).toEqual({
    ...others,
    guidanceScale: 3.5,
    sampler: 'euler simple',
  });
});

it('takes the first pass of two, and says that there was another', () => {
  const second = {
    class_type: 'KSampler',
    inputs: { ...graph['3'].inputs, seed: 9, denoise: 0.5, latent_image: ['13', 0] },
  };
  const two = {
    '2': second,
    '13': { class_type: 'LatentUpscale', inputs: { samples: ['3', 0], width: 192, height: 128 } },
    ...graph,
  };
  const { request, warnings } = readProvenance(fileOf({ prompt: two }));
  expect(request).toMatchObject(made);
  expect(warnings[0]?.message).toContain('1 more samplers');
});

it('reads what InvokeAI wrote before its third version', () => {
  const old = {
    model: 'stable diffusion',
    model_weights: 'stable-diffusion-1.5',
    image: {
      ...{ prompt: [{ prompt: 'a cat [ugly]', weight: 1 }], steps: 4, cfg_scale: 7.5, seed: 7 },
      ...{ width: 96, height: 64, sampler: 'k_euler_a', type: 'txt2img' },
    },
  };
  expect(readProvenance(fileOf({ 'sd-metadata': old })).request).toMatchObject({
    ...made,
    sampler: 'k_euler_a',
  });
});

it.each([
  [{ parameters: { made: 'up', prompt: 'a cat' } }],
  [{ Comment: { made: 'up' } }],
  [{ parameters: '{"prompt": "a cat", "steps": 4' }],
  [{ parameters: '[{"prompt": "a cat"}]' }],
  [{ parameters: "{'prompt': 'a cat'}" }],
  [{ prompt: 'a cat' }],
  [{ prompt: { '1': { class_type: 'LoadImage', inputs: {} } } }],
])('never takes JSON for a prompt: %j', (texts) => {
  const image = fileOf(texts);
  expect(() => readProvenance(image)).toThrow(/does not tell how it was made|tells no prompt/);
  expect(pngInfoOf(Buffer.from(image).toString('base64')).parameters).not.toHaveProperty('Steps');
});

it('takes the text of AUTOMATIC1111 where a program writes its graph beside it', () => {
  const parameters = 'a dog\nSteps: 9, Sampler: Euler a, CFG scale: 7, Seed: 3, Size: 96x96';
  const { request } = readProvenance(fileOf({ parameters, prompt: graph }));
  expect(request).toMatchObject({ prompt: 'a dog', steps: 9 });
});

it('reads dynamic prompts, a byte order mark before JSON, and UTF-8 where Latin-1 belongs', () => {
  const steps = '\nSteps: 4, Sampler: Euler a, CFG scale: 7, Seed: 7';
  const promptOf = (parameters: string) => readProvenance(fileOf({ parameters })).request.prompt;
  expect(promptOf(`{red|blue} cat${steps}`)).toBe('{red|blue} cat');
  expect(promptOf(`\ufeff${JSON.stringify(fooocus)}`)).toBe('a cat');
  expect(promptOf(`Kätzchen, Ã¤${steps}`)).toBe('Kätzchen, Ã¤');
  const raw = Buffer.from(`parameters\0Kätzchen 猫${steps}`, 'utf8');
  const [head, rest] = [onePixelPng.subarray(0, 33), onePixelPng.subarray(33)];
  const file = Buffer.concat([head, makePngChunk('tEXt', raw), rest]);
  expect(readProvenance(file).request).toMatchObject({ prompt: 'Kätzchen 猫', seed: 7 });
});

it('reads a comment of EXIF in the other order of bytes, and in UTF-8', () => {
  const text = 'a cat\nSteps: 4, Sampler: Euler a, CFG scale: 7, Seed: 7';
  const ours = exifComment(text);
  const readComment = (exif: Uint8Array) => readExifTexts(exif).get('parameters');
  expect(readComment(ours)).toBe(text);
  const at = ours.indexOf('UNICODE\0') + 8;
  const little = Buffer.concat([ours.subarray(0, at), Buffer.from(text, 'utf16le')]);
  expect(readComment(little)).toBe(text);
  const utf8 = Buffer.from(text.padEnd(2 * text.length, ' '));
  expect(readComment(Buffer.concat([ours.subarray(0, at), utf8]))?.trim()).toBe(text);
});

it.each(['png', 'webp', 'jpeg'] as const)(
  'reads EXIF in %s files as an EXIF library writes it',
  async (format) => {
    const written = (ifd: Record<string, string>) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
        .withExif({ IFD0: ifd })
        .toFormat(format)
        .toBuffer();
    const workflow = JSON.stringify({ nodes: [] });
    const comfy = await written({ Make: `workflow:${workflow}`, Model: `prompt:${JSON.stringify(graph)}` });
    expect(readProvenance(comfy).request).toMatchObject({ ...made, sampler: 'dpmpp_2m karras' });
    const steps = 'a cat\nSteps: 4, Sampler: Euler a, CFG scale: 7, Seed: 7';
    const comment = await written({ UserComment: steps });
    expect(readProvenance(comment).request).toMatchObject({ prompt: 'a cat', steps: 4, seed: 7 });
    const camera = await written({ Make: 'ACME', Model: 'prompt: none' });
    expect(() => readProvenance(camera)).toThrow('does not tell how it was made');
  },
);

it('names the options that do what has no field in a request', () => {
  const parameters = 'a cat\nSteps: 4, Seed: 7, Clip skip: 2, Hires upscale: 2, Size: 96x64';
  const [warning] = readProvenance(fileOf({ parameters })).warnings;
  expect(warning?.message).toContain(
    'Clip skip (the option clipSkip: 1), Hires upscale (the option hiresFix)',
  );
});

it('reads the comment of JPEG files with a mark, and without one', async () => {
  const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  for (const mark of ['ASCII\0\0\0', '']) {
    const comment = Buffer.from(mark + JSON.stringify(fooocus));
    // The first directory alone, with the comment in it: as Pillow writes it.
    const exif = Buffer.alloc(26);
    exif.write('II*\0', 'latin1');
    exif.writeUInt32LE(8, 4);
    exif.writeUInt16LE(1, 8);
    exif.writeUInt16LE(0x9286, 10);
    exif.writeUInt16LE(2, 12);
    exif.writeUInt32LE(comment.byteLength, 14);
    exif.writeUInt32LE(26, 18);
    const file = writeJpegMetadata(jpeg, { exif: Buffer.concat([exif, comment]), xmp: '' });
    expect(readProvenance(file).request).toMatchObject(made);
  }
});
