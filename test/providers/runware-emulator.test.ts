/**
 * The emulator of Runware, proven by Runware's own clients: they understand it, it understands them, and what
 * they send is what the protocol says.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { drawPicture, isPictureOf, readSerial, subjectOf } from '@easel/plugin-sdk/emulator';
import { readImageHeader } from '@easel/plugin-sdk/images';
import { createRunware } from '@runware/ai-sdk-provider';
import { Runware } from '@runware/sdk-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import {
  contentRefused,
  enhanced,
  type RunwareEmulator,
  type RunwareEmulatorOptions,
  runwareKey,
  startRunwareEmulator,
  timedOut,
} from '../../plugins/runware/src/emulator/index.js';

async function start(options: RunwareEmulatorOptions = {}): Promise<RunwareEmulator> {
  const emulator = await startRunwareEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

function client(emulator: RunwareEmulator, apiKey = runwareKey): InstanceType<typeof Runware> {
  const runware = new Runware({ apiKey, url: emulator.url, timeoutDuration: 1_500, shouldReconnect: false });
  onTestFinished(() => runware.disconnect());
  return runware;
}

const asked = {
  positivePrompt: 'a lighthouse',
  model: 'runware:101@1',
  width: 128,
  height: 128,
  retry: 1,
} as const;

describe('the emulator, by @runware/sdk-js', () => {
  it('makes as many pictures as were asked for, with the seeds and costs that belong to them', async () => {
    const emulator = await start();
    const images = await client(emulator).requestImages({
      ...asked,
      ...{ numberResults: 3, seed: 42, steps: 20, CFGScale: 7, scheduler: 'Euler', includeCost: true },
      ...{
        negativePrompt: 'people',
        outputType: 'base64Data',
        outputFormat: 'PNG',
        checkNSFW: true,
        strength: 0.5,
      },
      lora: [{ model: 'civitai:1@2', weight: 0.7 }],
      seedImage: `data:image/png;base64,${'A'.repeat(80)}`,
    });
    expect(images?.map(({ seed, cost, NSFWContent }) => [seed, cost, NSFWContent])).toEqual([
      [42, 0.0013, false],
      [43, 0.0013, false],
      [44, 0.0013, false],
    ]);
    expect(new Set(images?.map(({ imageUUID }) => imageUUID)).size).toBe(3);
    expect(emulator.paid).toBe(1);
    expect(emulator.table.paidPictures).toBe(3);
  });

  it('sees the key in the first message, and nowhere else, and one frame a task', async () => {
    const emulator = await start();
    await client(emulator).requestImages({ ...asked, seed: 7 });
    const [first, second, ...others] = emulator.frames;
    expect(first?.json).toEqual([{ taskType: 'authentication', apiKey: runwareKey }]);
    expect(first?.url).toMatch(/^\/v1\?sdk=js&version=/);
    expect(second?.json).toEqual([
      {
        taskType: 'imageInference',
        taskUUID: expect.stringMatching(/^[0-9a-f-]{36}$/),
        ...{ positivePrompt: 'a lighthouse', model: 'runware:101@1', width: 128, height: 128, seed: 7 },
        numberResults: 1,
      },
    ]);
    expect(others).toEqual([]);
  });

  it('draws what the prompt says, and answers an address where none else was asked for', async () => {
    const emulator = await start();
    const [image] = (await client(emulator).requestImages({ ...asked, seed: 9, outputFormat: 'WEBP' })) ?? [];
    const bytes = new Uint8Array(await (await fetch(image?.imageURL ?? '')).arrayBuffer());
    expect(await isPictureOf(bytes, 'a lighthouse')).toBe(true);
    expect(await isPictureOf(bytes, 'a windmill')).toBe(false);
    expect(await readSerial(bytes)).toBe(9);
  });

  it('keeps the results of asynchronous tasks until they are asked for', async () => {
    const emulator = await start({ script: () => ({ workMs: 150 }) });
    const runware = client(emulator);
    const taskUUID = randomUUID();
    const more = { taskUUID, deliveryMethod: 'async', numberResults: 2, seed: 5 };
    const acknowledged = await runware.requestImages({ ...asked, ...more });
    expect(acknowledged).toMatchObject([{ taskType: 'imageInference', taskUUID }]);
    const states: string[] = [];
    for (let poll = 0; poll < 8 && !states.some((state) => state === 'success,success'); poll++) {
      const answer = await runware.getResponse<{ status: string }>({ taskUUID });
      states.push(answer.map(({ status }) => status).join());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(states[0]).toBe('processing,processing');
    expect(states.at(-1)).toBe('success,success');
    expect(emulator.paid).toBe(1);
  });

  it('words prompts anew', async () => {
    const emulator = await start();
    const texts = await client(emulator).enhancePrompt({
      prompt: 'a dog',
      promptVersions: 2,
      includeCost: true,
    });
    expect(texts.map(({ text }) => text)).toEqual([enhanced('a dog'), enhanced('a dog', 1)]);
    expect(emulator.table.paidPrompts).toBe(1);
    expect(emulator.paid).toBe(0);
  });

  it('says which parameter is wrong, and takes nothing', async () => {
    const emulator = await start();
    const runware = client(emulator);
    const dataUri = `data:image/png;base64,${'A'.repeat(80)}`;
    const wrong = [
      [{ steps: 101 }, 'valueTooLarge', 'steps'],
      [{ width: 100 }, 'valueTooSmall', 'width'],
      [{ height: 200 }, 'invalidMultiple', 'height'],
      [{ positivePrompt: 'x' }, 'invalidLength', 'positivePrompt'],
      [{ model: 'dall-e' }, 'invalidModel', 'model'],
      [{ scheduler: 'Magic' }, 'invalidScheduler', 'scheduler'],
      [
        { maskImage: `data:image/png;base64,${'A'.repeat(80)}` },
        'missingSeedImage',
        ['seedImage', 'maskImage'],
      ],
      [{ colour: 'red' }, 'unknownParameter', 'colour'],
      [{ inputs: { picture: 'x' } }, 'unknownParameter', 'inputs'],
      [{ model: 'bfl:5@1', width: 256, height: 256, steps: 20 }, 'unknownParameter', 'steps'],
      [{ model: 'runware:400@1', width: 256, height: 512 }, 'valueTooSmall', 'width'],
      [
        {
          model: 'runware:400@1',
          width: 512,
          height: 512,
          inputs: { referenceImages: Array(5).fill(dataUri) },
        },
        'arrayTooLong',
        'inputs',
      ],
    ] as const;
    for (const [change, code, parameter] of wrong) {
      const error = await runware
        .requestImages({ ...asked, ...change } as never)
        .catch((thrown: unknown) => thrown);
      expect(error, code).toMatchObject({ error: { code, parameter, taskUUID: expect.any(String) } });
    }
    expect(emulator.paid).toBe(0);
  });

  it('makes images larger and cuts them out', async () => {
    const emulator = await start();
    const runware = client(emulator);
    const bytes = await drawPicture('a cat', { width: 32, height: 16 });
    const image = `data:image/png;base64,${bytes.toString('base64')}`;
    const shared = { inputs: { image }, outputType: 'base64Data', outputFormat: 'PNG', includeCost: true };
    const large = await runware.upscale({ ...shared, model: 'runware:504@1', upscaleFactor: 2 } as never);
    const cut = await runware.removeBackground({ ...shared, model: 'runware:112@5' } as never);
    for (const [made, taskType, width] of [
      [large, 'upscale', 64],
      [cut, 'removeBackground', 32],
    ] as const) {
      expect(made).toMatchObject({ taskType, imageUUID: expect.any(String), cost: 0.0013 });
      const { imageBase64Data = '' } = made as { imageBase64Data?: string };
      const picture = Buffer.from(imageBase64Data, 'base64');
      expect(await readImageHeader(picture)).toMatchObject({ width });
      expect(await isPictureOf(picture, subjectOf(taskType, [bytes]))).toBe(true);
    }
    const bare = await runware
      .removeBackground({ ...shared, inputs: {}, model: 'runware:112@5' } as never)
      .catch((thrown: unknown) => thrown);
    expect(bare).toMatchObject({ error: { code: 'missingImage' } });
    expect(emulator.paid).toBe(2);
  });

  it('takes a taskUUID once', async () => {
    const emulator = await start();
    const runware = client(emulator);
    const taskUUID = randomUUID();
    await runware.requestImages({ ...asked, taskUUID });
    const again = await runware.requestImages({ ...asked, taskUUID }).catch((thrown: unknown) => thrown);
    expect(again).toMatchObject({ error: { code: 'conflictTaskUUID' } });
    expect(emulator.paid).toBe(1);
  });

  it('refuses content, fails in the middle, and refuses keys', async () => {
    const emulator = await start();
    const runware = client(emulator);
    emulator.script = () => ({ refuse: contentRefused });
    await expect(runware.requestImages(asked)).rejects.toMatchObject({
      error: { code: 'providerContentPolicyViolation' },
    });
    emulator.script = () => ({ fail: { after: 1, error: timedOut } });
    await expect(runware.requestImages({ ...asked, numberResults: 2 })).rejects.toMatchObject({
      error: { code: 'timeoutProvider' },
    });
    expect(emulator.paid).toBe(1);
    const stranger = client(emulator, 'no-key');
    await expect(stranger.requestImages(asked)).rejects.toMatchObject({ error: { code: 'invalidApiKey' } });
  });

  it('answers pings', async () => {
    const emulator = await start();
    const socket = new WebSocket(emulator.url);
    const answers: unknown[] = [];
    socket.on('message', (data) => void answers.push(JSON.parse(String(data))));
    await once(socket, 'open');
    socket.send(JSON.stringify([{ taskType: 'authentication', apiKey: runwareKey }]));
    socket.send(JSON.stringify([{ taskType: 'ping', ping: true }]));
    socket.send(JSON.stringify([{ taskType: 'authentication', apiKey: runwareKey }]));
    socket.send('{}');
    await expect.poll(() => answers.length).toBe(4);
    socket.close();
    expect(answers).toMatchObject([
      { data: [{ taskType: 'authentication', connectionSessionUUID: expect.any(String) }] },
      { data: [{ taskType: 'ping', pong: true }] },
      { errors: [{ code: 'duplicateAuthentication' }] },
      { errors: [{ code: 'invalidRequest' }] },
    ]);
  });
});

describe('the emulator, by @runware/ai-sdk-provider', () => {
  const model = (emulator: RunwareEmulator, apiKey = runwareKey, settings = {}) =>
    createRunware({ apiKey, baseURL: emulator.httpUrl }).image('runware:101@1', settings);
  const call = { prompt: 'a lighthouse', n: 2, size: '128x192', aspectRatio: undefined, seed: 3 } as const;
  const rest = { files: undefined, mask: undefined, providerOptions: {} };

  it('answers pictures over HTTP, from their addresses and inside of the answer', async () => {
    const emulator = await start();
    for (const outputType of ['URL', 'base64Data', 'dataURI']) {
      const { images } = await model(emulator, runwareKey, { outputType }).doGenerate({ ...call, ...rest });
      expect(images).toHaveLength(2);
      for (const [index, image] of images.entries()) {
        expect(await isPictureOf(image as Uint8Array, 'a lighthouse')).toBe(true);
        expect(await readSerial(image as Uint8Array)).toBe(3 + index);
      }
    }
    expect(emulator.paid).toBe(3);
    const [frame] = emulator.frames;
    expect(frame?.headers.authorization).toBe(`Bearer ${runwareKey}`);
    expect(JSON.stringify(frame?.json)).not.toContain(runwareKey);
    expect(frame?.json).toMatchObject([
      { taskType: 'imageInference', numberResults: 2, width: 128, height: 192, seed: 3 },
    ]);
  });

  it('answers statuses for what is wrong', async () => {
    const emulator = await start();
    const failureOf = async (attempt: ReturnType<typeof model>, change = {}) =>
      await attempt.doGenerate({ ...call, ...rest, ...change }).then(
        () => 'pictures',
        (error: unknown) => (error as { statusCode?: number }).statusCode,
      );
    expect(await failureOf(model(emulator, 'no-key'))).toBe(401);
    expect(await failureOf(model(emulator), { size: '100x100' })).toBe(400);
    emulator.script = () => ({ refuse: { code: 'insufficientCredits', message: 'No more.' } });
    expect(await failureOf(model(emulator))).toBe(402);
    emulator.script = () => ({ http: { status: 429, headers: { 'retry-after': '1' } } });
    expect(await failureOf(model(emulator))).toBe(429);
    emulator.script = () => ({ drop: 'after' });
    expect(await failureOf(model(emulator))).toBeUndefined();
    expect(emulator.paid).toBe(1);
  });
});
