/**
 * What breaks on the way to Runware and back, over WebSockets: every picture that was asked for comes, is the
 * right one, and is paid once.
 *
 * @module
 */
import { isPictureOf, readSerial } from '@easel/plugin-sdk/emulator';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  contentRefused,
  internalError,
  noCredits,
  type RunwareFault,
  rateLimited,
  runwareKey,
  timedOut,
} from '../../plugins/runware/src/emulator/index.js';
import { createRunwareWorld, openRunwareWorld, withOptions } from './runware-world.js';

const webSocket = { transport: 'websocket' } as const;

/** What happens to the first task, or to the first question about one. */
const faults: readonly (readonly [string, RunwareFault])[] = [
  ['broken off before it is taken', { drop: 'before' }],
  ['broken off when it is taken', { drop: 'after' }],
  ['broken off in the middle of a frame', { drop: 'mid-frame' }],
  ['answered by nothing at all', { swallow: true }],
  ['acknowledged by an empty list', { emptyAck: true }],
  ['answered three times', { duplicates: 2 }],
  ['answered by garbage', { garbage: '<html>502 Bad Gateway' }],
  ['answered by a list', { garbage: '[]' }],
  ['answered by a broken entry', { garbage: '{"data":[{"taskUUID":7}]}' }],
  ['answered slowly', { trickle: { bytes: 300, everyMs: 2 } }],
  ['answered by an error without a name', { refuse: internalError, isUnnamed: true }],
  ['answered late', { delayMs: 600, workMs: 100 }],
];

describe.each(['async', 'sync'])('runware, %s, a message', (delivery) => {
  let world: Awaited<ReturnType<typeof openRunwareWorld>>;
  beforeAll(async () => {
    world = await openRunwareWorld({ settings: { ...webSocket, requestMs: 300, silenceMs: 15_000 } });
  });
  afterAll(() => world.close());

  it.each(faults)('%s, costs no picture and no second payment', async (what, fault) => {
    const { ask, emulator } = world;
    const paidBefore = emulator.paid;
    for (const taskType of ['imageInference', 'getResponse']) {
      const from = emulator.sent(taskType).length;
      emulator.script = (message, { index }) =>
        message.taskType === taskType && index === from ? fault : undefined;
      const prompt = `a cat, ${what}, ${taskType}`;
      const call = ask(prompt, { seed: 3, ...withOptions({ delivery }) });
      // A task that is turned away by an error without a name has not been taken: that is the kernel's to
      // repeat.
      if (fault.refuse !== undefined && taskType === 'imageInference') {
        await expect(call).rejects.toMatchObject({ code: 'ERR_PROVIDER_UNAVAILABLE' });
        continue;
      }
      const { images, provenance } = await call;
      expect(await isPictureOf(images[0]!.bytes, prompt)).toBe(true);
      expect(provenance.attempts).toHaveLength(1);
    }
    expect(emulator.paid - paidBefore).toBe(fault.refuse ? 1 : 2);
  });
});

describe('runware, a connection', () => {
  it('that breaks off is resumed, and brings what had been made meanwhile', async () => {
    const { ask, emulator } = await createRunwareWorld({ settings: { ...webSocket, connections: 1 } });
    emulator.script = ({ taskType }) =>
      taskType === 'imageInference' ? { drop: { afterPictures: 1 }, workMs: 60 } : undefined;
    const { images } = await ask('a cat', {
      seed: 1,
      n: 4,
      ...withOptions({ delivery: 'sync', picturesPerTask: 4 }),
    });
    expect(await Promise.all(images.map(({ bytes }) => readSerial(bytes)))).toEqual([1, 2, 3, 4]);
    expect(emulator.paid).toBe(1);
    const [first, second] = emulator.sent('authentication');
    expect(first).toEqual({ taskType: 'authentication', apiKey: runwareKey });
    expect(second).toMatchObject({ connectionSessionUUID: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it('whose session has expired costs no picture either', async () => {
    const { ask, emulator } = await createRunwareWorld({ sessionMs: 0, settings: webSocket });
    emulator.script = ({ taskType }) =>
      taskType === 'imageInference' ? { drop: 'after', workMs: 60 } : undefined;
    for (const delivery of ['sync', 'async']) {
      const { images } = await ask('a cat', { seed: 1, n: 3, ...withOptions({ delivery }) });
      expect(images).toHaveLength(3);
    }
    expect(emulator.paid).toBe(6);
  });

  it('that is dead without saying so is noticed by its silence', async () => {
    const settings = {
      ...webSocket,
      connections: 1,
      pingMs: 60,
      pongMs: 100,
      answerMs: 10_000,
      requestMs: 10_000,
    };
    const { ask, emulator } = await createRunwareWorld({ settings });
    await ask('a hen');
    emulator.script = ({ taskType }) => (taskType === 'imageInference' ? { workMs: 100 } : undefined);
    const call = ask('a cat', withOptions({ delivery: 'sync' }));
    await expect.poll(() => emulator.paid).toBe(2);
    emulator.isDeaf = true;
    emulator.expireSessions();
    await expect.poll(() => emulator.connections).toBeGreaterThan(1);
    emulator.isDeaf = false;
    expect(await isPictureOf((await call).images[0]!.bytes, 'a cat')).toBe(true);
    expect(emulator.sent('ping').length).toBeGreaterThan(0);
    expect(emulator.paid).toBe(2);
  });

  it('is kept alive by pings while it is needed, and closed when it is not', async () => {
    const settings = { ...webSocket, pingMs: 40, idleMs: 200, connections: 1 };
    const { ask, emulator } = await createRunwareWorld({ settings, idleMs: 150 });
    emulator.script = () => ({ workMs: 500 });
    await ask('a cat', withOptions({ delivery: 'sync' }));
    expect(emulator.connections).toBe(1);
    expect(emulator.sent('ping').length).toBeGreaterThan(3);
    await expect.poll(() => emulator.openWebSockets).toBe(0);
    await ask('a hen');
    expect(emulator.connections).toBe(2);
  });

  it('to a Runware that restarts comes back, with all that it was to bring', async () => {
    const { ask, emulator } = await createRunwareWorld({ settings: { ...webSocket, silenceMs: 20_000 } });
    emulator.script = ({ taskType }) => (taskType === 'imageInference' ? { workMs: 400 } : undefined);
    const prompts = Array.from({ length: 12 }, (_, index) => `animal ${index}`);
    const calls = prompts.map((prompt, index) =>
      ask(prompt, withOptions({ delivery: index % 2 ? 'sync' : 'async' })),
    );
    await expect.poll(() => emulator.paid).toBeGreaterThanOrEqual(4);
    await emulator.restart({ downMs: 700 });
    const results = await Promise.all(calls);
    const right = results.map(({ images }, index) => isPictureOf(images[0]!.bytes, prompts[index]!));
    expect(await Promise.all(right)).toEqual(prompts.map(() => true));
    expect(emulator.paid).toBe(12);
  });

  it('to a Runware that is not there fails in time, and nothing is paid', async () => {
    const { ask, emulator } = await createRunwareWorld({ settings: { connectMs: 600 } });
    await emulator.close();
    const startedAt = performance.now();
    await expect(ask('a cat')).rejects.toMatchObject({ code: 'ERR_PROVIDER_UNAVAILABLE' });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(emulator.paid).toBe(0);
  });

  it('with a key that is refused is not tried again and again', async () => {
    const { ask, emulator } = await createRunwareWorld({ key: 'a-wrong-key-123456', retries: 3 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, (_, index) => ask(`animal ${index}`)),
    );
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'ERR_PROVIDER_AUTH' } });
    expect(emulator.connections).toBeLessThanOrEqual(2);
  });

  it('whose key is revoked in the middle says so, and the task is taken up with a good key', async () => {
    const { ask, emulator } = await createRunwareWorld({ settings: { ...webSocket, connections: 1 } });
    emulator.script = ({ taskType }) => (taskType === 'imageInference' ? { workMs: 300 } : undefined);
    const call = ask('a cat', { seed: 1 });
    await expect.poll(() => emulator.paid).toBe(1);
    emulator.keys.clear();
    emulator.dropSockets();
    await expect(call).rejects.toMatchObject({
      code: 'ERR_PROVIDER_AUTH',
      message: expect.stringContaining('may have been taken'),
    });
    emulator.keys.add(runwareKey);
    // A refused key is not tried again for two seconds.
    const again = () => ask('a cat', { seed: 1 }).catch(() => undefined);
    const { images, provenance } = await vi.waitUntil(again, { interval: 100, timeout: 60_000 });
    expect(images).toHaveLength(1);
    expect(provenance.parameters).toMatchObject({ adoptedTasks: 1 });
    expect(emulator.paid).toBe(1);
  });
});

describe('runware, a task', () => {
  it('that is refused costs nothing, and says why in words of Runware', async () => {
    const { ask, emulator } = await createRunwareWorld({ retries: 2 });
    const refusals = [
      [contentRefused, 'ERR_CONTENT_REFUSED', /content policy/],
      [noCredits, 'ERR_PROVIDER_AUTH', /balance/],
      [rateLimited, 'ERR_PROVIDER_RATE_LIMITED', /Too many/],
      [{ code: 'unknownModel', message: 'No such model.' }, 'ERR_MODEL_UNKNOWN', /No such model/],
      [
        { code: 'invalidLora', message: 'Bad.', parameter: 'lora[0].model' },
        'ERR_REQUEST_INVALID',
        /^providerOptions\.runware\.lora\[0\]\.model: /,
      ],
    ] as const;
    for (const [refuse, code, message] of refusals) {
      emulator.script = () => ({ refuse });
      await expect(ask('a cat', { fallback: 'none' }), code).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    }
    expect(emulator.paid).toBe(0);
    emulator.script = undefined;
    const wrong = [
      [{ steps: 500 }, 'steps'],
      [{ guidanceScale: 60 }, 'guidanceScale'],
      [{ prompt: 'x' }, 'prompt'],
      [{ sampler: 'no such sampler' }, 'sampler'],
    ] as const;
    for (const [change, field] of wrong) {
      await expect(ask('a cat', change), field).rejects.toMatchObject({
        code: 'ERR_REQUEST_INVALID',
        message: expect.stringMatching(new RegExp(`^${field}: `)),
      });
    }
    expect(emulator.paid).toBe(0);
  });

  it('of several that fails leaves the others, and says what is missing', async () => {
    const { ask, emulator } = await createRunwareWorld();
    emulator.script = ({ seed }) => (seed === 2 ? { refuse: contentRefused } : undefined);
    const { images, warnings } = await ask('a cat', { seed: 1, n: 3 });
    expect(images.map(({ seed }) => seed)).toEqual([1, 3]);
    expect(warnings).toMatchObject([
      {
        parameter: 'n',
        message: expect.stringMatching(/^2 of 3 pictures were made; then: ERR_CONTENT_REFUSED/),
      },
    ]);
    expect(emulator.paid).toBe(2);
  });

  it('of several that is turned away for a moment is made after it', async () => {
    const { ask, emulator } = await createRunwareWorld();
    emulator.script = ({ seed }, { index }) =>
      seed === 2 && index < 3 ? { refuse: rateLimited } : undefined;
    const { images, warnings } = await ask('a cat', { seed: 1, n: 3 });
    expect(images.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    expect(warnings).toEqual([]);
    expect(emulator.paid).toBe(3);
  });

  it.each(['async', 'sync'])('that fails in the middle gives what it has made (%s)', async (delivery) => {
    const { ask, emulator } = await createRunwareWorld();
    emulator.script = ({ taskType }) =>
      taskType === 'imageInference' ? { fail: { after: 2, error: timedOut }, workMs: 20 } : undefined;
    const several = { seed: 1, n: 3, ...withOptions({ picturesPerTask: 3, delivery }) };
    const { images, warnings } = await ask('a cat', several);
    expect(images.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(warnings).toMatchObject([{ message: expect.stringContaining('timeoutProvider') }]);
    emulator.script = ({ taskType }) =>
      taskType === 'imageInference' ? { fail: { after: 0, error: timedOut } } : undefined;
    await expect(ask('a hen', withOptions({ delivery }))).rejects.toMatchObject({
      code: 'ERR_PROVIDER_UNAVAILABLE',
    });
  });

  it('that Runware pushes no more, and works on, is waited for', async () => {
    const { ask, emulator } = await createRunwareWorld({ settings: { requestMs: 150 } });
    emulator.script = ({ taskType }) =>
      taskType === 'imageInference' ? { workMs: 700, swallow: true } : undefined;
    expect((await ask('a cat', withOptions({ delivery: 'sync' }))).images).toHaveLength(1);
    expect(emulator.paid).toBe(1);
  });

  it('whose result only the archive knows is found there', async () => {
    const { ask, emulator } = await createRunwareWorld({
      remembersPushed: false,
      settings: { requestMs: 100 },
    });
    // The first of each kind: the task, the question and the question to the archive.
    emulator.script = (_, { index }) => (index === 0 ? { swallow: true } : undefined);
    const { images } = await ask('a cat', withOptions({ delivery: 'sync' }));
    expect(await isPictureOf(images[0]!.bytes, 'a cat')).toBe(true);
    expect(emulator.sent('getTaskDetails')).toHaveLength(2);
    expect(emulator.paid).toBe(1);
  });

  it('that has failed by the archive’s word has failed', async () => {
    const { ask, emulator } = await createRunwareWorld({
      remembersPushed: false,
      settings: { requestMs: 100 },
    });
    const error = { code: 'inferenceError', message: 'The image could not be made.' };
    emulator.script = ({ taskType }, { index }) =>
      taskType === 'imageInference'
        ? { swallow: true, fail: { after: 0, error } }
        : index === 0
          ? { swallow: true }
          : undefined;
    await expect(ask('a cat', withOptions({ delivery: 'sync' }))).rejects.toMatchObject({
      code: 'ERR_PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('inferenceError'),
    });
    expect(emulator.sent('getTaskDetails').length).toBeLessThan(4);
  });

  it.each([
    ['nothing', []],
    ['an answer without an image', [{ data: [{ taskType: 'imageInference' }] }]],
    ['that a second sending was turned away', [{ errors: [{ code: 'conflictTaskUUID', message: 'x' }] }]],
  ])('of which the archive has %s is given up, and not paid again', async (_, response) => {
    const { ask, emulator } = await createRunwareWorld({
      remembersPushed: false,
      settings: { requestMs: 100 },
    });
    emulator.script = ({ taskType, taskUUID }, { index }) => {
      if (taskType === 'getTaskDetails')
        return { garbage: JSON.stringify({ data: [{ taskType, taskUUID, request: [], response }] }) };
      return index === 0 ? { swallow: true } : undefined;
    };
    await expect(ask('a cat', withOptions({ delivery: 'sync' }))).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringContaining('may have been paid'),
    });
    expect(emulator.sent('getTaskDetails').length).toBeLessThan(5);
    expect(emulator.paid).toBe(1);
  });

  it('whose answer has no end is not read to its end, and not paid again', async () => {
    const { ask, emulator } = await createRunwareWorld({ settings: { transport: 'http' } });
    emulator.script = ({ taskType }) =>
      taskType === 'getResponse'
        ? { http: { status: 200, headers: { 'content-length': `${400 * 1024 * 1024}` }, body: '{}' } }
        : undefined;
    await expect(ask('a cat')).rejects.toMatchObject({
      message: expect.stringMatching(/is larger than \d+ bytes.* may have been taken and paid/s),
    });
    expect(emulator.paid).toBe(1);
  });

  it('that Runware had and has forgotten is not paid again by itself', async () => {
    const { ask, emulator } = await createRunwareWorld({ retries: 2, settings: webSocket });
    emulator.script = ({ taskType }) => (taskType === 'imageInference' ? { workMs: 2_000 } : undefined);
    const call = ask('a cat');
    await expect.poll(() => emulator.sent('getResponse').length).toBeGreaterThan(0);
    await emulator.restart({ forgets: true });
    await expect(call).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringContaining('may have been paid'),
    });
    expect(emulator.paid).toBe(1);
  });

  it('whose call is cancelled is left alone, and given to the same call when it comes again', async () => {
    const { ask, manager, emulator } = await createRunwareWorld();
    emulator.script = ({ taskType }) => (taskType === 'imageInference' ? { workMs: 300 } : undefined);
    const controller = new AbortController();
    const inFlight = () => manager.getServiceHealth().plugins.find(({ id }) => id === 'runware')?.inFlight;
    const asked = { prompt: 'a cat', width: 128, height: 128, seed: 9, n: 2 };
    const call = manager.generateImage(asked, { signal: controller.signal });
    await expect.poll(() => emulator.paid).toBe(2);
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    // The caller is answered before the plugin has heard of it, and a question may be on its way then.
    await expect.poll(inFlight).toBe(0);
    const questions = emulator.sent('getResponse').length;
    const isMade = () => [...emulator.table.tasks.values()].every(({ results }) => results.length > 0);
    await expect.poll(isMade).toBe(true);
    expect(emulator.sent('getResponse').length).toBeLessThanOrEqual(questions + 1);
    const { images } = await ask('a cat', { seed: 9, n: 2 });
    expect(images.map(({ seed }) => seed)).toEqual([9, 10]);
    expect(emulator.paid).toBe(2);
    // Once given, it is not given again.
    await ask('a cat', { seed: 9, n: 2 });
    expect(emulator.paid).toBe(4);
  });
});
