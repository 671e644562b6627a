import { describe, expect, it } from 'vitest';
import { automaticRequestSchema } from '../../core/src/http/automatic1111/request.js';
import type { AutomaticAnswer, TestWarning } from './answers.js';
import { colours, columnsOf, halves, startMaskServer } from './masked-images.js';
import { jsonOf, type TestServer } from './server.js';

interface Info {
  readonly seed: number;
  readonly all_seeds: readonly number[];
  readonly infotexts: readonly string[];
  readonly sampler_name: string;
  readonly clip_skip: number;
  readonly denoising_strength: number | null;
  readonly warnings: readonly TestWarning[];
}

async function textToImage(server: TestServer, body: object) {
  const asked = { prompt: 'blue', seed: 7, steps: 2, width: 64, height: 64, ...body };
  const response = await server.post('/sdapi/v1/txt2img', asked);
  expect(response.status).toBe(200);
  const { images, info, parameters } = await jsonOf<AutomaticAnswer>(response);
  const told = JSON.parse(info) as Info;
  return { images, info: told, parameters, messages: told.warnings.map(({ message }) => message) };
}
const shown = async ({ images }: { images: readonly string[] }) =>
  await columnsOf(Buffer.from(images[0] ?? '', 'base64'));

describe("Automatic1111's samplers and schedules", () => {
  it.each([
    [{ sampler_name: 'DPM++ 2M', scheduler: 'automatic' }, 'DPM++ 2M'],
    [{ sampler_name: 'DPM++ 2M', scheduler: 'Karras' }, 'DPM++ 2M Karras'],
    [{ sampler_name: '', scheduler: 'karras' }, 'Heun karras'],
    [{ scheduler: 'SGM Uniform' }, 'Heun SGM Uniform'],
    [{ sampler_index: 'Euler a' }, 'Euler a'],
    [{ sampler_name: 'Euler', sampler_index: 'Euler a', scheduler: '' }, 'Euler'],
    [{ sampler_name: 'Automatic', scheduler: null }, 'Heun'],
    [{}, 'Heun'],
  ])('%j is %s', async (body, sampler) => {
    expect((await textToImage(await startMaskServer(), body)).info.sampler_name).toBe(sampler);
  });
});

describe("Automatic1111's schedules that cannot be", () => {
  it.each([
    [{ sampler_name: 'Euler', scheduler: 'Bong Tangent' }, 'Euler', 1],
    [{ scheduler: 'Bong Tangent' }, 'Heun', 1],
    [{ sampler_name: 'DPM++ 2M Karras', scheduler: 'Exponential' }, 'DPM++ 2M Karras', 1],
    [{ sampler_name: 'DPM++ 2M Karras', scheduler: 'karras' }, 'DPM++ 2M Karras', 0],
  ])('%j are left out, and told', async (body, sampler, told) => {
    const { info, messages } = await textToImage(await startMaskServer(), body);
    expect(info.sampler_name).toBe(sampler);
    expect(messages).toEqual(Array(told).fill(expect.stringMatching(/^scheduler had no effect: /)));
  });
});

describe("Automatic1111's error of a sampler", () => {
  it.each(['sampler_name', 'sampler_index'])('names %s where that was sent', async (field) => {
    const server = await startMaskServer();
    const body = { prompt: 'blue', [field]: 'long '.repeat(40) };
    const response = await server.post('/sdapi/v1/txt2img', body);
    const { detail } = await jsonOf<{ detail: string }>(response);
    expect([response.status, detail.split(':')[0]]).toEqual([400, field]);
  });
});

describe("Automatic1111's seeds", () => {
  it.each([
    [4294967303, 7, true],
    ['6687881544318117707', 2767775563, true],
    ['7', 7, false],
    ['8.0', 8, false],
    [7, 7, false],
    [-5, 4294967291, true],
  ])('%j is %i', async (seed, used, isTold) => {
    const { info, messages } = await textToImage(await startMaskServer(), { seed });
    expect(info.seed).toBe(used);
    expect(messages.some((message) => message.includes('32 bits'))).toBe(isTold);
  });

  it.each([-1, '-1', '', null])('%j is drawn', async (seed) => {
    const { info, messages } = await textToImage(await startMaskServer(), { seed });
    expect(info.seed).toBeGreaterThanOrEqual(0);
    expect(messages).toEqual([]);
  });

  it('that are none are refused', async () => {
    const server = await startMaskServer();
    const response = await server.post('/sdapi/v1/txt2img', { prompt: 'blue', seed: 'many' });
    expect([response.status, (await jsonOf<{ detail: string }>(response)).detail]).toEqual([
      400,
      expect.stringContaining('seed'),
    ]);
  });
});

describe("Automatic1111's other fields", () => {
  it('are numbers and flags as text too', async () => {
    const answer = await textToImage(await startMaskServer(), {
      width: '128',
      height: '64',
      steps: '3',
      cfg_scale: '5.5',
      batch_size: '2',
      n_iter: '2',
      send_images: 'true',
      enable_hr: 'false',
    });
    expect(answer.images).toHaveLength(4);
    expect(await shown(answer)).toMatchObject({ size: '128x64' });
    expect(answer.info.infotexts[1]).toMatch(/Steps: 3, .*CFG scale: 5.5, Seed: 8, Size: 128x64/);
  });

  it('images are kept back, and the request told, where asked', async () => {
    const answer = await textToImage(await startMaskServer(), { send_images: false, styles: ['x'] });
    expect(answer.images).toEqual([]);
    expect(answer.info.infotexts).toHaveLength(1);
    expect(answer.parameters).toMatchObject({ prompt: 'blue', send_images: false });
  });

  it('what has no effect is named, and what clients send of habit is not', async () => {
    const server = await startMaskServer();
    const habits = {
      ...{ styles: [], subseed: -1, subseed_strength: 0, seed_resize_from_h: -1, seed_resize_from_w: -1 },
      ...{ restore_faces: false, tiling: false, do_not_save_samples: false, do_not_save_grid: false },
      ...{ eta: 0, s_churn: 0, s_tmax: 0, s_tmin: 0, s_noise: 1, override_settings: {} },
      ...{
        override_settings_restore_afterwards: true,
        script_args: [],
        alwayson_scripts: {},
        script_name: '',
      },
      ...{ hr_scale: 2, hr_upscaler: 'Latent', hr_resize_x: 0, denoising_strength: 0.7, negative_prompt: '' },
    };
    expect((await textToImage(server, habits)).messages).toEqual([]);
    const wishes = {
      ...{ styles: ['ink'], subseed_strength: 0.2, restore_faces: true, tiling: true, s_churn: 3, eta: 0.5 },
      ...{ script_name: 'X/Y/Z plot', refiner_checkpoint: 'other', mask: 'x', no_such_field: 1 },
      alwayson_scripts: { ADetailer: { args: [] } },
      override_settings: { eta_noise_seed_delta: 31337 },
    };
    const { info } = await textToImage(server, wishes);
    expect(info.warnings.map(({ parameter }) => parameter).sort()).toEqual(
      [
        ...['styles', 'subseed_strength', 'restore_faces', 'tiling', 's_churn', 'eta', 'script_name'],
        ...['refiner_checkpoint', 'mask', 'no_such_field', 'alwayson_scripts.ADetailer'],
        'override_settings.eta_noise_seed_delta',
      ].sort(),
    );
  });

  it.each<object[]>([[{ toString: 1 }], [[{ toString: 1 }]], [{ toString: 1, valueOf: 1 }]])(
    '%j where something else is expected is answered, with no failure',
    async (value) => {
      const server = await startMaskServer();
      for (const name of Object.keys(automaticRequestSchema.shape)) {
        const response = await server.post('/sdapi/v1/txt2img', { prompt: 'blue', [name]: value });
        expect([name, [200, 400].includes(response.status)]).toEqual([name, true]);
      }
      for (const name of ['tiling', 'eta', 'styles', 'restore_faces', 'script_name', 'alwayson_scripts']) {
        const { info } = await textToImage(server, { [name]: value });
        expect(info.warnings.map(({ parameter }) => parameter?.split('.')[0])).toEqual(
          expect.arrayContaining([name]),
        );
      }
    },
  );

  it('a second pass and clip skip reach a plugin that has them', async () => {
    const server = await startMaskServer();
    const larger = await textToImage(server, { prompt: 'options', enable_hr: true, hr_upscaler: 'Latent' });
    expect(await shown(larger)).toMatchObject({ size: '128x128', columns: Array(4).fill('00ff00') });
    expect(larger.messages).toEqual(['hr_upscaler "Latent" was replaced by Lanczos.']);
    expect(larger.info.denoising_strength).toBe(0.75);
    const wide = await textToImage(server, { enable_hr: true, hr_resize_x: 192, hr_second_pass_steps: '2' });
    expect(await shown(wide)).toMatchObject({ size: '192x192' });
    const skipped = { prompt: 'options', override_settings: { CLIP_stop_at_last_layers: 2 } };
    const { info, ...answer } = await textToImage(server, skipped);
    expect((await shown(answer)).columns[0]).toBe('00ff00');
    expect(info.clip_skip).toBe(2);
    expect((await textToImage(server, {})).info).toMatchObject({ clip_skip: 1, denoising_strength: null });
  });

  it('an image to image call without an image is refused', async () => {
    const server = await startMaskServer();
    for (const init_images of [undefined, null, []]) {
      const response = await server.post('/sdapi/v1/img2img', { prompt: 'blue', init_images });
      expect(response.status).toBe(404);
      expect(await jsonOf(response)).toMatchObject({ detail: 'Init image not found' });
    }
  });

  it('an image tells how it was made', async () => {
    const server = await startMaskServer();
    const { images, info } = await textToImage(server, { sampler_name: 'Euler' });
    const told = await jsonOf<{ info: string; parameters: object }>(
      await server.post('/sdapi/v1/png-info', { image: images[0] }),
    );
    expect(told.info).toBe(info.infotexts[0]);
    expect(told.parameters).toMatchObject({ Prompt: 'blue', Seed: '7', Sampler: 'Euler' });
    const silent = (await halves(colours.red, colours.red)).toString('base64');
    expect(await jsonOf(await server.post('/sdapi/v1/png-info', { image: silent }))).toMatchObject({
      info: '',
    });
    expect((await server.post('/sdapi/v1/png-info', { image: 'AAAA' })).status).toBe(400);
  });
});

describe("Automatic1111's lists", () => {
  it.each([
    ...[
      'samplers',
      'schedulers',
      'upscalers',
      'latent-upscale-modes',
      'loras',
      'sd-vae',
      'embeddings',
      'scripts',
    ],
    ...[
      'prompt-styles',
      'memory',
      'cmd-flags',
      'script-info',
      'hypernetworks',
      'face-restorers',
      'extensions',
    ],
  ])('%s are there', async (name) => {
    expect((await (await startMaskServer()).get(`/sdapi/v1/${name}`)).status).toBe(200);
  });

  it('samplers and schedules are those of the models that can be used', async () => {
    const server = await startMaskServer();
    const names = async (path: string) =>
      (await jsonOf<{ name: string }[]>(await server.get(path))).map(({ name }) => name);
    expect(await names('/sdapi/v1/samplers')).toEqual(['Euler', 'DPM++ 2M']);
    expect(await names('/sdapi/v1/schedulers')).toEqual(['automatic', 'karras']);
  });
});

describe("Automatic1111's progress", () => {
  it('is told of the call that is being made, by its id too, and the call is stopped', async () => {
    const server = await startMaskServer();
    for (const stop of ['interrupt', 'skip']) {
      const body = { prompt: 'wait', width: 96, height: 64, seed: 7, steps: 3, force_task_id: 'task(mine)' };
      const call = server.post('/sdapi/v1/txt2img', body);
      const progress = async () =>
        await jsonOf<{ progress: number; current_image: string | null; eta_relative: number }>(
          await server.get('/sdapi/v1/progress?skip_current_image=false'),
        );
      await expect.poll(progress).toMatchObject({ progress: 0.5, current_task: 'task(mine)' });
      const { current_image } = await progress();
      expect((await columnsOf(Buffer.from(current_image ?? '', 'base64'))).columns[0]).toBe('0000ff');
      const told = await server.post('/internal/progress', { id_task: 'task(mine)', id_live_preview: -1 });
      expect(await jsonOf(told)).toMatchObject({ active: true, completed: false, progress: 0.5 });
      expect((await server.post(`/sdapi/v1/${stop}`, {})).status).toBe(200);
      const response = await call;
      expect(response.status).toBe(200);
      const { images, info } = await jsonOf<AutomaticAnswer>(response);
      expect(await shown({ images })).toEqual({ size: '96x64', columns: Array(4).fill('0000ff') });
      expect(JSON.parse(info)).toMatchObject({
        all_seeds: [7],
        infotexts: [expect.stringContaining('wait\nSteps: 3, Seed: 7, Size: 96x64')],
        warnings: [{ message: expect.stringContaining('was interrupted: 1 of its images') }],
      });
      await expect.poll(progress).toMatchObject({ progress: 0, current_image: null, current_task: null });
    }
    const over = await server.post('/internal/progress', { id_task: 'task(mine)' });
    expect(await jsonOf(over)).toMatchObject({ active: false, completed: true });
  });
});
