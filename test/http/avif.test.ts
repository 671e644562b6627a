import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageFormatOf } from '@easel/plugin-sdk';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { easel, workingFolder } from '../cli/easel.js';
import { jsonOf, startServer } from './server.js';

const prompt = 'a red house';

it('every API makes AVIF files, which tell what they were made with', async () => {
  const server = await startServer();
  const post = async <Answer>(path: string, body: object) => {
    const response = await server.post(path, body);
    expect(response.status).toBe(200);
    return await jsonOf<Answer>(response);
  };
  const same = { prompt, seed: 7 };
  const { images: own } = await post<{ images: { image_url: string }[] }>('/api/images/generate', {
    ...same,
    image_type: 'avif',
  });
  const openai = await post<{ data: { b64_json: string }[]; output_format: string }>(
    '/v1/images/generations',
    { ...same, output_format: 'avif' },
  );
  const automatic1111 = await post<{ images: string[] }>('/sdapi/v1/txt2img', {
    ...same,
    ...{ width: 64, height: 64 },
    override_settings: { samples_format: 'avif' },
  });
  expect(openai.output_format).toBe('avif');
  const stored = await fetch(own[0]?.image_url ?? '');
  expect(stored.headers.get('content-type')).toBe('image/avif');
  const file = Buffer.from(await stored.arrayBuffer()).toString('base64');
  for (const base64 of [file, openai.data[0]?.b64_json, automatic1111.images[0]]) {
    const bytes = Buffer.from(base64 ?? '', 'base64');
    expect(imageFormatOf(bytes)).toBe('avif');
    expect(await sharp(bytes).metadata()).toMatchObject({ compression: 'av1' });
    const { info } = await post<{ info: string }>('/sdapi/v1/png-info', { image: base64 });
    expect(info).toMatch(/^a red house\n.*Seed: 7, Size: 64x64/);
  }
  const { request } = await post<{ request: object }>('/api/images/parameters', { image: file });
  expect(request).toMatchObject({ prompt, seed: 7 });
});

it('the command makes one by its name, and again with --like', async () => {
  const folder = workingFolder();
  const made = await easel(folder, ['generate', prompt, '--seed', '7', '--out', 'one.avif']);
  expect(made).toMatchObject({ status: 0, stdout: 'one.avif\n' });
  const again = await easel(folder, ['generate', '--like', 'one.avif', '--format', 'avif', '-o', 'two.avif']);
  expect(again).toMatchObject({ status: 0 });
  expect(readFileSync(join(folder, 'two.avif'))).toEqual(readFileSync(join(folder, 'one.avif')));
});
