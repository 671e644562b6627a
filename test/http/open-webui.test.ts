import { describe, expect, it } from 'vitest';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { jsonOf, startServer } from './server.js';

// As backend/open_webui/routers/images.py sends them; that it is a program in Python keeps it itself out of
// this test.
describe('what Open WebUI sends', () => {
  it('is answered with base64, which it takes for a PNG', async () => {
    const server = await startServer();
    const body = {
      model: 'steady-one',
      prompt: 'a fixture',
      n: 1,
      size: '512x512',
      response_format: 'b64_json',
    };
    const response = await server.post('/v1/images/generations', body, { authorization: 'Bearer unused' });
    const { data } = await jsonOf<{ data: { url?: string; b64_json: string }[] }>(response);
    expect(data[0]?.url).toBeUndefined();
    expect(
      Buffer.from(data[0]?.b64_json ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it.each(['image', 'image[]'])(
    'is understood as a form with text first and the file as %s',
    async (name) => {
      const server = await startServer();
      const form = new FormData();
      for (const [field, value] of Object.entries({ model: 'steady-one', prompt: 'a fixture', n: '1' }))
        form.append(field, value);
      form.append(name, new Blob([onePixelPng], { type: 'image/png' }), '0b5e1f7c.png');
      const response = await fetch(`${server.url}/v1/images/edits`, { method: 'POST', body: form });
      // The fixture's model takes no pictures; that it is told so means that all has arrived.
      expect(response.status).toBe(400);
      expect(await jsonOf(response)).toMatchObject({
        error: { message: expect.stringContaining('takes none, not 1'), param: 'image' },
      });
    },
  );
});
