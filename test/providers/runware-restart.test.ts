/**
 * Processes of the plugin that end in the middle: what they had sent is known to the next one, and paid once.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { runwareKey } from '../../plugins/runware/src/emulator/index.js';
import { killPlugin, pidOf } from './provider-kernels.js';
import { createRunwareWorld, pushed } from './runware-world.js';

/** All that is in the journals of a storage folder; read anew where a task ends meanwhile. */
function readJournals(storageFolder: string): string {
  for (;;)
    try {
      return recordsIn(storageFolder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
}

function recordsIn(storageFolder: string): string {
  return readdirSync(storageFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('/record.json'))
    .map((name) => readFileSync(join(storageFolder, name), 'utf8'))
    .join('');
}

const asked = { prompt: 'a secret cat', width: 128, height: 128, seed: 77 };

describe('runware, its journal', () => {
  it('has every task before it is sent, and nothing of what it shows', async () => {
    const { ask, emulator, storageFolder } = await createRunwareWorld();
    const written: boolean[] = [];
    emulator.script = ({ taskType, taskUUID }) => {
      if (taskType !== 'getResponse') written.push(readJournals(storageFolder).includes(String(taskUUID)));
      return undefined;
    };
    await ask('a secret cat', { n: 4, providerOptions: { runware: { enhancePrompt: true } } });
    expect(written).toEqual([true, true, true, true, true]);
    expect(readJournals(storageFolder)).not.toMatch(new RegExp(`secret|${runwareKey}`));
  });

  it('has nothing when all is done', async () => {
    const { ask, storageFolder } = await createRunwareWorld();
    await ask('a cat');
    await expect.poll(() => readJournals(storageFolder)).toBe('');
  });
});

describe('runware, a process that lives on', () => {
  it('keeps pictures that could not be stored, and none that were', async () => {
    const { manager, emulator, storageFolder } = await createRunwareWorld();
    const onResult = () => Promise.reject(new Error('the disk is full'));
    await expect(manager.generateImage(asked, { onResult })).rejects.toThrow('the disk is full');
    await manager.generateImage(asked, { onResult: () => {} });
    expect(emulator.paid).toBe(1);
    await expect.poll(() => readJournals(storageFolder)).toBe('');
    await manager.generateImage(asked);
    expect(emulator.paid).toBe(2);
  });
});

describe('runware, a process that is killed', () => {
  it.each([1, 3])('leaves %i tasks that the same call gets when it comes again, paid once', async (n) => {
    const { manager, emulator, lines, ask } = await createRunwareWorld();
    emulator.script = ({ taskType }) => (taskType === 'imageInference' ? { workMs: 300 } : undefined);
    const call = manager.generateImage({ ...asked, n });
    await expect.poll(() => emulator.paid).toBe(n);
    process.kill(pidOf(manager), 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    const { images, provenance } = await manager.generateImage({ ...asked, n });
    expect(images.map(({ seed }) => seed)).toEqual([77, 78, 79].slice(0, n));
    for (const { bytes } of images) expect(await isPictureOf(bytes, 'a secret cat')).toBe(true);
    expect(provenance.parameters).toMatchObject({ adoptedTasks: n });
    expect(emulator.paid).toBe(n);
    expect(lines.join('\n')).toContain('asking Runware about tasks of a process that has ended');
    // Another call is another call.
    await ask('a secret cat', { seed: 200 });
    expect(emulator.paid).toBe(n + 1);
  });

  it('has delivered nothing of a call that was still waiting for its last picture', async () => {
    const { manager, emulator } = await createRunwareWorld();
    emulator.script = ({ taskType }, { index }) =>
      taskType === 'imageInference' ? { workMs: index === 1 ? 5_000 : 10 } : undefined;
    const call = manager.generateImage({ ...asked, n: 2 });
    const isFirstMade = () => [...emulator.table.tasks.values()].some(({ results }) => results.length > 0);
    await expect.poll(isFirstMade).toBe(true);
    // The first is heard of by the next question, and not asked about again; the second still is.
    const questions = () => emulator.sent('getResponse').length;
    const before = questions();
    await expect.poll(questions).toBeGreaterThan(before + 2);
    process.kill(pidOf(manager), 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    const { images } = await manager.generateImage({ ...asked, n: 2 });
    expect(images).toHaveLength(2);
    expect(emulator.paid).toBe(2);
  });

  it('while its pictures are being stored leaves them to the same call, paid once', async () => {
    const { manager, emulator } = await createRunwareWorld();
    const onResult = async () => {
      await killPlugin(manager);
      throw new Error('the disk is full');
    };
    await expect(manager.generateImage({ ...asked, n: 2 }, { onResult })).rejects.toThrow('the disk is full');
    const { images, provenance } = await manager.generateImage({ ...asked, n: 2 });
    for (const { bytes } of images) expect(await isPictureOf(bytes, asked.prompt)).toBe(true);
    expect(provenance.parameters).toMatchObject({ adoptedTasks: 2 });
    expect(emulator.paid).toBe(2);
  });

  it('tells what was paid and never asked for again', async () => {
    const { manager, emulator, lines, ask, storageFolder } = await createRunwareWorld();
    emulator.script = ({ taskType }) => (taskType === 'imageInference' ? { workMs: 200 } : undefined);
    const call = manager.generateImage({ ...asked, ...pushed });
    await expect.poll(() => emulator.paid).toBe(1);
    process.kill(pidOf(manager), 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    await ask('a hen');
    const paid = /a task was paid whose call was lost.*"cost":0\.0013/;
    await expect.poll(() => lines.find((line) => paid.test(line))).toBeDefined();
    const [task] = emulator.sent('imageInference');
    expect(readJournals(storageFolder)).toContain(String(task?.taskUUID));
    expect(emulator.paid).toBe(2);
  });

  it('leaves no trace of a task that Runware never had', async () => {
    const { manager, emulator, lines, ask } = await createRunwareWorld({
      settings: { transport: 'websocket' },
    });
    await ask('a hen');
    emulator.script = ({ positivePrompt }) =>
      positivePrompt === asked.prompt ? { drop: 'before' } : undefined;
    const call = manager.generateImage(asked);
    await expect.poll(() => emulator.sent('imageInference').length).toBeGreaterThan(1);
    process.kill(pidOf(manager), 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    await ask('a cow');
    await expect.poll(() => lines.join('\n')).toContain('made no pictures');
    expect(emulator.paid).toBe(2);
  });
});

describe('runware, a kernel', () => {
  it('that is closed in the middle leaves its tasks to the next one', async () => {
    const { manager, emulator, createKernel } = await createRunwareWorld();
    emulator.script = ({ taskType }) => (taskType === 'imageInference' ? { workMs: 900 } : undefined);
    const call = manager.generateImage(asked);
    await expect.poll(() => emulator.paid).toBe(1);
    const closed = manager.close();
    await expect(call).rejects.toBeDefined();
    await closed;
    const { images, provenance } = await createKernel().generateImage(asked);
    expect(await isPictureOf(images[0]!.bytes, asked.prompt)).toBe(true);
    expect(provenance.parameters).toMatchObject({ adoptedTasks: 1 });
    expect(emulator.paid).toBe(1);
  });

  it('beside another over the same folder keeps its hands off the tasks of that', async () => {
    const { manager, emulator, createKernel } = await createRunwareWorld();
    emulator.script = ({ taskType }) => (taskType === 'imageInference' ? { workMs: 400 } : undefined);
    const first = manager.generateImage(asked);
    await expect.poll(() => emulator.paid).toBe(1);
    const second = await createKernel().generateImage(asked);
    expect(second.provenance.parameters).not.toHaveProperty('adoptedTasks');
    expect((await first).images[0]?.bytes).toEqual(second.images[0]?.bytes);
    expect(emulator.paid).toBe(2);
  });
});
