import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jsonOf, send, startServer, type TestServer } from './server.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** A folder that the operator offers, with what is in it and beside it. */
async function library() {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'easel-files-')));
  onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 10 }));
  const folder = join(root, 'models');
  await mkdir(join(folder, 'loras'), { recursive: true });
  await writeFile(join(folder, 'loras/ink.safetensors'), 'ink');
  await writeFile(join(root, 'secret.safetensors'), 'hunter2');
  await mkdir(join(root, 'models-beside'));
  await writeFile(join(root, 'models-beside/x'), 'x');
  await symlink(join(root, 'secret.safetensors'), join(folder, 'link.safetensors'));
  await symlink(root, join(folder, 'up'));
  await symlink(join(folder, 'loras/ink.safetensors'), join(folder, 'inside.safetensors'));
  return { root, folder };
}

const start = (modelFolders: string[]) =>
  startServer({
    pluginFolders: [path('../fixtures/file-plugins')],
    catalogueFolders: [path('../fixtures/file-catalogue')],
    currentModel: 'files-one',
    server: { modelFolders },
  });

type Answer = {
  easel?: {
    provenance: { parameters: { given: { style?: string; layers?: { path: string }[] }; options: object } };
  };
  error?: { message: string; code: string };
};
const generate = async ({ post }: TestServer, files: object): Promise<{ status: number } & Answer> => {
  const response = await post('/v1/images/generations', { prompt: 'x', provider_options: { files } });
  return { status: response.status, ...(await jsonOf<Answer>(response)) };
};

describe('a request over HTTP', () => {
  it('names files below the folders that the operator lists, and models by their ids', async () => {
    const { folder } = await library();
    const server = await start([folder]);
    const ink = join(folder, 'loras/ink.safetensors');
    for (const name of [
      'loras/ink.safetensors',
      'loras/../loras/ink.safetensors',
      ink,
      'inside.safetensors',
    ]) {
      const { easel } = await generate(server, { layers: [{ path: name, weight: 1 }] });
      const { given, options } = easel?.provenance.parameters ?? {};
      expect(given?.layers, name).toEqual([{ path: ink, weight: 1 }]);
      // What is told of it is what was asked for.
      expect(options).toMatchObject({ layers: [{ path: name }] });
    }
    const { easel } = await generate(server, { style: 'on-disk' });
    expect(easel?.provenance.parameters.given.style).toBe(path('../fixtures/catalogue'));
    // Paths of the catalogue are the operator's.
    expect(easel?.provenance.parameters.given).toMatchObject({
      decoder: { path: '/operators/decoder.safetensors' },
    });
  });

  it('is told of the files of a catalogue by their names in a folder of models, and of no others', async () => {
    const { folder } = await library();
    const catalogue = await mkdtemp(join(tmpdir(), 'easel-catalogue-'));
    onTestFinished(() => rm(catalogue, { recursive: true, force: true, maxRetries: 10 }));
    const ink = join(folder, 'loras/ink.safetensors');
    const elsewhere = '/operators/secret-project/style.safetensors';
    const options = {
      style: elsewhere,
      decoder: { path: ink },
      layers: [{ path: ink, weight: 1 }, { path: elsewhere }],
      words: 'kept',
    };
    const files = JSON.parse(await readFile(path('../fixtures/file-catalogue/files.json'), 'utf8'));
    await writeFile(join(catalogue, 'own.json'), JSON.stringify({ ...files, id: 'own', options }));
    const server = await startServer({
      pluginFolders: [path('../fixtures/file-plugins')],
      catalogueFolders: [catalogue],
      currentModel: 'own',
      server: { modelFolders: [folder] },
    });
    const told = {
      decoder: { path: 'loras/ink.safetensors' },
      layers: [{ path: 'loras/ink.safetensors', weight: 1 }, {}],
      words: 'kept',
    };
    const { easel } = await generate(server, {});
    expect(easel?.provenance.parameters.given).toEqual(options);
    expect(easel?.provenance.parameters.options).toEqual(told);
    const overridden = await generate(server, { decoder: { path: 'inside.safetensors' } });
    expect(overridden.easel?.provenance.parameters.options).toEqual({
      ...told,
      decoder: { path: 'inside.safetensors' },
    });
    const job = { prompt: 'x', size: '64x64' };
    const { id } = await jsonOf<{ id: string }>(await server.post('/api/images/jobs', job));
    const read = async () => (await send(`${server.url}/api/images/jobs/${id}`)).text;
    await expect.poll(read).toContain('"succeeded"');
    const { result } = JSON.parse(await read());
    expect(result.provenance.parameters.options).toEqual(told);
    const image = await fetch(`${server.url}/api/images/results/${result.images[0].name}`);
    const text = Buffer.from(await image.arrayBuffer()).toString('latin1');
    expect(text).toContain('loras/ink.safetensors');
    expect(text).not.toContain(folder);
    expect(text).not.toContain('secret-project');
  });

  it('names no other file, and is not told whether there is one', async () => {
    const { root, folder } = await library();
    const server = await start([folder]);
    await writeFile(join(root, 'unreadable'), 'hunter2');
    await chmod(join(root, 'unreadable'), 0);
    const names = [
      '/etc/passwd',
      '/etc/shadow',
      '/etc/nothing',
      join(root, 'secret.safetensors'),
      join(root, 'unreadable'),
      join(root, 'models-beside/x'),
      '../secret.safetensors',
      '../models-beside/x',
      'loras/../../secret.safetensors',
      'link.safetensors',
      'up/secret.safetensors',
      '..',
      '.',
      folder,
      '%2e%2e/secret.safetensors',
      '..%2fsecret.safetensors',
      '..\\secret.safetensors',
      'C:\\Windows\\win.ini',
      '\\\\host\\share\\x',
      'file:///etc/passwd',
      '~/.ssh/id_rsa',
      '/dev/zero',
      '/proc/self/environ',
      'loras/ink.safetensors\u0000',
      'loras/none.safetensors',
      'x'.repeat(5_000),
      'files-one',
      '',
    ];
    for (const name of names)
      for (const [place, options] of [
        ['style', { style: name }],
        ['layers.1.path', { layers: [{ path: 'loras/ink.safetensors' }, { path: name }] }],
        ['decoder.path', { decoder: { path: name } }],
      ] as const) {
        const { status, error } = await generate(server, options);
        const said = error?.message
          .replace(JSON.stringify(name.slice(0, 200)), '<name>')
          .replace(`"${name.slice(0, 200)}"`, '<name>');
        expect([status, said], name).toEqual([
          400,
          expect.stringMatching(
            new RegExp(
              `^provider_options\\.files\\.${place}: <name> is not a file that a request may name here\\. Name a model`,
            ),
          ),
        ]);
      }
  });

  it('is refused by its plugin where it has another shape', async () => {
    const server = await start([]);
    for (const options of [
      { style: ['/etc/passwd'] },
      { layers: { path: '/etc/passwd' } },
      { layers: [['/etc/passwd']] },
      { other: '/etc/passwd' },
    ])
      expect(await generate(server, options)).toMatchObject({
        status: 400,
        // OpenAI's API has a field of its own that is called style.
        error: { message: expect.stringMatching(/files|^style: /) },
      });
    expect(await generate(server, { words: '/imagine a cat' })).toMatchObject({ status: 200 });
  });

  it('is refused at every door', async () => {
    const server = await start([]);
    const provider_options = { files: { style: '/etc/passwd' } };
    const refused = /is not a file that a request may name/;
    const body = { prompt: 'x', provider_options };
    for (const more of [{}, { stream: true }, { seed: 1 }, { on_disconnect: 'store' }]) {
      const response = await server.post('/v1/images/generations', { ...body, ...more });
      expect(await response.text(), JSON.stringify(more)).toMatch(refused);
    }
    expect(await (await server.post('/api/images/generate', body)).text()).toMatch(refused);
    const { id } = await jsonOf<{ id: string }>(await server.post('/api/images/jobs', body));
    await expect.poll(async () => await (await server.get(`/api/images/jobs/${id}`)).text()).toMatch(refused);
  });

  it('names no path to the engine that comes with Easel, whatever lies there', async () => {
    const server = await startServer({
      pluginFolders: [path('../../plugins')],
      catalogueFolders: [path('../../models/catalogue')],
      currentModel: 'picturebook',
    });
    const options = [
      (name: string) => ({ vae: name }),
      (name: string) => ({ loras: [{ path: name }] }),
      (name: string) => ({ embeddings: [{ path: name }] }),
      (name: string) => ({ tinyDecoder: { path: name } }),
      (name: string) => ({ refiner: { path: name } }),
    ];
    for (const optionsOf of options) {
      const said = [];
      for (const name of ['/etc/passwd', '/etc/nothing', '/etc']) {
        const provider_options = { 'local-diffusion': optionsOf(name) };
        const response = await server.post('/v1/images/generations', { prompt: 'x', provider_options });
        expect(response.status).toBe(400);
        said.push((await response.text()).replace(name, '<name>'));
      }
      expect(new Set(said).size, said.join('\n')).toBe(1);
    }
  });
});

it('a host app may name any path', async () => {
  const { root, folder } = await library();
  const { manager } = await start([folder]);
  const style = join(root, 'secret.safetensors');
  const made = await manager.generateImage({ prompt: 'x', providerOptions: { files: { style } } });
  expect(made.provenance.parameters).toMatchObject({ given: { style } });
  const outside = manager.generateImage(
    { prompt: 'x', providerOptions: { files: { style } } },
    { fileAccess: 'models' },
  );
  await expect(outside).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
});
