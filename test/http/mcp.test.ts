import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { bearer, createKey, startServer, type TestServer } from './server.js';

const prompt = 'a fixture';
type Content = { type: string; text?: string; data?: string; mimeType?: string }[];

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

describe('an MCP client', () => {
  it('finds the tools, makes a picture, and lists the models', async () => {
    const client = await connect(await startServer());
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['generate_image', 'edit_image', 'list_models']);
    const made = await client.callTool({ name: 'generate_image', arguments: { prompt, size: '64x64' } });
    const [image, text] = made.content as Content;
    expect(image).toMatchObject({ type: 'image', mimeType: 'image/png' });
    expect(
      Buffer.from(image?.data ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
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
