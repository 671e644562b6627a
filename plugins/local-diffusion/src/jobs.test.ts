import { type GenerationRequest, generationRequestSchema } from '@easel/plugin-sdk';
import { expect, test } from 'vitest';
import { jobsOf } from './jobs.js';

const picture = { bytes: Uint8Array.of(1), mediaType: 'image/png' } as const;
const mask = { bytes: Uint8Array.of(2), mediaType: 'image/webp' } as const;
const options = { clipSkip: 0, guidanceRescale: 0, eta: 0 };

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

test('is a job a picture, each with the next seed', () => {
  const jobs = jobsOf(request({ n: 3, seed: 4294967295 }), options);
  expect(jobs.map(({ seed }) => seed)).toEqual([4294967295, 0, 1]);
  expect(jobs[0]).toMatchObject({
    modelFolder: '/models/mine',
    width: 64,
    height: 96,
    steps: 20,
    guidanceScale: 7.5,
  });
  expect(jobs[0]!.source).toBeUndefined();
  expect(jobs[0]!.negativePrompt).toBeUndefined();
});

test('hands the pictures on, with a strength of its own where none is asked', () => {
  const strengthOf = (changes: Record<string, unknown>) => jobsOf(request(changes), options)[0]!.strength;
  expect(jobsOf(request({ inputImages: [picture], mask }), options)[0]!.source).toEqual({
    image: picture,
    mask,
  });
  expect(strengthOf({ inputImages: [picture] })).toBe(0.8);
  expect(strengthOf({ inputImages: [picture], mask })).toBe(1);
  expect(strengthOf({ inputImages: [picture], strength: 0 })).toBe(0);
});

test('has guidance of its own for SDXL', () => {
  expect(jobsOf(request({}, { pipelineType: 'sdxl' }), options)[0]!.guidanceScale).toBe(5);
});

test.each([
  ['two pictures', { inputImages: [picture, picture] }, {}, /one picture, not from 2/],
  ['a model of another kind', {}, { pipelineType: 'flux' }, /"mine" is a "flux" model/],
  ['a model elsewhere', {}, { source: { type: 'provider', id: 'x' } }, /of a provider/],
])('refuses %s', (_, changes, model, message) => {
  expect(() => jobsOf(request(changes, model), options)).toThrow(
    expect.objectContaining({ code: 'ERR_REQUEST_INVALID', message: expect.stringMatching(message) }),
  );
});
