import { describe, expect, it } from 'vitest';
import { createRepository } from './hub/repository.js';
import { modelContents, openWorld } from './world.js';

const text = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('easel models install of a repository that is not well', () => {
  it.each([
    ['a name with NUL', 'unet/a\u0000b.json'],
    ['a name that is too long', `unet/${'a'.repeat(300)}.json`],
    ['an absolute path', '/etc/passwd'],
    ['a path that leaves it', 'unet/../../../x.json'],
    ['an empty name', 'unet//config.json'],
  ])('%s: says so, and keeps nothing', async (_, path) => {
    const contents = { ...(await modelContents()), [path]: text('{}') };
    const { easel } = await openWorld([createRepository('easel/odd', contents)]);
    const { status, stderr } = await easel(['models', 'install', 'easel/odd']);
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('cannot be the path of a file'),
    });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    ['an index without parts', {}],
    ['an index that is a list', []],
    ['an index that is nothing', null],
    ['an index that is not JSON', 'model'],
    ['an index whose parts are not lists', { _class_name: 'X', unet: 'unet' }],
  ])('%s: says so', async (_, index) => {
    const files = { 'model_index.json': text(index), 'unet/config.json': text('{}') };
    const { easel } = await openWorld([createRepository('easel/odd', files)]);
    const { status, stderr } = await easel(['models', 'install', 'easel/odd']);
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('lists no parts of a model'),
    });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    ['a repository', `easel/${'a'.repeat(300)}`],
    ['a revision', `easel/odd@${'a'.repeat(300)}`],
    ['a file', `easel/odd:${'a'.repeat(300)}.safetensors`],
    ['a path', `easel/odd:${'a/'.repeat(3_000)}x.safetensors`],
  ])('the name of %s that is too long is told', async (_, reference) => {
    const { easel, hub } = await openWorld([]);
    const { status, stderr } = await easel(['models', 'install', reference]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('too long');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(hub.seen).toEqual([]);
  });

  it.each(['a'.repeat(300), '../x', 'a/b', ' '])(
    'the id %j is refused before anything is fetched',
    async (id) => {
      const { easel, hub } = await openWorld([createRepository('easel/odd', await modelContents())]);
      const { status, stderr } = await easel(['models', 'install', 'easel/odd', '--id', id]);
      expect(status).not.toBe(0);
      expect(stderr).toContain('cannot be the id');
      expect(hub.seen).toEqual([]);
    },
  );
});
