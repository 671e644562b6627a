import type { ModelInput } from '@easel/plugin-sdk';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { bearer, createKey, startServer, type TestServer } from './server.js';

const prompt = 'a fixture';
type Content = { type: string; text?: string; data?: string; mimeType?: string; uri?: string }[];

/** The protocol's own client. */
async function connect({ url }: TestServer, key?: string): Promise<Client> {
  const client = new Client({ name: 'a test', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
    requestInit: { headers: key === undefined ? {} : bearer(key) },
  });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  onTestFinished(() => client.close());
  return client;
}

const model = (id: string, delayMs: number): ModelInput => ({
  ...{ id, name: id, pipelineType: 'steady', source: { type: 'provider', id } },
  defaults: { width: 64, height: 64 },
  supports: { minimumEdge: 8, maximumEdge: 4096, edgeMultiple: 1, images: 4 },
  options: { delayMs },
});
/** A server with a model that takes longer than its clients wait, and one that never ends. */
const startSlowServer = () => startServer({}, { models: [model('slow', 4_000), model('endless', 600_000)] });

describe('an MCP client', () => {
  it('finds the tools, makes a picture, and lists the models', async () => {
    const client = await connect(await startServer());
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      ...['generate_image', 'edit_image', 'list_models'],
      ...['start_image_job', 'get_image_job', 'cancel_image_job'],
    ]);
    const made = await client.callTool({ name: 'generate_image', arguments: { prompt, size: '64x64' } });
    const [image, link, text] = made.content as Content;
    expect(image).toMatchObject({ type: 'image', mimeType: 'image/png' });
    expect(
      Buffer.from(image?.data ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    const linked = await fetch(link?.uri ?? '');
    expect([link?.type, linked.status, linked.headers.get('content-type')]).toEqual([
      ...['resource_link', 200],
      'image/png',
    ]);
    expect(JSON.parse(text?.text ?? '')).toMatchObject({ model: 'steady-one', plugin: 'steady' });
    const models = await client.callTool({ name: 'list_models', arguments: {} });
    expect((models.content as Content)[0]?.text).toContain('steady-one');
  });

  it('reads what went wrong, and what to do', async () => {
    const client = await connect(await startServer());
    const unknown = await client.callTool({ name: 'generate_image', arguments: { prompt, model: 'nobody' } });
    expect(unknown).toMatchObject({ isError: true });
    expect((unknown.content as Content)[0]?.text).toMatch(/ERR_MODEL_UNKNOWN: .*nobody/);
    const image = Buffer.from(onePixelPng).toString('base64');
    const refused = await client.callTool({ name: 'edit_image', arguments: { prompt, image } });
    expect((refused.content as Content)[0]?.text).toMatch(/takes none/);
  });

  it('takes null for absent, and is told of arguments that there are not', async () => {
    const client = await connect(await startServer());
    const args = { prompt, model: null, seed: null, size: null, styles: ['ink'] };
    const made = await client.callTool({ name: 'generate_image', arguments: args });
    expect(made.isError).toBeUndefined();
    const { warnings } = JSON.parse((made.content as Content).at(-1)?.text ?? '') as { warnings: object[] };
    expect(warnings).toEqual([expect.objectContaining({ parameter: 'styles' })]);
  });

  it('is told how far a call is, and waits for one that is slower than it', async () => {
    const client = await connect(await startSlowServer());
    const progress: number[] = [];
    const made = await client.callTool(
      { name: 'generate_image', arguments: { prompt, model: 'slow' } },
      undefined,
      {
        timeout: 2_000,
        resetTimeoutOnProgress: true,
        onprogress: ({ progress: fraction }) => progress.push(fraction),
      },
    );
    expect((made.content as Content)[0]).toMatchObject({ type: 'image' });
    expect(progress.length).toBeGreaterThan(1);
    expect(progress).toEqual([...new Set(progress)].sort((one, other) => one - other));
  });

  it('cancels a call', async () => {
    const server = await startSlowServer();
    const client = await connect(server);
    const inFlight = () =>
      server.manager.getServiceHealth().plugins.find(({ id }) => id === 'steady')?.inFlight;
    const controller = new AbortController();
    const call = client.callTool(
      { name: 'generate_image', arguments: { prompt, model: 'endless' } },
      undefined,
      {
        signal: controller.signal,
        onprogress: () => {},
      },
    );
    await expect.poll(inFlight).toBe(1);
    controller.abort();
    await expect(call).rejects.toThrow();
    await expect.poll(inFlight).toBe(0);
  });

  it('begins jobs, looks at them and cancels them', async () => {
    const server = await startSlowServer();
    const client = await connect(server);
    const use = async (name: string, args: object) => {
      const { content } = await client.callTool({ name, arguments: { ...args } });
      return content as Content;
    };
    const jobOf = (content: Content) =>
      JSON.parse(content.at(-1)?.text ?? '') as { id: string; state: string };
    const { id } = jobOf(await use('start_image_job', { prompt }));
    await expect.poll(async () => jobOf(await use('get_image_job', { id })).state).toBe('succeeded');
    const [link] = await use('get_image_job', { id });
    expect([link?.type, (await fetch(link?.uri ?? '')).status]).toEqual(['resource_link', 200]);
    const endless = jobOf(await use('start_image_job', { prompt, model: 'endless' }));
    expect(jobOf(await use('cancel_image_job', { id: endless.id })).state).toBe('cancelled');
    expect((await use('get_image_job', { id: 'nobody' }))[0]?.text).toMatch(/job_not_found/);
  });

  it('may use the tools that the scopes of its key allow', async () => {
    const server = await startServer();
    const [reader, maker] = [
      await connect(server, await createKey(server.storageFolder, { scopes: ['read'] })),
      await connect(server, await createKey(server.storageFolder, { scopes: ['generate'] })),
    ];
    const outcomeOf = async (client: Client, name: string) =>
      ((await client.callTool({ name, arguments: { prompt } })).content as Content).at(-1)?.text;
    expect(await outcomeOf(reader, 'list_models')).toContain('steady-one');
    expect(await outcomeOf(reader, 'generate_image')).toMatch(/scope_missing.*"generate"/);
    expect(await outcomeOf(maker, 'generate_image')).toContain('steady-one');
    expect(await outcomeOf(maker, 'list_models')).toMatch(/scope_missing.*"read"/);
  });

  it('is not a page of somebody else in a browser', async () => {
    const server = await startServer();
    const response = await server.post('/mcp', {}, { origin: 'https://evil.example' });
    expect(response.status).toBe(403);
  });
});
