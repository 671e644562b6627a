import { type Progress, processSpaceVariable } from '@easel/plugin-sdk';
import { describe, expect, it } from 'vitest';
import { isRunning } from '../fixtures/is-running.js';
import { ask, createRunner, type Kind, kinds, startRunner } from './kinds.js';

/** What a runner cannot promise, and why; everything else holds for all of them. */
const excluded: Partial<Record<Kind, Readonly<Record<string, string>>>> = {
  inline: {
    "has nothing of the kernel's environment": 'it runs in the kernel, whose environment it sees',
    'ends with an exit': "an exit is the host's",
    'ends with an uncaught error': "an uncaught error is the host's",
    'is ended where it loops for ever': 'nothing turns while it loops',
    'keeps its last line before an exit': 'it does not exit by itself',
    'is ended where it sends rubbish': 'there is no wire',
    'says what it cannot send': 'nothing is sent',
    'speaks protocol 1, in which an answer is received when it is sent': 'there is no wire',
    'is ended where its heap is full': "the heap is the host's",
  },
};

describe.each(Object.keys(kinds) as Kind[])('a plugin in the runner "%s"', (kind) => {
  const promises = (name: string, test: () => Promise<void>) => {
    if (excluded[kind]?.[name] === undefined) it(name, test);
  };

  promises('starts, and makes a picture', async () => {
    const { runner, lines } = await startRunner(kind);
    const { images } = await ask(runner, 'picture');
    expect(images).toMatchObject([{ mediaType: 'image/png', width: 1 }]);
    expect(images[0]?.bytes).toBeInstanceOf(Uint8Array);
    expect(
      Buffer.from(images[0]?.bytes ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect(runner.isEnding).toBe(false);
    await expect.poll(() => lines).toContainEqual({ level: 'info', message: 'started' });
  });

  const refusals = [
    ['throws', { config: { start: 'throw' } }, 'ERR_PLUGIN_START_FAILED', /no wish to start/],
    ['has a bad configuration', { config: { start: 'sideways' } }, 'ERR_CONFIG_INVALID', /start: /],
    ['is none', { entry: 'no-plugin.js' }, 'ERR_PLUGIN_START_FAILED', /does not export a plugin/],
    ['is not there', { entry: 'absent.js' }, 'ERR_PLUGIN_START_FAILED', /absent\.js/],
    ['is of another version', { entry: 'of-tomorrow.js' }, 'ERR_API_INCOMPATIBLE', /apiVersion 999/],
  ] as const;
  it.each(refusals)('refuses to start where it %s, and has ended then', async (_, choices, code, message) => {
    const { runner } = createRunner(kind, choices);
    await expect(runner.start()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await runner.ended).toMatchObject({ code });
    expect(runner.isEnding).toBe(true);
  });

  promises('hands progress on, in order, before its result', async () => {
    const { runner } = await startRunner(kind);
    const reports: Progress[] = [];
    await ask(runner, 'progress', { onProgress: (progress) => reports.push(progress) });
    expect(reports.map(({ fraction }) => fraction)).toEqual([0.25, 0.5, 1]);
  });

  promises('works on two calls at once', async () => {
    const { runner } = await startRunner(kind);
    const order: string[] = [];
    const slow = ask(runner, 'wait').then(() => order.push('slow'));
    const quick = ask(runner, 'picture').then(() => order.push('quick'));
    await Promise.all([slow, quick]);
    expect(order).toEqual(['quick', 'slow']);
  });

  promises('hands on in how many milliseconds a cancelled call stops', async () => {
    const { runner } = await startRunner(kind);
    const controller = new AbortController();
    const told: number[] = [];
    const call = ask(runner, 'says-when-it-stops', {
      signal: controller.signal,
      onStopping: (milliseconds) => told.push(milliseconds),
      onHandedOver: () => controller.abort(),
    });
    await expect(call).rejects.toMatchObject({ code: 'ERR_PLUGIN_FAILED' });
    expect(told).toEqual([1234]);
  });

  const receipts = [
    ['is received when it has been stored', 'receipt', Promise.resolve(true), 'true'],
    ['is not received where it got lost', 'receipt', Promise.resolve(false), 'false'],
    ['is received by a caller who does not say', 'receipt', undefined, 'true'],
    ['is not received where there is none', 'receipt-of-a-failure', Promise.resolve(true), 'false'],
    ['is not received where it is of no use', 'receipt-of-rubbish', Promise.resolve(true), 'false'],
  ] as const;
  it.each(receipts)('is told that its result %s', async (_, deed, received, told) => {
    const { runner, lines } = await startRunner(kind);
    await ask(runner, deed, { received }).catch(() => {});
    await expect.poll(() => lines).toContainEqual({ level: 'info', message: `received: ${told}` });
  });

  promises('is told nothing of its result before it has been stored', async () => {
    const { runner, lines } = await startRunner(kind);
    let store = (_: boolean) => {};
    const received = new Promise<boolean>((resolve) => {
      store = resolve;
    });
    await ask(runner, 'receipt', { received });
    // A second call and its log line go the same way: what had been told before would be there.
    await ask(runner, 'progress');
    expect(lines.filter(({ message }) => message.startsWith('received'))).toEqual([]);
    store(true);
    await expect.poll(() => lines).toContainEqual({ level: 'info', message: 'received: true' });
  });

  promises('speaks protocol 1, in which an answer is received when it is sent', async () => {
    const { runner, lines } = await startRunner(kind, { protocol: 1 });
    await ask(runner, 'receipt', { received: new Promise(() => {}) });
    await expect.poll(() => lines).toContainEqual({ level: 'info', message: 'received: true' });
  });

  promises('hears before it closes that a result is not known to be received', async () => {
    const { runner, lines } = await startRunner(kind);
    await ask(runner, 'receipt', { received: new Promise(() => {}) });
    await runner.stop(5_000);
    const told = lines.map(({ message }) => message).filter((message) => /received|closing/.test(message));
    expect(told).toEqual(['received: false', 'closing']);
  });

  promises('hears of a cancellation, and answers the call itself', async () => {
    const { runner } = await startRunner(kind);
    const controller = new AbortController();
    const call = ask(runner, 'until-cancelled', {
      signal: controller.signal,
      onHandedOver: () => controller.abort(),
    });
    await expect(call).rejects.toMatchObject({
      code: 'ERR_PLUGIN_FAILED',
      message: expect.stringContaining('stopped by signal'),
    });
    expect((await ask(runner, 'picture')).images).toHaveLength(1);
  });

  promises('closes what it holds when it is stopped, and is gone then', async () => {
    const { runner, lines } = await startRunner(kind);
    await runner.stop(5_000);
    expect(runner.isEnding).toBe(true);
    expect(await runner.ended).toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    expect(lines).toContainEqual({ level: 'info', message: 'closing' });
    await expect(ask(runner, 'picture')).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
  });

  promises('is ended by force where it does not stop by itself', async () => {
    const { runner } = await startRunner(kind, { config: { close: 'hang' } });
    await runner.stop(200);
    await expect(ask(runner, 'picture')).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
  });

  promises('rejects its calls with the reason when it is killed, and ends once', async () => {
    const { runner } = await startRunner(kind);
    const calls = [ask(runner, 'never'), ask(runner, 'wait')].map((call) =>
      call.catch((error: Error) => error),
    );
    const ends: Error[] = [];
    void runner.ended.then((reason) => ends.push(reason));
    runner.kill(new Error('because'));
    runner.kill(new Error('and again'));
    for (const error of await Promise.all(calls)) expect(String(error)).toContain('because');
    expect(String(await runner.ended)).toContain('because');
    runner.kill(new Error('once more'));
    expect(ends).toHaveLength(1);
    if (runner.pid !== undefined) await expect.poll(() => isRunning(runner.pid as number)).toBe(false);
  });

  promises('names the field of a result that breaks the contract', async () => {
    const { runner } = await startRunner(kind);
    await expect(ask(runner, 'no-images')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_PROTOCOL',
      message: expect.stringContaining('images'),
    });
    expect(runner.isEnding).toBe(false);
  });

  promises('refuses bytes that are no image, and corrects the media type and the size of one', async () => {
    const { runner } = await startRunner(kind);
    await expect(ask(runner, 'no-picture')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_PROTOCOL',
      plugin: 'obliging',
      message: expect.stringMatching(/"obliging".*images\.0\.bytes: .*image\/png.*28 bytes.*"<html>502 Bad /),
      hint: expect.stringContaining('whole file'),
    });
    expect(await ask(runner, 'another-type')).toMatchObject({
      images: [{}, { mediaType: 'image/png' }],
      warnings: [
        { message: expect.stringMatching(/image 1 is image\/webp of .*: its file is image\/png of/) },
      ],
    });
    expect(await ask(runner, 'another-size')).toMatchObject({
      images: [{ width: 1, height: 1 }],
      warnings: [{ message: expect.stringMatching(/64 x 1 pixels: its file is image\/png of 1 x 1/) }],
    });
    expect(runner.isEnding).toBe(false);
  });

  promises("keeps the code, hint and pause of the plugin's errors", async () => {
    const { runner } = await startRunner(kind);
    await expect(ask(runner, 'refuse')).rejects.toMatchObject({
      code: 'ERR_PROVIDER_RATE_LIMITED',
      message: 'slowly',
      hint: 'wait a little',
      retryAfterMs: 1234,
      plugin: 'obliging',
    });
    await expect(ask(runner, 'throw')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_FAILED',
      message: 'TypeError: as asked',
    });
  });

  promises('answers pictures that share a buffer', async () => {
    const { runner } = await startRunner(kind);
    const { images } = await ask(runner, 'same-buffer-twice');
    expect(images.map(({ bytes }) => bytes[1])).toEqual([0x50, 0x50]);
  });

  promises("has nothing of the kernel's environment", async () => {
    const { runner } = await startRunner(kind);
    expect((await ask(runner, 'environment')).parameters).toEqual({
      variables: kind === 'process' ? [processSpaceVariable] : [],
    });
  });

  promises('ends with an exit', async () => {
    const { runner } = await startRunner(kind);
    await expect(ask(runner, 'exit')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CRASHED',
      message: expect.stringContaining(`The ${kind} of the plugin "obliging" exited with status 3`),
    });
    expect(await runner.ended).toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
  });

  promises('keeps its last line before an exit', async () => {
    const { runner, lines } = await startRunner(kind);
    await expect(ask(runner, 'exit-with-words')).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    expect(lines).toContainEqual({ level: 'info', message: 'the last line' });
  });

  promises('ends with an uncaught error', async () => {
    const { runner } = await startRunner(kind);
    await expect(ask(runner, 'uncaught')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CRASHED',
      message: expect.stringContaining('thrown where nobody catches'),
    });
  });

  promises('is ended where it loops for ever', async () => {
    const { runner } = await startRunner(kind, { stallMs: 300 });
    await expect(ask(runner, 'loop')).rejects.toMatchObject({ code: 'ERR_PLUGIN_STALLED' });
    expect(await runner.ended).toMatchObject({ code: 'ERR_PLUGIN_STALLED' });
  });

  promises('is ended where it sends rubbish', async () => {
    const { runner } = await startRunner(kind);
    await expect(ask(runner, 'rubbish')).rejects.toMatchObject({ code: 'ERR_PLUGIN_PROTOCOL' });
    expect(await runner.ended).toMatchObject({ code: 'ERR_PLUGIN_PROTOCOL' });
  });

  promises('says what it cannot send', async () => {
    const { runner, lines } = await startRunner(kind);
    await expect(ask(runner, 'unsendable-result')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_PROTOCOL',
      message: expect.stringContaining('could not be cloned'),
    });
    await ask(runner, 'unsendable-log');
    expect(lines.map(({ message }) => message)).toContain('with a function');
  });

  promises('is ended where its heap is full', async () => {
    const { runner } = await startRunner(kind, { heapMb: 32, stallMs: 20_000 });
    await expect(ask(runner, 'eat-heap')).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
  });

  promises('leaves no handles', async () => {
    const count = () => process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length;
    await startRunner(kind).then(({ runner }) => runner.stop(5_000));
    const before = count();
    for (let round = 0; round < 3; round++) {
      const { runner } = await startRunner(kind);
      await ask(runner, 'progress');
      await (round === 0 ? runner.kill(new Error('enough')) : runner.stop(5_000));
      await runner.ended;
    }
    await expect.poll(count).toBeLessThanOrEqual(before);
  });
});
