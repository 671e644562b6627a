import { describe, expect, it } from 'vitest';
import { jsonOf, startServer } from './server.js';

describe('an error about a field', () => {
  it.each([
    ['/api/images/generate', { size: '4x4' }, 'size', /^size: Too small/],
    ['/v1/images/generations', { size: '4x4' }, 'size', /^size: Too small/],
    ['/v1/images/generations', { seed: -1 }, 'seed', /^seed: /],
    [
      '/api/images/generate',
      { negative_prompt: 'x'.repeat(40_000) },
      'negative_prompt',
      /^negative_prompt: /,
    ],
    [
      '/v1/images/generations',
      { provider_options: { steady: { nothing: 1 } } },
      'provider_options.steady',
      /./,
    ],
  ])('of %s %j names the caller’s field', async (path, more, param, message) => {
    const server = await startServer();
    const response = await server.post(path, { prompt: 'a fixture', ...more });
    expect(response.status).toBe(400);
    const { error } = await jsonOf<{ error: object }>(response);
    expect(error).toMatchObject({ param, message: expect.stringMatching(message) });
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'whose name every object knows, %s, is one',
    async (name) => {
      const server = await startServer();
      for (const path of ['/v1/images/generations', '/sdapi/v1/txt2img', '/api/images/generate']) {
        const body = `{"prompt":"x","${name}":{"a":1}}`;
        const response = await fetch(`${server.url}${path}`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        });
        const text = await response.text();
        expect([path, response.status, text]).toEqual([
          path,
          name === '__proto__' || path.startsWith('/api') ? 400 : 200,
          expect.stringContaining(name),
        ]);
        expect(text).not.toMatch(/\[object|not a function/);
      }
    },
  );

  it('of Automatic1111’s API has its name in the message', async () => {
    const server = await startServer();
    const image = 'iVBORw0KGgo=';
    const response = await server.post('/sdapi/v1/img2img', { prompt: 'x', init_images: [image] });
    expect((await jsonOf<{ detail: string }>(response)).detail).toMatch(/^init_images/);
  });
});
