/**
 * Stability AI through a kernel: what is sent, what is paid, and what becomes of it whoever is killed.
 *
 * @module
 */
import { drawPicture, isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import { expect, it, onTestFinished } from 'vitest';
import { emulatedKey, readForm, StabilityEmulator } from '../../plugins/stability/src/emulator/index.js';
import { killPlugin, openProviderKernels } from './provider-kernels.js';

async function createWorld(model = 'stability-core') {
  const emulator = await StabilityEmulator.start();
  const kernels = await openProviderKernels({
    plugin: 'stability',
    model,
    environment: { STABILITY_API_KEY: emulatedKey },
    options: { baseUrl: `${emulator.url}/v2beta`, requestMs: 10_000 },
    retries: 2,
  });
  onTestFinished(async () => {
    await kernels.close();
    await emulator.close();
  });
  const forms = () => Promise.all(emulator.seen('POST', /./).map(readForm));
  return { emulator, forms, kernel: kernels.createKernel(), ...kernels };
}

const asked = { prompt: 'a star', seed: 7 };
const draw = async (subject: string) => ({
  bytes: new Uint8Array(await drawPicture(subject, { width: 64, height: 64 })),
  mediaType: 'image/png' as const,
});

it('sends a form for each seed, with the nearest shape, and tells the price', async () => {
  const { kernel, forms } = await createWorld();
  const { images, cost, warnings } = await kernel.generateImage({
    ...{ ...asked, n: 2, width: 1536, height: 704, outputFormat: 'webp', negativePrompt: 'a moon' },
  });
  expect(images).toMatchObject([{ seed: 7, mediaType: 'image/webp' }, { seed: 8 }]);
  for (const { bytes } of images) expect(await isPictureOf(bytes, 'a star')).toBe(true);
  const sent = await forms();
  expect(sent).toHaveLength(2);
  expect(sent.find((form) => form?.seed === '7')).toEqual({
    ...{
      prompt: 'a star',
      negative_prompt: 'a moon',
      aspect_ratio: '21:9',
      seed: '7',
      output_format: 'webp',
    },
  });
  expect(cost).toEqual({ amount: 0.06, currency: 'USD' });
  expect(warnings).toMatchObject([{ code: 'parameter-adapted' }]);
});

it.each(['stability-ultra', 'stability-sd3.5-large', 'stability-inpaint'])(
  'edits an image with %s',
  async (model) => {
    const { kernel, forms, emulator } = await createWorld(model);
    const mask = model === 'stability-inpaint' ? await draw('a mask') : undefined;
    const image = await draw('an input');
    const { images } = await kernel.generateImage({
      ...asked,
      inputImages: [image],
      ...(mask ? { mask } : {}),
    });
    const [form] = await forms();
    const sent = await Promise.all(
      [form?.image, form?.mask].flatMap((file) => (file instanceof File ? [file.arrayBuffer()] : [])),
    );
    expect(sent).toHaveLength(mask ? 2 : 1);
    expect(
      await isPictureOf(
        images[0]!.bytes,
        subjectOf(
          'a star',
          sent.map((file) => new Uint8Array(file)),
        ),
      ),
    ).toBe(true);
    expect(emulator.paid).toBe(1);
  },
);

it('says that a blurred image is a refusal, and may have been paid', async () => {
  const { kernel, emulator } = await createWorld();
  const call = () => kernel.generateImage({ ...asked, prompt: 'a flagged thing' }, { requestId: 'job-1' });
  for (let time = 0; time < 2; time++)
    await expect(call()).rejects.toMatchObject({ code: 'ERR_CONTENT_REFUSED', mayBePaid: true });
  expect(emulator.paid).toBe(1);
});

it('pays once for a call whose process is killed when the image is there', async () => {
  const { kernel, emulator, createKernel } = await createWorld();
  const onResult = async () => {
    await killPlugin(kernel);
    throw new Error('the disk is full');
  };
  await expect(kernel.generateImage(asked, { requestId: 'job-1', onResult })).rejects.toThrow('disk is full');
  const { provenance } = await createKernel().generateImage(asked, { requestId: 'job-1' });
  expect(provenance.parameters).toMatchObject({ resumed: 1 });
  expect(emulator.paid).toBe(1);
});

it('is not asked where its price is more than a call may cost', async () => {
  const { kernel, emulator } = await createWorld();
  const two = { ...asked, n: 2 };
  await expect(kernel.generateImage({ ...two, maxCost: 0.05 })).rejects.toMatchObject({ code: 'ERR_BUDGET' });
  expect(emulator.paid).toBe(0);
  expect((await kernel.generateImage({ ...two, maxCost: 0.06 })).images).toHaveLength(2);
});
