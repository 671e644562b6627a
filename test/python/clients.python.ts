import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import { shareEasel } from '../browser/studio/easel-server.js';

const server = shareEasel();

/** What a client reports of the server. */
async function reportOf(script: string): Promise<unknown> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await promisify(execFile)(inject('python'), [file, server().url]);
  return JSON.parse(stdout);
}

it("serves OpenAI's client", async () => {
  expect(await reportOf('openai_client.py')).toEqual({
    models: expect.arrayContaining(['picturebook']),
    model: 'picturebook',
    sizes: [
      [128, 128],
      [128, 128],
    ],
    differ: true,
    events: [...Array(2).fill('image_generation.partial_image'), 'image_generation.completed'],
    streamed_is_made: true,
    kept: true,
    painted: true,
    wrong_size: ['BadRequestError', 'size', expect.any(String)],
    wrong_model: ['NotFoundError', 'model', 'model_not_found'],
  });
});

it('serves sdwebuiapi', async () => {
  expect(await reportOf('webuiapi_client.py')).toEqual({
    sizes: [
      [128, 128],
      [128, 128],
      [192, 192],
    ],
    seeds: [7, 8],
    same_again: true,
    infotext: expect.stringMatching(
      /^a yellow star at night\nNegative prompt: rain\nSteps: 4, Sampler: Euler/,
    ),
    read_back: expect.stringMatching(
      /^a yellow star at night\nNegative prompt: rain\nSteps: 4, Sampler: Euler/,
    ),
    kept: true,
    painted: true,
    kept_turned: true,
    painted_turned: true,
    refused: expect.any(Number),
    model: expect.stringContaining('picturebook'),
    models: expect.arrayContaining([expect.stringContaining('picturebook')]),
    samplers: expect.arrayContaining(['Euler', 'Euler a', 'DPM++ 2M', 'UniPC']),
    schedulers: expect.arrayContaining(['automatic', 'karras', 'sgm_uniform']),
    lists: {
      upscalers: 'list',
      latent_upscale_modes: 'list',
      loras: 'list',
      sd_vae: 'list',
      embeddings: 'dict',
      memory: 'dict',
      cmd_flags: 'dict',
      scripts: 'dict',
      hypernetworks: 'list',
      face_restorers: 'list',
      prompt_styles: 'list',
    },
    control: [3, [], ['none']],
    progress: 0,
  });
});

it("serves Ollama's client", async () => {
  expect(await reportOf('ollama_client.py')).toEqual({
    models: expect.arrayContaining(['picturebook']),
    capabilities: ['image'],
    pulled: 'success',
    running: expect.any(Number),
    size: [128, 128],
    totals: [4],
    streamed_is_made: true,
    refused: 404,
  });
});
