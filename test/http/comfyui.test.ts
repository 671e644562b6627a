/**
 * ComfyUI's API, by a client that many use and by Easel's own plugin for ComfyUI, both unchanged.
 *
 * @module
 */
import { Client } from '@stable-canvas/comfyui-client';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { openProviderKernels, type ProviderKernels } from '../providers/provider-kernels.js';
import { type Graph, inpainting, textToImage } from './comfyui-graphs.js';
import { colours, columnsOf, halves, startMaskServer } from './masked-images.js';
import { jsonOf, type TestServer } from './server.js';

let server: TestServer;
let client: Client;
let kernels: ProviderKernels;
beforeAll(async () => {
  let end = async () => {};
  // By the names that the plugin's workflows give their checkpoints.
  const modelAliases = { 'first.safetensors': 'brush', 'second.safetensors': 'brush' };
  server = await startMaskServer({ modelAliases }, (given) => {
    end = given;
  });
  client = new Client({ api_host: new URL(server.url).host, WebSocket });
  await client.connect();
  return end;
});
afterAll(async () => {
  client.close();
  await kernels?.close();
});

interface Made {
  readonly outputs: Record<string, { images: { filename: string; type: string }[] }>;
  readonly status: { status_str: string; messages: [string, Record<string, unknown>][] };
  readonly warnings: { parameter?: string }[];
}

/** Sends a graph as clients do that know no WebSockets, and asks until it has ended. */
async function make(graph: Graph): Promise<Made> {
  const { prompt_id: id } = await jsonOf<{ prompt_id: string }>(
    await server.post('/prompt', { prompt: graph }),
  );
  return await endOf(id);
}

async function endOf(id: string): Promise<Made> {
  return await expect
    .poll(async () => (await jsonOf<Record<string, Made>>(await server.get(`/history/${id}`)))[id], {
      timeout: 60_000,
      interval: 50,
    })
    .toBeDefined()
    .then(async () => (await jsonOf<Record<string, Made>>(await server.get(`/history/${id}`)))[id] as Made);
}

async function imageOf({ outputs }: Made): Promise<Buffer> {
  const [{ filename, type } = { filename: '', type: '' }] = Object.values(outputs)[0]?.images ?? [];
  const response = await server.get(`/api/view?filename=${filename}&subfolder=&type=${type}`);
  expect(response.headers.get('content-type')).toBe('image/png');
  return Buffer.from(await response.arrayBuffer());
}

async function upload(image: Buffer, name: string, fields: Record<string, string> = {}): Promise<string> {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append('image', new Blob([new Uint8Array(image)], { type: 'image/png' }), name);
  const response = await fetch(`${server.url}/api/upload/image`, { method: 'POST', body: form });
  return (await jsonOf<{ name: string }>(response)).name;
}

const refusedSchema = z.object({
  error: z.looseObject({ type: z.string(), message: z.string(), details: z.string() }),
  node_errors: z.record(
    z.string(),
    z.looseObject({ class_type: z.string(), errors: z.array(z.looseObject({ type: z.string() })) }),
  ),
});
async function refusal(graph: unknown) {
  const response = await server.post('/prompt', { prompt: graph });
  expect(response.status).toBe(400);
  return refusedSchema.parse(await response.json());
}

it('makes images for a client of others, which lists what there is first', async () => {
  expect(await client.getSDModels()).toEqual(['brush', 'first.safetensors', 'second.safetensors']);
  expect(await client.getSamplers()).toContain('euler');
  expect((await client.getSystemStats()).system).toMatchObject({ comfyui_version: expect.any(String) });
  const told: string[] = [];
  client.on('message', ({ data }) => {
    if (typeof data === 'string') told.push(z.object({ type: z.string() }).parse(JSON.parse(data)).type);
  });
  const graph = textToImage({ text: 'blue', empty: { width: 96, batch_size: 2 } });
  const { images } = await client.enqueue(graph, { workflow: {} });
  const urls = images.flatMap(({ type, data }) => (type === 'url' ? [String(data)] : []));
  expect(urls).toHaveLength(2);
  const bytes = Buffer.from(await (await fetch(urls[0] as string)).arrayBuffer());
  expect(await columnsOf(bytes)).toMatchObject({ size: '96x64', columns: Array(4).fill('0000ff') });
  for (const type of ['execution_start', 'executing', 'executed', 'execution_success', 'status'])
    expect(told).toContain(type);
  expect((await client.getHistory()).History).toHaveLength(1);
});

it('takes graphs as ComfyUI’s own examples send them, by urllib, which calls them a form', async () => {
  const response = await fetch(`${server.url}/prompt`, {
    method: 'POST',
    body: JSON.stringify({ prompt: textToImage({ text: 'blue' }) }),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const { prompt_id: id } = await jsonOf<{ prompt_id: string }>(response);
  expect(await columnsOf(await imageOf(await endOf(id)))).toMatchObject({ columns: Array(4).fill('0000ff') });
});

it('has weights read as ComfyUI means them', async () => {
  const { columns } = await columnsOf(await imageOf(await make(textToImage({ text: '(style:1.5)' }))));
  expect(columns).toEqual(Array(4).fill('00ff00'));
});

it('shows an image while it is made, and ends it', async () => {
  const looks: string[] = [];
  client.on('image_data', ({ mime }) => looks.push(mime));
  const steps: object[] = [];
  client.on('progress', (progress) => steps.push(progress));
  const { prompt_id: id } = await client._enqueue_prompt(textToImage({ text: 'wait' }), { workflow: {} });
  await expect.poll(() => looks, { timeout: 60_000 }).toEqual(['image/png']);
  expect(steps).toMatchObject([{ value: 1, max: 2, node: '3', prompt_id: id }]);
  expect((await client.getQueue()).Running.map(([, running]) => running)).toEqual([id]);
  await client.interrupt();
  const { status } = await endOf(id);
  expect(status).toMatchObject({ status_str: 'error' });
  expect(status.messages.at(-1)?.[0]).toBe('execution_interrupted');
  expect((await client.getQueue()).Running).toEqual([]);
});

it('paints where an image is transparent, and names what had no effect', async () => {
  const file = await upload(await halves(colours.opaqueWhite, [255, 0, 0, 0]), 'house.png');
  expect(file).toBe('house.png');
  expect(await upload(await halves(colours.red, colours.red), 'house.png')).toBe('house (1).png');
  const shown = await make(inpainting('image', file, 'VAEEncode'));
  // Its colours, whatever its opacity.
  expect((await columnsOf(await imageOf(shown))).columns).toEqual(['ffffff', 'ffffff', 'ff0000', 'ff0000']);
  const mask = await imageOf(await make(inpainting('mask', file, 'VAEEncode')));
  expect((await columnsOf(mask)).columns).toEqual(['000000', '000000', 'ffffff', 'ffffff']);
  const grown = await imageOf(await make(inpainting('mask', file, 'VAEEncodeForInpaint')));
  const row = await sharp(grown).extractChannel(0).extract({ left: 0, top: 32, width: 64, height: 1 });
  expect((await row.raw().toBuffer()).indexOf(255)).toBe(29);

  const vae = { class_type: 'VAELoader', inputs: { vae_name: 'ae.safetensors' } };
  const { warnings, outputs } = await make(
    textToImage({
      text: 'blue',
      sampler: { seed: 2 ** 40 + 3, denoise: 0.5 },
      nodes: {
        8: { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['21', 0] } },
        9: { class_type: 'PreviewImage', inputs: { images: ['8', 0] } },
        21: vae,
      },
    }),
  );
  expect(warnings.map(({ parameter }) => parameter)).toEqual(['21.vae_name', '3.denoise', '3.seed']);
  expect(outputs['9']?.images).toMatchObject([{ type: 'temp', subfolder: '' }]);
});

it('refuses what it cannot make, by node and input', async () => {
  const odd = textToImage({ text: 'x', nodes: { 5: { class_type: 'EmptySound', inputs: {} } } });
  expect(await refusal(odd)).toMatchObject({
    error: { type: 'missing_node_type', details: expect.stringContaining('GET /object_info') },
    node_errors: { 5: { class_type: 'EmptySound', errors: [{ type: 'missing_node_type' }] } },
  });
  const wrong = textToImage({
    text: 'x',
    sampler: { steps: 0, positive: ['4', 0], negative: ['toString', 0], cfg: 'much', seed: undefined },
    nodes: { 4: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'other.safetensors' } } },
  });
  const { error, node_errors } = await refusal(wrong);
  expect(error.type).toBe('prompt_outputs_failed_validation');
  expect(node_errors['4']?.errors).toMatchObject([{ type: 'value_not_in_list' }]);
  expect(node_errors['3']?.errors.map(({ type }) => type).sort()).toEqual([
    'bad_linked_input',
    'invalid_input_type',
    'required_input_missing',
    'return_type_mismatch',
    'value_smaller_than_min',
  ]);
  const second = textToImage({
    text: 'x',
    sampler: { latent_image: ['30', 0] },
    nodes: { 30: { ...(textToImage({ text: 'x' })['3'] as Graph[string]) } },
  });
  expect(await refusal(second)).toMatchObject({
    node_errors: { 3: { errors: [{ type: 'unsupported_graph', details: 'latent_image' }] } },
  });
  const round = textToImage({ text: 'x', sampler: { latent_image: ['3', 0] } });
  expect(await refusal(round)).toMatchObject({
    node_errors: { 3: { errors: [{ type: 'dependency_cycle' }] } },
  });
  expect(await refusal(inpainting('x', 'nowhere.png', 'VAEEncode'))).toMatchObject({
    node_errors: { 10: { errors: [{ type: 'custom_validation_failed' }] } },
  });
  expect((await refusal({})).error.type).toBe('prompt_no_outputs');
  expect((await refusal('house')).error.message).toMatch(/^prompt: /);
  const large = await make(textToImage({ text: 'x', empty: { width: 16_000 } }));
  expect(large.status.messages.at(-1)).toMatchObject([
    'execution_error',
    { node_id: '5', exception_message: expect.stringMatching(/^5\.width: /) },
  ]);
});

it("makes images for Easel's own plugin for ComfyUI, with a mask and a resumed prompt", async () => {
  kernels = await openProviderKernels({
    ...{ plugin: 'comfyui', model: 'comfyui-text', environment: {} },
    options: { baseUrl: server.url, pollMs: 50 },
  });
  const kernel = kernels.createKernel();
  const { images, warnings } = await kernel.generateImage({ prompt: 'blue', seed: 7, n: 2 });
  expect(images).toMatchObject([{ seed: 7 }, { seed: 8 }]);
  expect(warnings).toEqual([]);
  const masked = await kernel.generateImage({
    ...{ model: 'comfyui-mask', prompt: 'mask', strength: 0.5 },
    inputImages: [{ bytes: new Uint8Array(await halves(colours.red, colours.blue)), mediaType: 'image/png' }],
    mask: { bytes: new Uint8Array(await halves(colours.white, colours.black)), mediaType: 'image/png' },
  });
  const { columns } = await columnsOf(masked.images[0]?.bytes ?? new Uint8Array());
  expect(columns).toEqual(['ffffff', 'ffffff', '000000', '000000']);
});
