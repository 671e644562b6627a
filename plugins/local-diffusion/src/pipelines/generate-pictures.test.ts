import { describe, expect, test } from 'vitest';
import {
  asFirstInput,
  type Call,
  count,
  createModel,
  drawsOf,
  inputOf,
  planes,
  request,
} from '../../../../test/reference/formula-model.js';
import { TorchGenerator } from '../sampling/noise/torch-generator.js';
import type { DiffusionModel } from './diffusion-model.js';
import { generateLatents, generatePictures } from './generate-pictures.js';
import type { PictureRequest } from './picture-request.js';

const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number>) => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, 4);
};
test('a strength that somebody asked for is told where a model follows the image', async () => {
  const source = { kind: 'picture', planes } as const;
  const warningsOf = async (asked: Partial<PictureRequest>, followsImage?: true) => {
    const { model } = createModel();
    const following = followsImage ? { ...model, followsImage, inputChannels: 8 } : model;
    return (await generatePictures(following, request({ source, strength: 0.8, ...asked }))).warnings;
  };
  expect(await warningsOf({ isStrengthAsked: true }, true)).toEqual([
    'strength had no effect: the model reads the input image, and does not start from it.',
  ]);
  expect(await warningsOf({}, true)).toEqual([]);
  expect(await warningsOf({ isStrengthAsked: true })).toEqual([]);
});

describe('text to image', () => {
  test('starts from noise, and says what was asked', async () => {
    const { model, calls, asked } = createModel();
    const result = await generatePictures(model, request({ strength: 0.2 }));
    expectClose(inputOf(calls[0]!), asFirstInput(drawsOf(count)[0]!));
    expect(calls).toHaveLength(6);
    expect(asked[0]).toMatchObject({ prompts: ['a cat'], negativePrompts: undefined, isGuided: false });
    expect(result).toMatchObject({ sampler: 'euler', warnings: [] });
    expect(result.planes).toHaveLength(count);
  });

  test('with guidance asks for both halves at once, the unconditional one first', async () => {
    const { model, calls } = createModel();
    await generatePictures(model, request({ guidanceScale: 3 }));
    const [{ input, conditioning }] = calls as [Call];
    expect(input.shape).toEqual([2, 4, 4, 8]);
    expect(inputOf(calls[0]!).slice(0, count)).toEqual(inputOf(calls[0]!).slice(count));
    expect([...(conditioning.encoder_hidden_states!.data as Float32Array)]).toEqual([-1, 1]);
    expect(conditioning.encoder_hidden_states!.shape).toEqual([2, 1, 1]);
  });

  test('guides the share of the steps that is asked for, and asks for one half in the others', async () => {
    const { model, calls } = createModel();
    const span = { guidanceScale: 3, guidanceStart: 0.3, guidanceEnd: 0.8 };
    const { warnings } = await generatePictures(model, request(span));
    expect(warnings).toEqual([]);
    expect(calls.map(({ input }) => input.shape[0])).toEqual([1, 1, 2, 2, 2, 1]);
    expect([...(calls[0]!.conditioning.encoder_hidden_states!.data as Float32Array)]).toEqual([1]);
    // Without guidance in any step, a guided request makes what an unguided one makes.
    const none = await generatePictures(createModel().model, request({ ...span, guidanceStart: 0.8 }));
    const unguided = await generatePictures(createModel().model, request({ guidanceScale: 1 }));
    expect(none.planes).toEqual(unguided.planes);
    const unread = await generatePictures(createModel().model, request({ ...span, guidanceScale: 1 }));
    expect(unread.warnings).toEqual([expect.stringMatching(/^guidanceStart and guidanceEnd had no effect/)]);
  });

  test('tells a network that was distilled with guidance the scale instead', async () => {
    const { model, calls } = createModel({
      guidance: {
        inputs: (scale, images) => ({
          told: { data: new Float32Array(images).fill(scale), shape: [images] },
        }),
      },
    });
    await generatePictures(model, request({ guidanceScale: 3 }));
    expect(calls[0]!.input.shape[0]).toBe(1);
    expect(calls[0]!.conditioning.told).toEqual({ data: Float32Array.of(3), shape: [1] });
  });

  test.each([
    [{ guidanceScale: 1, negativePrompts: ['a dog'] }, {}, [/read with a guidance scale over 1 alone/]],
    [{ guidanceScale: 1, negativePrompts: [' '] }, {}, []],
    [{ guidanceScale: 3, negativePrompts: ['a dog'] }, {}, []],
    [{ guidanceScale: 1, negativePrompts: ['a dog'] }, { guidance: {} }, [/this model has no guidance/]],
    [{ guidanceScale: 3, negativePrompts: [''] }, { guidance: {} }, [/guidance scale 3 had no effect/]],
  ])('says that a negative prompt or a guidance scale had no effect: %j', async (asked, changes, told) => {
    const { warnings } = await generatePictures(createModel(changes).model, request(asked));
    expect(warnings).toEqual(told.map((text) => expect.stringMatching(text)));
  });

  test('leaves guidance out for a model that knows none', async () => {
    const { model, calls } = createModel({ guidance: {} });
    await generatePictures(model, request({ guidanceScale: 3 }));
    expect(calls[0]!.input.shape[0]).toBe(1);
    expect(Object.keys(calls[0]!.conditioning)).toEqual(['encoder_hidden_states']);
  });
});

describe('image to image', () => {
  const source = { kind: 'picture', planes } as const;

  test("starts from the picture's latents, drawn first, under the noise of the first step", async () => {
    const { model, calls } = createModel();
    await generatePictures(model, request({ source, strength: 0.5, sampler: 'ddim' }));
    expect(calls.map(({ timestep }) => timestep)).toEqual([333, 167, 1]);
    const [sample, noise] = drawsOf(count, count);
    const { draw } = await model.encode(planes, []);
    const clean = draw(sample!);
    let alphaCumprod = 1;
    for (let t = 0; t <= 333; t++) {
      alphaCumprod *= 1 - (Math.sqrt(0.00085) + (t / 999) * (Math.sqrt(0.012) - Math.sqrt(0.00085))) ** 2;
    }
    const expected = clean.map(
      (x, i) => Math.sqrt(alphaCumprod) * x + Math.sqrt(1 - alphaCumprod) * noise![i]!,
    );
    expectClose(inputOf(calls[0]!), expected);
  });

  test('gives each generator of its own the picture it would make alone', async () => {
    const { model } = createModel();
    const make = async (seeds: readonly number[], sampler: string) =>
      (
        await generatePictures(
          model,
          request({
            prompts: seeds.map(() => 'a cat'),
            source,
            strength: 0.5,
            sampler,
            generators: seeds.map((seed) => new TorchGenerator(seed)),
          }),
        )
      ).planes;
    // The network of this model answers each row of a batch otherwise; the first row is enough.
    const both = await make([1, 2], 'euler_a');
    expect([...both.subarray(0, count)]).toEqual([...(await make([1], 'euler_a'))]);
  });

  test('goes on from another run where that stopped, as if there had been one', async () => {
    const { model, calls } = createModel();
    const whole = await generateLatents(model, request());
    const { latents } = await generateLatents(model, request({ denoisingEnd: 0.5 }));
    const rest = await generateLatents(
      model,
      request({ source: { kind: 'latents', latents }, denoisingStart: 0.5, strength: 0.1 }),
    );
    expect(rest.latents).toEqual(whole.latents);
    expect(calls).toHaveLength(12);
    const noisy = await generateLatents(
      model,
      request({ source: { kind: 'latents', latents }, strength: 0.5 }),
    );
    expect(noisy.latents).not.toEqual(rest.latents);
  });

  test('stops at a signal', async () => {
    const controller = new AbortController();
    const { model, calls } = createModel();
    const onStep = () => controller.abort();
    const running = generatePictures(model, request({ source, onStep, signal: controller.signal }));
    await expect(running).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(calls).toHaveLength(1);
  });
});

const tiny = { rgb: new Uint8Array(3), width: 1, height: 1 };

test.each<[string, Partial<DiffusionModel>, Partial<PictureRequest>, RegExp]>([
  ['half a latent', {}, { width: 15 }, /15 x 8 pixels: .* multiples of 2/],
  ['inpainting without a picture', { inputChannels: 9 }, {}, /for inpainting only/],
  ['refining nothing', { refinesOnly: true }, {}, /only refines images/],
  ['following nothing', { followsImage: true, inputChannels: 8 }, {}, /follows an image/],
  [
    'following a masked image',
    { followsImage: true, inputChannels: 8 },
    { source: { kind: 'picture', planes: new Float32Array(0), mask: new Float32Array(0) } },
    /mask: .*no mask/,
  ],
  [
    'two images to begin from',
    {},
    { source: { kind: 'picture', planes: new Float32Array(0), originals: [tiny, tiny] } },
    /starts from one image, not from 2/,
  ],
  ['going on from nothing', {}, { denoisingStart: 0.5 }, /denoisingStart: it needs/],
])('refuses %s', async (_, changes, asked, message) => {
  const { model, calls } = createModel(changes);
  await expect(generatePictures(model, request(asked))).rejects.toMatchObject({
    code: 'ERR_REQUEST_INVALID',
    message: expect.stringMatching(message),
  });
  expect(calls).toHaveLength(0);
});
