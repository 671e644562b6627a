import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWorld, moduleOf, type World } from '../chaos/fixtures/world.js';
import { isRunning } from '../fixtures/is-running.js';

const configure = async ({ plugins }: World, settings: object) => {
  const file = join(plugins, '../easel.config.json');
  const configuration = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...configuration, plugins: { swatch: settings } }));
};
const paintOften = async ({ paint }: World, times: number) => {
  const answers: string[] = [];
  for (let call = 0; call < times; call++) answers.push(await paint('swatch', `call ${call}`));
  return answers;
};
const countOf = (answers: readonly string[], version: string) =>
  answers.filter((answer) => answer === version).length;
const painterWith = (more: string) => `
  import { painter } from ${moduleOf('painter.js')};
  const plain = painter(import.meta.url);
  ${more}
`;

describe('a plugin that must not run twice', () => {
  const manifest = { runtime: { replace: 'exclusive' } } as const;
  /** Holds a socket for as long as it runs; another one cannot start beside it. */
  const holding = ({ plugins }: World) =>
    painterWith(`
      import net from 'node:net';
      export default { ...plain, async start(context) {
        const server = net.createServer();
        const path = ${JSON.stringify(join(plugins, '../held.sock'))};
        await new Promise((resolve, reject) => server.once('error', reject).listen(path, resolve));
        const instance = await plain.start(context);
        return { ...instance, close: () => new Promise((resolve) => server.close(resolve)) };
      } };`);

  it('ends before another version starts, and no call is lost between them', async () => {
    const world = await createWorld(['swatch']);
    const code = holding(world);
    await world.install('swatch', '1.0.0', { code, manifest });
    await world.serves('swatch', '1.0.0');
    expect(await world.paint('swatch', 'first')).toBe('1.0.0');
    let isDone = false;
    const answers: string[] = [];
    const load = (async () => {
      for (let call = 0; !isDone; call++) answers.push(await world.paint('swatch', `call ${call}`));
    })();
    const slow = world.paint('swatch', 'slow', { delayMs: 1_500 });
    await world.install('swatch', '2.0.0', { code, manifest });
    await world.serves('swatch', '2.0.0');
    await expect.poll(() => countOf(answers, '2.0.0')).toBeGreaterThan(0);
    isDone = true;
    await load;
    expect(countOf(answers, '1.0.0')).toBeGreaterThan(0);
    expect(await slow).toBe('1.0.0');
  });

  it('comes back where the other version does not start', async () => {
    const world = await createWorld(['swatch']);
    await world.install('swatch', '1.0.0', { manifest });
    await world.serves('swatch', '1.0.0');
    await world.paint('swatch', 'first');
    await world.install('swatch', '2.0.0', { code: 'throw new Error("half an edit");', manifest });
    await expect.poll(() => world.manager.getServiceHealth().problems[0]?.message).toMatch(/half an edit/);
    expect(await world.paint('swatch', 'second')).toBe('1.0.0');
  });
});

describe('a gradual rollout', () => {
  it('gives another version a share of the calls, and all of them to the old one again where it fails', async () => {
    const world = await createWorld(['swatch']);
    await configure(world, { rolloutPercent: 25 });
    await world.install('swatch', '1.0.0');
    await world.serves('swatch', '1.0.0');
    await world.paint('swatch', 'first');
    const pid = world.health('swatch')?.pid as number;
    const code = painterWith(`
      export default { ...plain, async start(context) {
        const instance = await plain.start(context);
        return { ...instance, async generate(request, call) {
          if (request.prompt === 'crash') process.exit(7);
          return await instance.generate(request, call);
        } };
      } };`);
    await world.install('swatch', '2.0.0', { code });
    await world.serves('swatch', '2.0.0');
    expect(world.health('swatch')).toMatchObject({ rollout: { before: '1.0.0' }, generation: 2 });
    const answers = await paintOften(world, 40);
    expect([countOf(answers, '1.0.0'), countOf(answers, '2.0.0')]).toEqual([30, 10]);

    const crashes: unknown[] = [];
    world.manager.on('attempt-ended', ({ version, outcome }) => {
      if (outcome !== 'ok') crashes.push([version, outcome]);
    });
    for (let call = 0; call < 4; call++) expect(await world.paint('swatch', 'crash')).toBe('1.0.0');
    expect(crashes).toEqual([['2.0.0', 'ERR_PLUGIN_CRASHED']]);
    await world.serves('swatch', '1.0.0');
    expect(world.health('swatch')?.pid).toBe(pid);
    expect(countOf(await paintOften(world, 8), '1.0.0')).toBe(8);
  });

  it('ends with the version before when the kernel is closed', async () => {
    const world = await createWorld(['swatch']);
    await configure(world, { rolloutPercent: 50 });
    await world.install('swatch', '1.0.0');
    await world.serves('swatch', '1.0.0');
    await world.paint('swatch', 'first');
    const pid = world.health('swatch')?.pid as number;
    await world.install('swatch', '2.0.0');
    await world.serves('swatch', '2.0.0');
    const other = world.health('swatch')?.pid as number;
    await world.manager.close();
    await expect.poll(() => [isRunning(pid), isRunning(other)]).toEqual([false, false]);
    expect(await world.generations()).toEqual([]);
  });
});

describe('another version', () => {
  it('does not come where its probe fails', async () => {
    const world = await createWorld(['swatch']);
    await world.install('swatch', '1.0.0');
    await world.serves('swatch', '1.0.0');
    await world.paint('swatch', 'first');
    const code = painterWith(`
      export default { ...plain, async start(context) {
        const instance = await plain.start(context);
        return { ...instance, async probe() { throw new Error('the provider knows no such model'); } };
      } };`);
    const refused = new Promise((resolve) => world.manager.on('plugin-refused', resolve));
    await world.install('swatch', '2.0.0', { code });
    expect(await refused).toMatchObject({
      plugin: 'swatch',
      version: '2.0.0',
      error: { message: expect.stringContaining('the provider knows no such model') },
    });
    expect(await world.paint('swatch', 'second')).toBe('1.0.0');
  });

  it('goes again where it fails at what the one before could do, which answers those calls', async () => {
    const world = await createWorld(['swatch']);
    await world.install('swatch', '1.0.0');
    await world.serves('swatch', '1.0.0');
    await world.paint('swatch', 'first');
    const code = painterWith(`
      export default { ...plain, async start() {
        return { async generate() { throw new TypeError('undefined is not a picture'); } };
      } };`);
    const back = new Promise((resolve) => world.manager.on('plugin-rolled-back', resolve));
    await world.install('swatch', '2.0.0', { code, manifest: { breaker: { minimumCalls: 3 } } });
    await world.serves('swatch', '2.0.0');
    const once = { model: 'swatch', prompt: 'x', fallback: 'none' } as const;
    await expect(world.manager.generateImage(once)).rejects.toMatchObject({ code: 'ERR_PLUGIN_FAILED' });
    expect(await world.paint('swatch', 'x')).toBe('1.0.0');
    expect(world.health('swatch')?.version).toBe('2.0.0');
    // Both versions go and come with the plugin.
    await world.manager.disablePlugin('swatch');
    await world.manager.enablePlugin('swatch');
    expect(await world.paint('swatch', 'x')).toBe('1.0.0');
    expect(await back).toMatchObject({ version: '2.0.0', to: '1.0.0' });
    expect(await world.paint('swatch', 'again')).toBe('1.0.0');
    await world.manager.close();
    expect(await world.generations()).toEqual([]);
  });
});

describe('reloading', () => {
  it('starts a plugin anew that has not changed, by hand or by touching its manifest', async () => {
    const world = await createWorld(['swatch']);
    await world.install('swatch', '1.0.0');
    await world.serves('swatch', '1.0.0');
    await world.paint('swatch', 'first');
    const pid = world.health('swatch')?.pid as number;
    await world.manager.reloadPlugin('swatch');
    expect(world.health('swatch')?.pid).not.toBe(pid);
    expect(await world.paint('swatch', 'second')).toBe('1.0.0');
    const now = new Date();
    await utimes(join(world.plugins, 'swatch/plugin.json'), now, now);
    await expect.poll(() => world.health('swatch')?.generation).toBe(3);
    expect(await world.paint('swatch', 'third')).toBe('1.0.0');
  });

  it('is done once for many who ask at once, and not at all for a plugin that nobody knows', async () => {
    const world = await createWorld(['swatch']);
    await world.install('swatch', '1.0.0');
    await world.serves('swatch', '1.0.0');
    await world.paint('swatch', 'first');
    const reload = (id: string) => world.manager.reloadPlugin(id);
    await Promise.all(Array.from({ length: 20 }, () => reload('swatch')));
    // Those who asked when the first had begun share the second.
    expect(world.health('swatch')?.generation).toBeLessThanOrEqual(3);
    const started = reload('swatch');
    await expect(reload('nobody')).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
    expect(await Promise.race([started.then(() => 'reloaded'), 'refused'])).toBe('refused');
    await started;
    expect(world.health('swatch')?.generation).toBeLessThanOrEqual(4);
  });

  it('rejects with the reason where the folder holds nothing that starts', async () => {
    const world = await createWorld(['swatch'], { hotLoad: false });
    await expect(world.manager.reloadPlugin('nobody')).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
    });
    await world.install('swatch', '1.0.0', { code: 'throw new Error("half an edit");' });
    await expect(world.manager.reloadPlugin('swatch')).rejects.toThrow(/half an edit \(index\.js:1:7\)/);
    await expect(world.paint('swatch', 'first')).rejects.toMatchObject({ code: 'ERR_NO_ROUTE' });
    await world.install('swatch', '2.0.0');
    await world.manager.reloadPlugin('swatch');
    expect(await world.paint('swatch', 'second')).toBe('2.0.0');
    await writeFile(join(world.plugins, 'swatch/plugin.json'), '{ "id": ');
    await expect(world.manager.reloadPlugin('swatch')).rejects.toMatchObject({
      code: 'ERR_MANIFEST_INVALID',
    });
  });
});
