import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { jsonOf, startServer, type TestServer } from './server.js';

interface GridJob {
  readonly id: string;
  readonly state: string;
  readonly request: { readonly grid: object };
  readonly result?: { readonly images: { readonly name: string; readonly seed: number }[] };
}
const grid = {
  x: { parameter: 'seed', values: [1, 2, 3] },
  y: { parameter: 'prompt', values: ['one', 'two'] },
};
const asked = (delayMs: number) => ({ prompt: 'x', grid, provider_options: { steady: { delayMs } } });
const jobOf = async (server: TestServer, id: string) =>
  await jsonOf<GridJob>(await server.get(`/api/images/jobs/${id}`));
const attempts = async ({ manager }: TestServer) =>
  Number(
    /easel_attempts_total\{plugin="steady".*outcome="ok"\} (\d+)/.exec(
      (await manager.getMetrics()).text,
    )?.[1] ?? 0,
  );

describe('a grid', () => {
  it('is one job of an image for each pair, which each tell how they were made, and one PNG', async () => {
    const server = await startServer();
    const { id } = await jsonOf<GridJob>(await server.post('/api/images/jobs', asked(0)));
    await expect.poll(async () => (await jobOf(server, id)).state).toBe('succeeded');
    const { result, request } = await jobOf(server, id);
    expect(request.grid).toEqual(grid);
    expect(result?.images.map(({ seed }) => seed)).toEqual([1, 2, 3, 1, 2, 3]);
    const { total, images } = await jsonOf<{ total: number; images: { prompt: string; seed: number }[] }>(
      await server.get('/api/images/gallery'),
    );
    expect(total).toBe(6);
    expect(images.map(({ prompt, seed }) => `${prompt} ${seed}`).toReversed()).toEqual([
      'one 1',
      'one 2',
      'one 3',
      'two 1',
      'two 2',
      'two 3',
    ]);
    const drawn = await server.get(`/api/images/jobs/${id}/grid`);
    expect(drawn.headers.get('content-type')).toBe('image/png');
    const { width, height } = await sharp(await drawn.arrayBuffer()).metadata();
    expect(width).toBeGreaterThan(3);
    expect(height).toBeGreaterThan(2);
  });

  it('goes on after a restart where it was, and makes no cell twice', async () => {
    const server = await startServer();
    const { id } = await jsonOf<GridJob>(await server.post('/api/images/jobs', asked(300)));
    const made = async () => (await jobOf(server, id)).result?.images.length ?? 0;
    await expect.poll(made).toBeGreaterThanOrEqual(2);
    await server.close();
    const before = await attempts(server);
    const next = await startServer({ storageFolder: server.storageFolder });
    await expect.poll(async () => (await jobOf(next, id)).state).toBe('succeeded');
    expect((await jobOf(next, id)).result?.images).toHaveLength(6);
    expect(before + (await attempts(next))).toBe(6);
  });

  it('is refused with a wrong value, one twice, the same parameter twice, or too many cells', async () => {
    const server = await startServer();
    const refused = [
      { x: { parameter: 'steps', values: [0] } },
      { x: { parameter: 'seed', values: [1, 1] } },
      { x: grid.x, y: grid.x },
      { x: { ...grid.x, values: [...Array(32).keys()] }, y: { ...grid.y, values: ['a', 'b', 'c'] } },
    ];
    const answers = refused.map((one) => server.post('/api/images/jobs', { prompt: 'x', grid: one }));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([400, 400, 400, 400]);
  });
});
