import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createVolume, easelInContainer, serveInContainer } from './container.js';

const image = { prompt: 'a yellow star at night', seed: 7, size: '96x96' };

/** Makes an image with the bundled model, and a job of it. */
async function use(url: string): Promise<void> {
  const post = (path: string) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(image),
    });
  const made = await post('/v1/images/generations');
  expect(made.status, await made.clone().text()).toBe(200);
  const accepted = await post('/api/images/jobs');
  expect(accepted.status).toBe(202);
  const { id } = (await accepted.json()) as { id: string };
  await expect
    .poll(
      async () => ((await (await fetch(`${url}/api/images/jobs/${id}`)).json()) as { state: string }).state,
      { timeout: 60_000 },
    )
    .toBe('succeeded');
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ok' });
}

describe('a read-only system with an unknown user and 4 MB for temporary files', () => {
  it.each([
    ['unset', {}],
    ['missing', { HOME: '/nonexistent' }],
    ['unreadable', { HOME: '/root' }],
    ['unwritable', { HOME: '/' }],
  ])('serves where HOME is %s and EASEL_STORAGE can be written to', async (_, home) => {
    const volume = await createVolume();
    const url = await serveInContainer(volume, { ...home, EASEL_STORAGE: '/mnt' });
    await use(url);
    expect(await readdir(join(volume, 'results'))).not.toEqual([]);
  });

  it('shares its storage with another container, whose plugins it leaves alone', async () => {
    const volume = await createVolume();
    /** Copies that are whole. */
    const generations = async () =>
      (await readdir(join(volume, 'generations'))).filter((name) => !name.endsWith('.new'));
    const first = await serveInContainer(volume, { EASEL_STORAGE: '/mnt' });
    await expect.poll(generations, { timeout: 60_000 }).not.toEqual([]);
    const before = await generations();
    const second = await serveInContainer(volume, { EASEL_STORAGE: '/mnt' });
    expect(await generations()).toEqual(expect.arrayContaining(before));
    await Promise.all([use(first), use(second)]);
  });

  it.each([
    ['unset', {}],
    ['missing', { HOME: '/nonexistent' }],
    ['unwritable', { HOME: '/usr' }],
  ])('says what to set where HOME is %s and nothing else is said', async (_, home) => {
    const { status, output } = await easelInContainer(await createVolume(), ['serve', '--port', '0'], home);
    expect(status).toBe(1);
    expect(output).toMatch(/ERR_CONFIG_INVALID|ERR_STORAGE/);
    expect(output).toContain('Set EASEL_STORAGE');
  });

  it('says so where EASEL_STORAGE itself cannot be written to', async () => {
    const environment = { EASEL_STORAGE: '/usr/share' };
    const { status, output } = await easelInContainer(await createVolume(), ['serve'], environment);
    expect(status).toBe(1);
    expect(output).toMatch(/ERR_STORAGE: The storage folder \/usr\/share cannot be written to \(EROFS\)/);
  });

  it('makes images by the command alone', async () => {
    const volume = await createVolume();
    const words = ['generate', image.prompt, '--seed', '7', '--out', '/mnt/star.png'];
    const { status, output } = await easelInContainer(volume, words, { EASEL_STORAGE: '/mnt/kept' });
    expect([status, output]).toEqual([0, expect.stringContaining('/mnt/star.png')]);
  });
});
