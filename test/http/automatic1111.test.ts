import { describe, expect, it } from 'vitest';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { jsonOf, startServer } from './server.js';

const prompt = 'a fixture';

describe("Automatic1111's API", () => {
  it('makes pictures as its clients ask for them', async () => {
    const server = await startServer();
    expect(await jsonOf(await server.get('/sdapi/v1/options'))).toMatchObject({
      sd_model_checkpoint: 'steady-one',
    });
    const models = await jsonOf<{ title: string; model_name: string }[]>(
      await server.get('/sdapi/v1/sd-models'),
    );
    expect(models.map(({ title }) => title)).toEqual(['chaos-one', 'steady-one']);
    // What Open WebUI sends, and what others send beside.
    const body = {
      prompt,
      negative_prompt: 'nothing',
      batch_size: 2,
      width: 512,
      height: 512,
      steps: 20,
      seed: -1,
      sampler_name: 'DPM++ 2M',
      scheduler: 'Automatic',
      restore_faces: false,
      alwayson_scripts: {},
    };
    const response = await server.post('/sdapi/v1/txt2img', body);
    const { images, info } = await jsonOf<{ images: string[]; info: string }>(response);
    expect(images).toHaveLength(2);
    expect(
      Buffer.from(images[0] ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    // The plugin makes images of one pixel, whatever is asked.
    expect(JSON.parse(info)).toMatchObject({ prompt, width: 1, sd_model_name: 'steady-one' });
  });

  it('switches models, and tells how far it is', async () => {
    const server = await startServer();
    expect((await server.post('/sdapi/v1/options', { sd_model_checkpoint: 'chaos-one' })).status).toBe(200);
    expect(await jsonOf(await server.get('/sdapi/v1/options'))).toMatchObject({
      sd_model_checkpoint: 'chaos-one',
    });
    expect((await server.post('/sdapi/v1/options', { sd_model_checkpoint: 'nobody' })).status).toBe(404);
    expect(await jsonOf(await server.get('/sdapi/v1/progress'))).toMatchObject({
      progress: 0,
      current_image: null,
    });
  });

  it('takes pictures to start from, and says what is wrong in its own shape', async () => {
    const server = await startServer();
    const picture = `data:image/png;base64,${Buffer.from(onePixelPng).toString('base64')}`;
    const refused = await server.post('/sdapi/v1/img2img', { prompt, init_images: [picture] });
    expect(refused.status).toBe(400);
    expect(await jsonOf(refused)).toMatchObject({ detail: expect.stringContaining('takes none, not 1') });
    for (const inpaint_full_res of [{ toString: 1 }, [[[[]]]], [{ valueOf: 1 }]]) {
      const odd = await server.post('/sdapi/v1/img2img', { prompt, inpaint_full_res });
      expect(await jsonOf(odd)).toMatchObject({ detail: expect.stringContaining('inpaint_full_res') });
    }
    const rubbish = await server.post('/sdapi/v1/img2img', { prompt, init_images: ['!!'] });
    expect(await jsonOf(rubbish)).toMatchObject({ detail: expect.stringContaining('init_images.0') });
  });
});
