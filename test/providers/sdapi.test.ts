/**
 * Servers that speak Automatic1111's API, through a kernel: what they are asked for, what is told meanwhile,
 * and whose work is stopped. The last of them is another Easel.
 *
 * @module
 */
import type { Progress } from '@easel/plugin-sdk';
import { drawPicture, isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import { expect, it, onTestFinished } from 'vitest';
import {
  emulatedAuth,
  SdapiEmulator,
  type SdapiEmulatorOptions,
} from '../../plugins/sdapi/src/emulator/index.js';
import { startServer } from '../http/server.js';
import { openProviderKernels } from './provider-kernels.js';

async function createKernel(baseUrl: string, environment = {}) {
  const kernels = await openProviderKernels({
    plugin: 'sdapi',
    model: 'sdapi-current',
    environment,
    options: { baseUrl, progressMs: 20 },
  });
  onTestFinished(() => kernels.close());
  return kernels.createKernel();
}

async function createWorld(options: SdapiEmulatorOptions = {}) {
  const emulator = await SdapiEmulator.start(options);
  onTestFinished(() => emulator.close());
  const environment = options.isLocked ? { SDAPI_AUTH: emulatedAuth } : {};
  const bodies = () => emulator.seen('POST', /2img$/).map(({ json }) => json as { [name: string]: unknown });
  return { emulator, bodies, kernel: await createKernel(emulator.url, environment) };
}

const asked = { prompt: 'a star', seed: 7 };

it('makes the image of each seed, with the names that the server has for a sampler and a checkpoint', async () => {
  const { kernel, emulator, bodies } = await createWorld({ isLocked: true });
  const { images, provenance } = await kernel.generateImage({
    ...{ ...asked, n: 2, model: 'sdapi-second', sampler: 'dpmpp_2m_karras', steps: 12, guidanceScale: 5 },
    negativePrompt: 'a moon',
  });
  expect(images.map(({ seed }) => seed)).toEqual([7, 8]);
  for (const { bytes } of images) expect(await isPictureOf(bytes, 'a star')).toBe(true);
  expect(bodies()[0]).toMatchObject({
    ...{ steps: 12, cfg_scale: 5, negative_prompt: 'a moon', sampler_name: 'DPM++ 2M', scheduler: 'Karras' },
    override_settings: { sd_model_checkpoint: 'second.safetensors [1111111111]' },
  });
  expect(provenance.parameters).toMatchObject({ checkpoint: 'second' });
  // The people at the server find it as it was.
  expect(emulator.checkpoint).toContain('first');
});

it('says what the server has where it lacks a sampler or a checkpoint', async () => {
  const { kernel, bodies } = await createWorld();
  await expect(kernel.generateImage({ ...asked, sampler: 'heun' })).rejects.toMatchObject({
    code: 'ERR_REQUEST_INVALID',
    hint: expect.stringContaining('Euler a'),
  });
  await expect(kernel.generateImage({ ...asked, model: 'sdapi-missing' })).rejects.toMatchObject({
    code: 'ERR_MODEL_UNKNOWN',
    hint: expect.stringContaining('first, second'),
  });
  expect(bodies()).toEqual([]);
});

it('edits an image under a mask', async () => {
  const { kernel, bodies } = await createWorld();
  const bytes = new Uint8Array(await drawPicture('an input', { width: 64, height: 64 }));
  const mask = new Uint8Array(await drawPicture('a mask', { width: 64, height: 64 }));
  const png = (file: Uint8Array<ArrayBuffer>) => ({ bytes: file, mediaType: 'image/png' as const });
  const { images } = await kernel.generateImage({
    ...{ ...asked, inputImages: [png(bytes)], mask: png(mask), strength: 0.5 },
  });
  const [body] = bodies();
  expect(body).toMatchObject({ denoising_strength: 0.5, inpainting_fill: 1, inpaint_full_res: false });
  const sent = Buffer.from(String(body?.mask).replace(/^data:[^,]*,/, ''), 'base64');
  expect(await isPictureOf(images[0]!.bytes, subjectOf('a star', [bytes, sent]))).toBe(true);
});

it('tells how far it is, with looks at the unfinished image', async () => {
  const { kernel } = await createWorld();
  const told: Progress[] = [];
  const onProgress = (progress: Progress) => void told.push(progress);
  await kernel.generateImage({ ...asked, prompt: 'a snail, slowly', previews: 2 }, { onProgress });
  const looks = told.flatMap(({ preview }) => preview ?? []);
  expect(looks).toHaveLength(2);
  expect(await isPictureOf(looks[0]!.bytes, 'unfinished')).toBe(true);
  expect(told.filter(({ fraction }) => fraction > 0 && fraction < 1).length).toBeGreaterThan(3);
});

it('stops the work of a call that is cancelled, and nobody else’s', async () => {
  const { kernel, emulator, bodies } = await createWorld();
  const post = (body: object) =>
    fetch(`${emulator.url}/sdapi/v1/txt2img`, {
      ...{ method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    });
  const others = post({ prompt: 'a snail of somebody else, slowly', steps: 20 });
  await expect.poll(() => bodies().length).toBe(1);
  const controller = new AbortController();
  const call = kernel.generateImage({ ...asked, prompt: 'a snail, slowly' }, { signal: controller.signal });
  await expect.poll(() => bodies().length).toBe(2);
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  expect((await others).status).toBe(200);
  // It waits at the server until the other one is done, and is stopped as soon as it is begun.
  await expect.poll(() => emulator.interruptions).toBe(1);
  expect(emulator.made).toBe(1);
});

it('takes a server that has nothing but images, such as stable-diffusion.cpp', async () => {
  const { kernel } = await createWorld({ isBare: true });
  const { images } = await kernel
    .generateImage({ ...asked, model: 'sdapi-second', sampler: 'euler' })
    .catch(async (error: unknown) => {
      // It knows the spelling of its own samplers alone.
      expect(error).toMatchObject({ code: 'ERR_REQUEST_INVALID' });
      return await kernel.generateImage({ ...asked, model: 'sdapi-second' });
    });
  expect(images).toMatchObject([{ seed: 7 }]);
});

it('says that the server is not there', async () => {
  const { kernel, emulator } = await createWorld();
  await emulator.close();
  await expect(kernel.generateImage(asked)).rejects.toMatchObject({
    code: 'ERR_PROVIDER_UNAVAILABLE',
    message: expect.stringContaining(new URL(emulator.url).host),
  });
});

it('makes images with another Easel', async () => {
  const server = await startServer();
  const kernel = await createKernel(server.url);
  const { images } = await kernel.generateImage({ prompt: 'a fixture', width: 512, height: 512, seed: 7 });
  expect(images).toMatchObject([{ mediaType: 'image/png', seed: 7 }]);
});
