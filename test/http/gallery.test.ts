import { expect, it } from 'vitest';
import { bearer, createKey, jsonOf, startServer, type TestServer } from './server.js';

interface Gallery {
  readonly total: number;
  readonly days: readonly { day: string; count: number }[];
  readonly images: readonly { name: string; prompt: string; starred: boolean; job: string | null }[];
}
const galleryOf = async (server: TestServer, query = '', key?: string) =>
  await jsonOf<Gallery>(await server.get(`/api/images/gallery${query}`, key ? bearer(key) : {}));
const make = async (server: TestServer, prompt: string, key?: string) =>
  expect(
    (await server.post('/api/images/generate', { prompt, seed: prompt.length }, key ? bearer(key) : {}))
      .status,
  ).toBe(200);
const change = async (server: TestServer, body: object, key?: string) =>
  (await jsonOf<{ changed: number }>(await server.post('/api/images/gallery', body, key ? bearer(key) : {})))
    .changed;

it('lists what was made, by whichever route, the newest first, and finds it by its prompt', async () => {
  const server = await startServer();
  await make(server, 'a red boat');
  await make(server, 'a blue moon');
  const { id } = await jsonOf<{ id: string }>(
    await server.post('/api/images/jobs', { prompt: '100 % sun', seed: 3, n: 2 }),
  );
  await expect.poll(async () => (await galleryOf(server)).total).toBe(4);
  const { images, days } = await galleryOf(server, '?limit=3');
  expect(images.map(({ prompt, job }) => [prompt, job])).toEqual([
    ['100 % sun', id],
    ['100 % sun', id],
    ['a blue moon', null],
  ]);
  expect(days.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  expect((await galleryOf(server, '?offset=3')).images.map(({ prompt }) => prompt)).toEqual(['a red boat']);
  expect((await galleryOf(server, '?text=0+%25')).total).toBe(2);
  expect((await galleryOf(server, '?text=%25')).total).toBe(2);
  expect((await galleryOf(server, '?model=nobody')).total).toBe(0);
  // Both days are part of what is asked for.
  const today = days[0]?.day ?? '';
  expect((await galleryOf(server, `?since=${today}&until=${today}`)).total).toBe(days[0]?.count);
  const beside = new Date(Date.parse(today) + 24 * 3_600_000).toISOString().slice(0, 10);
  expect(await galleryOf(server, `?since=${beside}`)).toMatchObject({ total: 0, days: [] });
  expect((await galleryOf(server, '?until=2026-01-31')).total).toBe(0);
  for (const query of ['?since=2026-02-31', '?until=yesterday', '?since=']) {
    const refused = await server.get(`/api/images/gallery${query}`);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('must be a day such as 2026-11-30');
  }
  const [first] = images;
  const whole = await jsonOf<object>(await server.get(`/api/images/gallery/${first?.name}`));
  expect(whole).toMatchObject({ prompt: '100 % sun', provenance: { model: 'steady-one' }, warnings: [] });
});

it('stars and deletes images, and has them back', async () => {
  const server = await startServer();
  await make(server, 'one');
  await make(server, 'second');
  const { images } = await galleryOf(server);
  const [name = ''] = images.map((image) => image.name);
  expect(await change(server, { names: [name], starred: true })).toBe(1);
  expect((await galleryOf(server, '?starred=true')).images).toMatchObject([{ name, starred: true }]);
  expect(await change(server, { names: [name], deleted: true })).toBe(1);
  expect((await galleryOf(server)).images.map((image) => image.name)).not.toContain(name);
  expect((await server.get(`/api/images/gallery/${name}`)).status).toBe(404);
  expect(await change(server, { names: [name], deleted: false })).toBe(1);
  expect((await galleryOf(server)).images.map((image) => image.name)).toContain(name);
});

it('shows and changes the images of others to administrators alone', async () => {
  const server = await startServer();
  const key = (scopes: ('generate' | 'read' | 'admin')[]) => createKey(server.storageFolder, { scopes });
  const [own, other, admin] = [
    await key(['generate', 'read']),
    await key(['generate', 'read']),
    await key(['admin']),
  ];
  await make(server, 'mine', own);
  const [image] = (await galleryOf(server, '', own)).images;
  expect((await galleryOf(server, '', other)).total).toBe(0);
  expect((await server.get(`/api/images/gallery/${image?.name}`, bearer(other))).status).toBe(404);
  expect(await change(server, { names: [image?.name], deleted: true }, other)).toBe(0);
  expect((await galleryOf(server, '', admin)).total).toBe(1);
  expect(await change(server, { names: [image?.name], deleted: true }, admin)).toBe(1);
});
