import { type GenerationRequest, generationRequestSchema } from '@easel/plugin-sdk';
import { expect, test } from 'vitest';
import { families } from './families/index.js';
import { optionsSchemaOf } from './options.js';
import { toEngineCall } from './to-engine-call.js';

const picture = { bytes: Uint8Array.of(1), mediaType: 'image/png' } as const;
const mask = { bytes: Uint8Array.of(2), mediaType: 'image/webp' } as const;
const optionsSchema = optionsSchemaOf(families);
const options = optionsSchema.parse({});

function request(
  changes: Record<string, unknown> = {},
  model: Record<string, unknown> = {},
): GenerationRequest {
  return generationRequestSchema.parse({
    model: {
      id: 'mine',
      name: 'Mine',
      pipelineType: 'sd',
      source: { type: 'folder', path: '/models/mine' },
      defaults: { width: 64, height: 64 },
      supports: { minimumEdge: 32, maximumEdge: 512, edgeMultiple: 32, images: 4 },
      ...model,
    },
    prompt: 'a cat',
    width: 64,
    height: 96,
    n: 1,
    outputFormat: 'png',
    inputImages: [],
    options: {},
    ...changes,
  });
}

test('has a seed for each image, and the rest once', () => {
  const call = toEngineCall(request({ n: 3, seed: 4294967295 }), options);
  expect(call.seeds).toEqual([4294967295, 0, 1]);
  expect(call).toMatchObject({
    model: { path: '/models/mine' },
    width: 64,
    height: 96,
    steps: 20,
    guidanceScale: 7.5,
  });
  expect(call.source).toBeUndefined();
  expect(call.negativePrompt).toBeUndefined();
});

test('hands the pictures on, with a strength of its own where none is asked', () => {
  const strengthOf = (changes: Record<string, unknown>) => toEngineCall(request(changes), options).strength;
  expect(toEngineCall(request({ inputImages: [picture], mask }), options).source).toEqual({
    image: picture,
    others: [],
    mask,
  });
  expect(strengthOf({ inputImages: [picture] })).toBe(0.8);
  expect(strengthOf({ inputImages: [picture], mask })).toBe(1);
  expect(strengthOf({ inputImages: [picture], strength: 0 })).toBe(0);
});

test('has guidance of its own for SDXL', () => {
  expect(toEngineCall(request({}, { pipelineType: 'sdxl' }), options).guidanceScale).toBe(5);
});

test.each([
  ['a model of another kind', {}, { pipelineType: 'wan' }, /"mine" is a "wan" model/],
  ['a model elsewhere', {}, { source: { type: 'provider', id: 'x' } }, /of a provider/],
])('refuses %s', (_, changes, model, message) => {
  expect(() => toEngineCall(request(changes, model), options)).toThrow(
    expect.objectContaining({ code: 'ERR_REQUEST_INVALID', message: expect.stringMatching(message) }),
  );
});

test('tells SDXL what only it reads, height first, and other models that they do not', () => {
  const given = optionsSchema.parse({
    secondPrompt: 'a dog',
    originalSize: { width: 512, height: 768 },
    cropTopLeft: { top: 1, left: 2 },
    negativeAestheticScore: 1,
  });
  const xl = toEngineCall(request({}, { pipelineType: 'sdxl' }), given);
  expect(xl).toMatchObject({
    warnings: [],
    familyOptions: {
      secondPrompts: ['a dog'],
      conditions: { originalSize: [768, 512], cropTopLeft: [1, 2] },
      negativeConditions: { aestheticScore: 1 },
    },
  });
  const sd = toEngineCall(request(), given);
  expect(sd.familyOptions).toBeUndefined();
  expect(sd.warnings).toHaveLength(4);
  expect(sd.warnings[0]).toMatch(/secondPrompt had no effect: only SDXL models read it/);
});

test('leaves out the passes that cannot be, and says so', () => {
  const given = optionsSchema.parse({ hiresFix: {}, refiner: { path: '/models/refiner' } });
  const callOf = (changes: Record<string, unknown>) => toEngineCall(request(changes), given);
  const large = callOf({ width: 256, height: 256, steps: 7 });
  expect(large.firstPass).toEqual({ width: 64, height: 64, strength: 0.5, steps: 7 });
  expect(large.refiner).toEqual({ path: '/models/refiner', switchAt: 0.8 });
  expect(large.warnings).toEqual([]);
  const small = callOf({ height: 64 });
  expect(small.firstPass).toBeUndefined();
  expect(small.warnings).toEqual([expect.stringContaining('64 x 64 pixels are no more')]);
  const masked = callOf({ width: 256, inputImages: [picture], mask });
  expect(masked).toMatchObject({ firstPass: undefined, refiner: undefined });
  expect(masked.warnings).toHaveLength(2);
});

test.each([
  ['a scale and a size', { hiresFix: { scale: 2, width: 64, height: 64 } }, /a scale, or a width/],
  ['half a size', { hiresFix: { width: 64 } }, /a scale, or a width/],
  ['a relative path', { refiner: { path: 'refiner' } }, /absolute path/],
  ['a switch at the end', { refiner: { path: '/r', switchAt: 1 } }, /<1/],
])('options refuse %s', (_, given, message) => {
  expect(() => optionsSchema.parse(given)).toThrow(message);
});
