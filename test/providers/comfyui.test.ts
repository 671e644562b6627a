/**
 * Workflows of a ComfyUI server, through a kernel: what is put into them, what is told meanwhile, and that a
 * prompt is run once, whoever is killed.
 *
 * @module
 */
import type { Progress } from '@easel/plugin-sdk';
import { drawPicture, isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import { afterAll, expect, it } from 'vitest';
import { ComfyEmulator } from '../../plugins/comfyui/src/emulator/index.js';
import { killPlugin, openProviderKernels } from './provider-kernels.js';

// One server and one process for all tests.
const emulator = await ComfyEmulator.start();
const kernels = await openProviderKernels({
  plugin: 'comfyui',
  model: 'comfyui-text',
  environment: {},
  options: { baseUrl: emulator.url, pollMs: 50 },
  retries: 2,
  breaker: { minimumCalls: 10_000 },
});
const kernel = kernels.createKernel();
afterAll(async () => {
  await kernels.close();
  await emulator.close();
});

/** What has come, and was made, since a test began. */
function sinceNow() {
  emulator.script = undefined;
  emulator.isSilent = false;
  const all = () => emulator.seen('POST', /^\/prompt$/);
  const [prompts, uploads, made] = [all().length, emulator.seen('POST', /upload/).length, emulator.made];
  return {
    graphs: () =>
      all()
        .slice(prompts)
        .map(({ json }) => (json as { prompt: Graph }).prompt),
    uploads: () => emulator.seen('POST', /upload/).slice(uploads),
    made: () => emulator.made - made,
  };
}
type Graph = { [id: string]: { inputs: { [name: string]: unknown } } };

const asked = { prompt: 'a star', seed: 7 };

it('puts what is asked for into the places of the workflow, an image for each seed', async () => {
  const { graphs } = sinceNow();
  const { images } = await kernel.generateImage({
    ...{ ...asked, n: 2, width: 128, steps: 12, guidanceScale: 5, sampler: 'Euler a Karras' },
    negativePrompt: 'a moon',
  });
  expect(images).toMatchObject([{ seed: 7, width: 128 }, { seed: 8 }]);
  for (const { bytes } of images) expect(await isPictureOf(bytes, 'a star')).toBe(true);
  const [first, second] = graphs();
  expect(first?.['3']?.inputs).toMatchObject({
    ...{ seed: 7, steps: 12, cfg: 5, sampler_name: 'euler_ancestral', scheduler: 'karras' },
  });
  expect(second?.['3']?.inputs.seed).toBe(8);
  expect(first).toMatchObject({
    4: { inputs: { ckpt_name: 'second.safetensors' } },
    7: { inputs: { text: 'a moon' } },
  });
});

it('uploads an image and its mask', async () => {
  const { uploads } = sinceNow();
  const draw = async (subject: string) => ({
    bytes: new Uint8Array(await drawPicture(subject, { width: 64, height: 64 })),
    mediaType: 'image/png' as const,
  });
  const [image, mask] = [await draw('an input'), await draw('a mask')];
  const { images } = await kernel.generateImage({
    ...{ ...asked, model: 'comfyui-mask', inputImages: [image], mask, strength: 0.5 },
  });
  const sent = await Promise.all(
    uploads().map(async ({ body, headers }) => {
      const type = { 'content-type': headers['content-type'] as string };
      const form = await new Response(new Uint8Array(body), { headers: type }).formData();
      return new Uint8Array(await (form.get('image') as File).arrayBuffer());
    }),
  );
  expect(sent).toHaveLength(2);
  expect(sent[0]).toEqual(image.bytes);
  expect(await isPictureOf(images[0]!.bytes, subjectOf('a star', sent))).toBe(true);
  await expect(kernel.generateImage({ ...asked, model: 'comfyui-mask' })).rejects.toMatchObject({
    field: 'inputImages',
  });
});

it.each([
  ['comfyui-no-checkpoint', /third\.safetensors/, /first\.safetensors, second\.safetensors/],
  ['comfyui-no-node', /SaveImageSomewhere/, /extension/],
])('names what the server lacks: %s', async (model, message, hint) => {
  const { graphs } = sinceNow();
  await expect(kernel.generateImage({ ...asked, model })).rejects.toMatchObject({
    ...{ code: 'ERR_MODEL_UNKNOWN', message: expect.stringMatching(message) },
    hint: expect.stringMatching(hint),
  });
  expect(graphs()).toEqual([]);
});

it('says at which node a workflow has failed', async () => {
  sinceNow();
  await expect(kernel.generateImage({ ...asked, prompt: 'a broken thing' })).rejects.toMatchObject({
    ...{
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringMatching(/node 3 \(KSampler\): no memory/),
    },
  });
});

it('tells how far it is with previews, and finds the end where the socket says nothing', async () => {
  sinceNow();
  const told: Progress[] = [];
  const onProgress = (progress: Progress) => void told.push(progress);
  await kernel.generateImage({ ...asked, prompt: 'a snail, slowly', previews: 2 }, { onProgress });
  expect(told.flatMap(({ preview }) => preview ?? [])).toHaveLength(2);
  expect(told.filter(({ fraction }) => fraction > 0 && fraction < 1).length).toBeGreaterThan(3);
  emulator.isSilent = true;
  expect((await kernel.generateImage(asked)).images).toHaveLength(1);
});

it('ends a prompt of a call that is cancelled, whether it runs or waits, and nobody else’s', async () => {
  const { graphs, made } = sinceNow();
  const controllers = [new AbortController(), new AbortController()];
  const calls = controllers.map(async ({ signal }, index) => {
    await expect.poll(() => graphs().length).toBe(index);
    await kernel.generateImage({ ...asked, prompt: `snail ${index}, slowly` }, { signal });
  });
  const ended = calls.map((call) => expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' }));
  await expect.poll(() => graphs().length).toBe(2);
  const other = kernel.generateImage({ ...asked, prompt: 'of somebody else' });
  await expect.poll(() => graphs().length).toBe(3);
  for (const controller of [...controllers].reverse()) controller.abort();
  await Promise.all(ended);
  expect((await other).images).toHaveLength(1);
  expect(made()).toBe(1);
});

it('takes up a prompt of a process that was killed, and one whose answer got lost', async () => {
  const { graphs, made } = sinceNow();
  const slow = { ...asked, prompt: 'a snail, slowly' };
  const call = kernel.generateImage({ ...slow, fallback: 'none' }, { requestId: 'job-1' });
  const settled = call.then(
    () => {},
    () => {},
  );
  await expect.poll(() => graphs().length).toBe(1);
  await killPlugin(kernel);
  await settled;
  expect((await kernel.generateImage(slow, { requestId: 'job-1' })).images).toHaveLength(1);
  expect(graphs()).toHaveLength(1);
  let left = 1;
  emulator.script = ({ path }) => (path === '/prompt' && left-- > 0 ? { breakOff: 'after' } : undefined);
  expect((await kernel.generateImage(asked)).images).toHaveLength(1);
  expect(graphs()).toHaveLength(2);
  expect(made()).toBe(2);
});

it('has a prompt made again that a restarted server has forgotten', async () => {
  const { graphs } = sinceNow();
  const call = kernel.generateImage({ ...asked, prompt: 'a snail, slowly' });
  await expect.poll(() => graphs().length).toBe(1);
  emulator.forget();
  expect((await call).images).toHaveLength(1);
  expect(graphs()).toHaveLength(2);
});
