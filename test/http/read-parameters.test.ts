import { expect, it } from 'vitest';
import { writePngText } from '../../core/src/results/png-text.js';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { jsonOf, startServer } from './server.js';

const told = `a lighthouse, (storm:1.2)
Negative prompt: people
Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 12345, Size: 768x512, Model hash: 1a2b3c, Model: dreamshaper_8, Version: v1.10.1`;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

it('tells the settings of an image of another tool as a request', async () => {
  const server = await startServer();
  const image = base64(writePngText(onePixelPng, { parameters: told }));
  const response = await server.post('/api/images/parameters', { image });
  expect(response.status).toBe(200);
  const { request, made_by_easel, warnings } = await jsonOf<{
    request: object;
    made_by_easel: boolean;
    warnings: { message: string }[];
  }>(response);
  expect(request).toEqual({
    prompt: 'a lighthouse, (storm:1.2)',
    negative_prompt: 'people',
    size: '768x512',
    n: 1,
    seed: 12345,
    steps: 30,
    guidance_scale: 6.5,
    sampler: 'DPM++ 2M Karras',
    image_type: 'png',
  });
  expect(made_by_easel).toBe(false);
  expect(warnings[0]?.message).toContain('Model (dreamshaper_8)');
});

it('answers no request for an image that tells none, and refuses what is no image', async () => {
  const server = await startServer();
  const silent = await server.post('/api/images/parameters', { image: base64(onePixelPng) });
  expect([silent.status, await silent.json()]).toEqual([
    200,
    { made_by_easel: false, request: null, warnings: [] },
  ]);
  const refused = await server.post('/api/images/parameters', { image: 'AAAA' });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { code: 'ERR_REQUEST_INVALID' } });
});
