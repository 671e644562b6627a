import { appendFile, cp, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readProvenance } from '@easel/core';
import OpenAI from 'openai';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KeyStore } from '../../core/src/keys/key-store.js';
import { jsonOf, startServer, type TestServer } from './server.js';

interface Answer {
  readonly data: readonly { readonly b64_json: string }[];
  readonly easel: {
    readonly cost?: object;
    readonly warnings: readonly object[];
    readonly provenance: {
      readonly plugin: { readonly id: string };
      readonly attempts: readonly object[];
      readonly parameters: { readonly seed: number };
    };
  };
}

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const bundled = { pluginFolders: [], catalogueFolders: [], currentModel: 'picturebook' };
const start = (server: object = {}) => startServer({ ...bundled, server }, { bundled: true });
const star = { prompt: 'a yellow star at night', steps: 2, seed: 7 };

/** What the answer says of the cache, and the picture. */
async function ask(server: TestServer, body: object, headers: Record<string, string> = {}) {
  const response = await server.post('/v1/images/generations', body, headers);
  expect(response.status).toBe(200);
  const answer = await jsonOf<Answer>(response);
  return { said: response.headers.get('easel-cache'), ...answer };
}

describe('a request with a fixed seed', () => {
  it('is answered the second time with the picture of the first, by every door', async () => {
    const server = await start();
    const first = await ask(server, star);
    const again = await ask(server, star);
    expect([first.said, again.said]).toEqual(['miss', 'hit']);
    expect(again.data).toEqual(first.data);
    expect(again.easel.provenance).toEqual(first.easel.provenance);
    const picture = Buffer.from(again.data[0]!.b64_json, 'base64');
    expect(readProvenance(picture)).toMatchObject({ request: { prompt: star.prompt, seed: 7 } });

    const images = await server.post('/api/images/generate', star);
    expect(images.headers.get('easel-cache')).toBe('hit');
    const { image_url } = await jsonOf<{ image_url: string }>(images);
    expect(Buffer.from(await (await fetch(image_url)).arrayBuffer()).equals(picture)).toBe(true);

    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' });
    const extra = { steps: 2, seed: 7 } as object;
    const { data } = await client.images.generate({ model: 'picturebook', prompt: star.prompt, ...extra });
    expect(data?.[0]?.b64_json).toBe(first.data[0]!.b64_json);
  });

  it('is another one where anything is otherwise', async () => {
    const server = await start();
    await ask(server, star);
    const changes = [
      { seed: 8 },
      { steps: 3 },
      { n: 2 },
      { prompt: 'a red house' },
      { output_format: 'webp' },
    ];
    for (const change of changes) {
      const { said } = await ask(server, { ...star, ...change });
      expect([change, said]).toEqual([change, 'miss']);
    }
    expect((await ask(server, star)).said).toBe('hit');
    // What was told of the request that was made first is not told of the other one.
    const told = async (size: string) => {
      const { said, easel } = await ask(server, { ...star, size });
      return [said, easel.warnings.length];
    };
    expect(await told('70x64')).toEqual(['miss', 1]);
    expect(await told('64x64')).toEqual(['miss', 0]);
    expect(await told('70x64')).toEqual(['hit', 1]);
  });

  it('is made anew where its picture is gone or damaged, and where nobody wants the old one', async () => {
    const server = await start();
    const first = await ask(server, star);
    expect((await ask(server, { ...star, cache: false })).said).toBeNull();
    await rm(join(server.storageFolder, 'results'), { recursive: true, maxRetries: 10 });
    const made = await ask(server, star);
    expect([made.said, made.data]).toEqual(['miss', first.data]);
    const results = join(server.storageFolder, 'results');
    const files = (await readdir(results, { recursive: true })).filter((name) => name.endsWith('.png'));
    for (const file of files) await truncate(join(results, file), 100);
    expect(await ask(server, star)).toMatchObject({ said: 'miss', data: first.data });
    const folder = join(server.storageFolder, 'cache');
    const [entry, ...others] = await readdir(folder);
    expect(others).toEqual([]);
    await truncate(join(folder, entry!), 20);
    expect((await ask(server, star)).said).toBe('miss');
    expect((await ask(server, star)).said).toBe('hit');
  });

  it('is streamed at once where its picture is known', async () => {
    const server = await start();
    const first = await ask(server, star);
    const stream = async (body: object) => {
      const response = await server.post('/v1/images/generations', {
        ...body,
        stream: true,
        partial_images: 1,
      });
      const text = await response.text();
      const events = [...text.matchAll(/^event: (.+)\ndata: (.+)$/gm)];
      const { b64_json } = JSON.parse(events.at(-1)![2]!) as { b64_json: string };
      return {
        said: response.headers.get('easel-cache'),
        names: events.map(([, name]) => name),
        isFirst: b64_json === first.data[0]!.b64_json,
        comments: text.match(/^: /gm)?.length ?? 0,
      };
    };
    const names = ['image_generation.completed'];
    expect(await stream(star)).toEqual({ said: 'hit', names, isFirst: true, comments: 0 });
    const made = await stream({ ...star, seed: 8 });
    expect(made).toMatchObject({ said: 'miss', isFirst: false });
    expect(made.names.at(-1)).toBe(names[0]);
    expect(await stream({ ...star, seed: 8 })).toMatchObject({ said: 'hit', names });
  });

  it("is made anew where its plugin's code is another, under the same version", async () => {
    const home = await mkdtemp(join(fixtures, '.changing-'));
    onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 10 }));
    const storageFolder = await mkdtemp(join(tmpdir(), 'easel-cache-'));
    onTestFinished(() => rm(storageFolder, { recursive: true, force: true, maxRetries: 10 }));
    await cp(join(fixtures, 'one-pixel-png.js'), join(home, 'one-pixel-png.js'));
    const plugin = join(home, 'plugins/steady');
    await cp(join(fixtures, 'plugins/steady'), plugin, { recursive: true });
    const askOnce = async () => {
      const server = await startServer({
        storageFolder,
        pluginFolders: [join(home, 'plugins')],
        catalogueFolders: [join(fixtures, 'seeded-catalogue')],
        currentModel: 'steady-seeded',
      });
      const { said } = await ask(server, { prompt: 'a star', seed: 7 });
      await server.close();
      return said;
    };
    expect([await askOnce(), await askOnce()]).toEqual(['miss', 'hit']);
    await appendFile(join(plugin, 'index.js'), '\n// Paints otherwise.\n');
    expect([await askOnce(), await askOnce()]).toEqual(['miss', 'hit']);
  });

  it('is kept and found under the plugin that was drawn for it, with one draw a call', async () => {
    let draws = 0;
    // The plugins "alpha" and "beta" in turn: each call draws two numbers.
    const random = () => (Math.floor(draws++ / 2) % 2 === 0 ? 0 : 0.99);
    const server = await startServer(
      {
        pluginFolders: [join(fixtures, 'routing-plugins')],
        catalogueFolders: [join(fixtures, 'routing-catalogue')],
        currentModel: 'equal-model',
      },
      { random },
    );
    const said: unknown[] = [];
    for (let call = 1; call <= 4; call++) {
      const answer = await ask(server, { prompt: 'a star', cache: true });
      said.push([answer.said, answer.easel.provenance.plugin.id, draws]);
    }
    expect(said).toEqual([
      ['miss', 'alpha', 2],
      ['miss', 'beta', 4],
      ['hit', 'alpha', 6],
      ['hit', 'beta', 8],
    ]);
  });

  it('is always made where the configuration says so', async () => {
    const server = await start({ cacheResults: false });
    expect([(await ask(server, star)).said, (await ask(server, star)).said]).toEqual([null, null]);
  });
});

it('an edit says in its form whether an earlier picture is welcome', async () => {
  const server = await start();
  const picture = await sharp({ create: { width: 96, height: 96, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  const edit = async (cache: string) => {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(picture)], { type: 'image/png' }), 'teal.png');
    for (const [name, value] of Object.entries({ prompt: 'a star', seed: '3', steps: '2', cache }))
      form.append(name, value);
    const response = await fetch(`${server.url}/v1/images/edits`, { method: 'POST', body: form });
    return [response.status, response.headers.get('easel-cache')];
  };
  expect([await edit('true'), await edit('true'), await edit('false')]).toEqual([
    [200, 'miss'],
    [200, 'hit'],
    [200, null],
  ]);
  expect(await edit('True')).toEqual([200, 'hit']);
  expect((await edit('perhaps'))[0]).toBe(400);
});

describe('a request without one', () => {
  it('is made each time, unless an earlier picture is asked for', async () => {
    const server = await start();
    const { seed: _, ...unseeded } = star;
    expect((await ask(server, unseeded)).said).toBeNull();
    const first = await ask(server, { ...unseeded, cache: true });
    const again = await ask(server, { ...unseeded, cache: true });
    expect([first.said, again.said]).toEqual(['miss', 'hit']);
    expect(again.data).toEqual(first.data);
  });
});

describe('with keys', () => {
  it("nobody is answered with another key's picture", async () => {
    const server = await start();
    const keyOf = async (name: string) => {
      const { text } = await new KeyStore(server.storageFolder).create({ name, scopes: ['generate'] });
      return { authorization: `Bearer ${text}` };
    };
    const [one, other] = [await keyOf('one'), await keyOf('other')];
    expect((await ask(server, star, one)).said).toBe('miss');
    expect((await ask(server, star, other)).said).toBe('miss');
    expect((await ask(server, star, one)).said).toBe('hit');
  });
});
