/**
 * stable-diffusion.cpp's jobs, called as the page of its own server calls them: capabilities first, then
 * `img_gen`, then the job's `poll_url` until it has ended.
 *
 * @module
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { colours, columnsOf, halves, startMaskServer } from './masked-images.js';
import { jsonOf, type TestServer } from './server.js';

let server: TestServer;
beforeAll(async () => {
  let end = async () => {};
  server = await startMaskServer({}, (given) => {
    end = given;
  });
  return end;
});

const warnings = z.array(z.looseObject({ parameter: z.string().optional() }));
const acceptedSchema = z.object({
  ...{ id: z.string(), kind: z.literal('img_gen'), poll_url: z.string(), warnings },
});
const jobSchema = z.object({
  status: z.string(),
  queue_position: z.number(),
  result: z
    .object({
      output_format: z.string(),
      images: z.array(z.object({ index: z.number(), b64_json: z.string() })),
    })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
type Job = z.output<typeof jobSchema>;

async function begin(body: object) {
  const response = await server.post('/sdcpp/v1/img_gen', body);
  expect(response.status).toBe(202);
  return acceptedSchema.parse(await response.json());
}

const look = async (url: string): Promise<Job> => jobSchema.parse(await (await server.get(url)).json());

async function make(body: object) {
  const { poll_url: url, warnings: told } = await begin(body);
  await expect.poll(async () => (await look(url)).status).toMatch(/^(completed|failed|cancelled)$/);
  const job = await look(url);
  const images = job.result?.images.map(({ b64_json }) => Buffer.from(b64_json, 'base64')) ?? [];
  return { job, images, told: told.map(({ parameter }) => parameter) };
}

const base64 = async (...ends: Parameters<typeof halves>) => (await halves(...ends)).toString('base64');

/** What the page sends of what it does not touch. */
const untouched = {
  ...{ auto_resize_ref_image: true, increase_ref_index: false, control_strength: 0.9 },
  ...{ clip_skip: -1, seed: -1, embed_image_metadata: true, control_image: null, lora: [] },
  hires: { enabled: false, upscaler: 'Latent', scale: 2, target_width: 0, target_height: 0, steps: 0 },
  vae_tiling_params: { enabled: false, tile_size_x: 0, target_overlap: 0.5, extra_tiling_args: '' },
  ...{ cache_mode: 'disabled', cache_option: '', scm_mask: '', scm_policy_dynamic: true },
};

describe("stable-diffusion.cpp's API", () => {
  it('tells what the current model can do', async () => {
    const told = await jsonOf(await server.get('/sdcpp/v1/capabilities'));
    expect(told).toMatchObject({
      model: { name: 'brush' },
      supported_modes: ['img_gen'],
      features_by_mode: { img_gen: { init_image: true, mask_image: true, cancel_generating: true } },
      limits: { max_width: 1024 },
    });
  });

  it('makes images, and says nothing of what was left as it was', async () => {
    const { job, images, told } = await make({
      ...untouched,
      ...{ prompt: 'blue', width: 96, height: 64, batch_count: 2, output_format: 'webp' },
      sample_params: {
        ...{ scheduler: 'discrete', sample_method: 'euler_a', sample_steps: 4, flow_shift: 0 },
        guidance: { txt_cfg: 7, slg: { layers: [7, 8, 9], scale: 0 } },
      },
    });
    expect(job).toMatchObject({ status: 'completed', error: null, result: { output_format: 'webp' } });
    expect(images).toHaveLength(2);
    const { size, columns } = await columnsOf(images[0] as Buffer);
    expect([size, Number.parseInt(columns[0] as string, 16) & 0xff]).toEqual(['96x64', 255]);
    expect(told).toEqual([]);
  });

  it('takes distilled_guidance for a model that has one, and not for LCM', async () => {
    const guided = async (change: object, sample_method = 'euler') => {
      const guidance = { txt_cfg: 1, distilled_guidance: 5 };
      return (await begin({ prompt: 'blue', sample_params: { sample_method, guidance }, ...change }))
        .warnings;
    };
    const replaced = expect.objectContaining({ parameter: 'sample_params.guidance.txt_cfg' });
    expect(await guided({})).toContainEqual(replaced);
    for (const told of [
      await guided({}, 'lcm'),
      await guided({ lora: [{ path: 'lcm-lora-sdv1-5' }] }),
      await guided({ prompt: 'blue <lora:LCM_LoRA_SDXL:1>' }),
    ])
      expect(told).not.toContainEqual(replaced);
  });

  it('paints where the mask is white, and names what has no effect', async () => {
    const { images, told } = await make({
      ...untouched,
      prompt: 'mask',
      init_image: `data:image/png;base64,${await base64(colours.red, colours.red)}`,
      mask_image: await base64(colours.black, colours.white),
      ...{ made_up: 1, toString: 1, output_compression: 50, cache_mode: 'easycache' },
      vae_tiling_params: { enabled: true, tile_size_x: 32 },
      lora: [{ path: 'ink', multiplier: 0.5 }],
    });
    expect((await columnsOf(images[0] as Buffer)).columns).toEqual(['000000', '000000', 'ffffff', 'ffffff']);
    expect(told.sort()).toEqual([
      ...['cache_mode', 'lora.0.path', 'made_up', 'output_compression', 'toString'],
      ...['vae_tiling_params.enabled', 'vae_tiling_params.tile_size_x'],
    ]);
  });

  it('cancels a job that runs, and tells errors in its own fields', async () => {
    const { id, poll_url: url } = await begin({ prompt: 'wait' });
    await expect.poll(async () => (await look(url)).status).toBe('generating');
    const cancelled = await server.post(`/sdcpp/v1/jobs/${id}/cancel`, {});
    expect(await jsonOf(cancelled)).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
    const wrong = await server.post('/sdcpp/v1/img_gen', { prompt: 'x', sample_params: { sample_steps: 0 } });
    expect([wrong.status, await jsonOf(wrong)]).toEqual([
      400,
      { error: expect.stringMatching(/^sample_params\.sample_steps: /) },
    ]);
    const unreadable = await server.post('/sdcpp/v1/img_gen', { prompt: 'x', init_image: '####' });
    expect(await jsonOf(unreadable)).toEqual({ error: expect.stringMatching(/^init_image: /) });
    for (const path of ['/sdcpp/v1/jobs/nobody', '/sdcpp/v1/vid_gen'])
      expect(await jsonOf(await server.get(path))).toEqual({ error: expect.any(String) });
    const { job } = await make({ prompt: 'x', width: 16_000, height: 16_000 });
    expect(job).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(/^width: /) } });
  });
});
