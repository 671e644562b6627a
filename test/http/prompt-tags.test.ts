import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jsonOf, startServer } from './server.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

type Parameters = { given: { layers?: object[] }; read: string; prompt: string };
type Answer = { easel: { provenance: { parameters: Parameters }; warnings: { message: string }[] } };

/** A server with a folder of files, and what it makes of a prompt. */
async function start() {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'easel-tags-')));
  onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 10 }));
  const folder = join(root, 'models');
  await mkdir(join(folder, 'loras/deep'), { recursive: true });
  for (const name of ['loras/ink.safetensors', 'loras/deep/Paint v2.SafeTensors', 'loras/deep/ink.png'])
    await writeFile(join(folder, name), name);
  await writeFile(join(root, 'secret.safetensors'), 'hunter2');
  await symlink(join(root, 'secret.safetensors'), join(folder, 'linked.safetensors'));
  const server = await startServer({
    pluginFolders: [path('../fixtures/file-plugins')],
    catalogueFolders: [path('../fixtures/file-catalogue')],
    currentModel: 'files-one',
    server: { modelFolders: [folder] },
  });
  const make = async (prompt: string, files: object = {}) => {
    const body = { prompt, provider_options: { files } };
    const response = await server.post('/v1/images/generations', body);
    expect(response.status).toBe(200);
    const { provenance, warnings } = (await jsonOf<Answer>(response)).easel;
    return { ...provenance.parameters, warnings: warnings.map(({ message }) => message) };
  };
  return { server, make, folder, ink: join(folder, 'loras/ink.safetensors') };
}

describe('a file that a prompt names', () => {
  it.each([
    ['a <layer:ink:0.8> house', 'a house', 0.8],
    ['a house<layer:ink>', 'a house', 1],
    ['<LAYER:INK:-.5>', '', -0.5],
    ['x <layer:ink.safetensors:2>', 'x', 2],
    ['x <layer:loras/ink:1e0>', 'x', 1],
    ['x <layer:ink:unet=0.4:te=0.4>', 'x', 0.4],
  ])('is taken out of %j and given to the plugin', async (prompt, read, weight) => {
    const { make, ink } = await start();
    const made = await make(prompt);
    expect(made).toMatchObject({ read, given: { layers: [{ path: ink, weight }] }, warnings: [] });
    expect(made.prompt).toBe(prompt);
  });

  it('is added to those of the options, and named twice has both weights', async () => {
    const { make, ink, folder } = await start();
    const layers = [{ path: 'loras/ink.safetensors', weight: 0.5 }];
    const { given } = await make('x <layer:ink:0.25> <layer:paint V2:1>', { layers });
    expect(given.layers).toEqual([
      { path: ink, weight: 0.75 },
      { path: join(folder, 'loras/deep/Paint v2.SafeTensors'), weight: 1 },
    ]);
  });

  it.each([
    [
      'x <layer:none:1>, <layer:linked:1>, <layer:../secret:1>',
      /^"<layer:none:1>".*secret.* had no effect: no model/,
    ],
    ['x <layer:ink:much>', /"<layer:ink:much>" had no effect: the weight is not a number/],
    ['x <layer:ink:0.5:1>', /has two weights; 1, that of the denoising network, was used/],
  ])('is told where %j cannot be obeyed', async (prompt, message) => {
    const { make } = await start();
    const made = await make(prompt);
    expect(made.read).not.toContain('<');
    expect(made.warnings).toEqual([expect.stringMatching(message)]);
  });

  it('is told where two have its name', async () => {
    const { make, ink, folder } = await start();
    await writeFile(join(folder, 'loras/deep/ink.safetensors'), 'ink');
    const { given, warnings } = await make('x <layer:ink:1>');
    expect(given.layers).toEqual([{ path: join(folder, 'loras/deep/ink.safetensors'), weight: 1 }]);
    expect(warnings).toEqual(['2 files are called "ink"; the first of them was used.']);
    expect((await make('x <layer:loras/ink:1>')).given.layers).toEqual([{ path: ink, weight: 1 }]);
  });

  it.each<[string, object]>([
    ['a prompt', { prompt: 'x <layer:ink:1>' }],
    ['an option', { prompt: 'x', provider_options: { files: { style: 'loras/ink.safetensors' } } }],
  ])('named in %s that has changed is not taken for the one of an earlier result', async (_, asked) => {
    const { server, ink } = await start();
    const said = async () => {
      const response = await server.post('/api/images/generate', { ...asked, cache: true });
      expect(response.status).toBe(200);
      return response.headers.get('easel-cache');
    };
    expect([await said(), await said()]).toEqual(['miss', 'hit']);
    await writeFile(ink, 'other ink');
    expect([await said(), await said()]).toEqual(['miss', 'hit']);
  });

  it('is found by every door', async () => {
    const { server, ink } = await start();
    const { manager } = server;
    const inside = await manager.generateImage({ prompt: 'x <layer:ink:1>' });
    expect(inside.provenance.parameters).toMatchObject({ read: 'x', given: { layers: [{ path: ink }] } });
    const response = await server.post('/sdapi/v1/txt2img', { prompt: 'x <layer:none:1>' });
    const { info } = await jsonOf<{ info: string }>(response);
    expect(info).toContain('<layer:none:1>');
  });

  it('leaves other brackets alone', async () => {
    const { make } = await start();
    const prompt = 'x <other:ink:1> <layer> a<b:c';
    expect(await make(prompt)).toMatchObject({ read: prompt, warnings: [] });
  });
});

describe("Automatic1111's list of LoRAs", () => {
  const header = (name: string, metadata = {}) => {
    const tensor = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
    const text = Buffer.from(JSON.stringify({ __metadata__: metadata, [name]: tensor }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return Buffer.concat([length, text, Buffer.alloc(4)]);
  };
  const lora = header('lora_unet_down_blocks_0.lora_down.weight', { tags: 'x'.repeat(600_000) });

  it('has those below the model folders, by names that prompts find them by', async () => {
    const { server, make, folder } = await start();
    const list = async () =>
      await jsonOf<{ name: string; alias: string; path: string; metadata: object }[]>(
        await server.get('/sdapi/v1/loras'),
      );
    expect(await list()).toEqual([]);
    await mkdir(join(folder, 'other'));
    await writeFile(join(folder, 'Sea v1.sft'), lora);
    await writeFile(join(folder, 'other/ink.safetensors'), lora);
    await writeFile(join(folder, 'loras/deep/INK.safetensors'), lora);
    await writeFile(join(folder, 'other/wide.safetensors'), lora);
    await writeFile(join(folder, 'WIDE.safetensors'), 'not a LoRA');
    const merged = header('model.weight', { from: '"a.lora_down.weight":' });
    await writeFile(join(folder, 'merged.safetensors'), merged);
    const listed = await list();
    expect(listed.map(({ name, path }) => [name, path]).sort()).toEqual([
      ['Sea v1', 'Sea v1.sft'],
      ['loras/deep/INK', 'loras/deep/INK.safetensors'],
      ['other/ink', 'other/ink.safetensors'],
      ['other/wide', 'other/wide.safetensors'],
    ]);
    for (const { name, path } of listed) {
      const { given, warnings } = await make(`a <lora:${name}:0.5>`);
      expect([given.layers, warnings]).toEqual([[{ path: join(folder, path), weight: 0.5 }], []]);
    }
    await writeFile(join(folder, 'merged.safetensors'), lora);
    await rm(join(folder, 'Sea v1.sft'));
    const names = (await list()).map(({ name }) => name).sort();
    expect(names).toEqual(['loras/deep/INK', 'merged', 'other/ink', 'other/wide']);
  });
});
